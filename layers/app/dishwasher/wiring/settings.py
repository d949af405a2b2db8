"""What the environment says, read once, with every mistake named at once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from dishwasher.core.job import Timing
from dishwasher.errors import UserError

API_URL = "https://api.github.com"
WEB_URL = "https://github.com"
POINTS_PER_MINUTE = 900
"""GitHub's secondary limit: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api"""
LEASE = Timing().lease
MIN_SECRET = 8
"""Characters of a webhook secret below which anyone could guess it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of DESIGN's table; the secrets stay out of every repr."""

    app_id: str
    private_key: str = field(repr=False)
    webhook_secret: str = field(repr=False)
    data: Path
    api_url: str = API_URL
    url: str = WEB_URL
    public_url: str = ""
    """Empty: where the server itself listens."""
    points_per_minute: int = POINTS_PER_MINUTE
    lease: float = LEASE
    """Seconds without a word after which a runner counts as lost."""

    @property
    def timing(self) -> Timing:
        return Timing(start=self.lease, lease=self.lease, beat=self.lease / 3, hold=self.lease / 2)


def read(environment: Mapping[str, str]) -> Settings:
    """The settings of the embedded mode; raises UserError naming everything that is missing."""
    reader = _Reader(environment)
    settings = Settings(
        app_id=reader.text("APP_ID", "the App's id or client id"),
        private_key=reader.secret("PRIVATE_KEY", "the App's key: PEM text or a file's path"),
        webhook_secret=reader.secret("WEBHOOK_SECRET", "what GitHub signs webhooks with"),
        data=Path(environment.get("DISHWASHER_DATA") or ".dishwasher"),
        api_url=reader.url("GITHUB_API_URL", API_URL),
        url=reader.url("GITHUB_URL", WEB_URL),
        public_url=reader.url("PUBLIC_URL", ""),
        points_per_minute=int(reader.number("GITHUB_POINTS_PER_MINUTE", POINTS_PER_MINUTE)),
        lease=reader.number("LEASE_SECONDS", LEASE),
    )
    reader.check(settings)
    return settings


class _Reader:
    """Reads `DISHWASHER_*` and gathers what is wrong, so that the user mends it in one go."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._mistakes: list[str] = []

    def text(self, name: str, what: str) -> str:
        # The App's settings carry GITHUB in their names, ours do not.
        key = f"DISHWASHER_GITHUB_{name}"
        value = self._environment.get(key, "").strip()
        if not value:
            self._mistakes.append(f"{key} is not set: {what}")
        return value

    def secret(self, name: str, what: str) -> str:
        """Text, or the content of the file that the text names."""
        value = self.text(name, what)
        key = f"DISHWASHER_GITHUB_{name}"
        if value.startswith("ssm:"):
            self._mistakes.append(f"{key}: ssm: names are read on AWS only")
            return ""
        if "\n" in value or (os.path.sep not in value and not os.path.exists(value)):
            return value
        try:
            return Path(value).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            self._mistakes.append(f"{key}: can not read the file {value}: {error}")
            return ""

    def url(self, name: str, default: str) -> str:
        key = f"DISHWASHER_{name}"
        value = self._environment.get(key, "").strip().rstrip("/") or default
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.netloc):
            self._mistakes.append(f"{key}: {value!r} is not an http or https URL")
        return value

    def number(self, name: str, default: float) -> float:
        key = f"DISHWASHER_{name}"
        text = self._environment.get(key, "").strip()
        try:
            value = float(text or default)
        except ValueError:
            value = 0.0
        if not 0 < value < float("inf"):
            self._mistakes.append(f"{key}: {text!r} is not a number above 0")
            return default
        return value

    def check(self, settings: Settings) -> None:
        if settings.webhook_secret and len(settings.webhook_secret) < MIN_SECRET:
            self._mistakes.append(
                f"DISHWASHER_GITHUB_WEBHOOK_SECRET has under {MIN_SECRET} characters; "
                "make one with: openssl rand -hex 32"
            )
        if settings.private_key and "PRIVATE KEY" not in settings.private_key:
            self._mistakes.append("DISHWASHER_GITHUB_PRIVATE_KEY is neither a PEM nor a PEM file")
        if self._mistakes:
            raise UserError("\n".join(self._mistakes))
