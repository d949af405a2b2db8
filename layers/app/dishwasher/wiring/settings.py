"""What the environment says, read once, with every mistake named at once."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from dishwasher.core.environment import JOB_ENV, MIRROR_GB, SANDBOX
from dishwasher.core.job import Timing
from dishwasher.core.retention import Keep
from dishwasher.core.sandbox import AUTO, ORDER
from dishwasher.core.ticket import GIBIBYTE, Limits
from dishwasher.errors import UserError
from dishwasher.wiring import lines, registration

API_URL = "https://api.github.com"
WEB_URL = "https://github.com"
TENANTS = ".ghe.com"
ENTERPRISE = "GitHub's own, or /api/v3 of Enterprise Server"
POINTS_PER_MINUTE = 900
"""GitHub's secondary limit: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api"""
DATA = ".dishwasher"
LEASE = Timing().lease
KEPT = Keep()
KEPT_GB = KEPT.bytes / GIBIBYTE
MIRRORS = 10.0
"""GiB: some hundred repositories by their commits, or some dozen by their histories."""
PATHS = ("/", "./", "../", "~")
"""Beginnings of a value that names a file, whether or not the file is there."""
MEMORY, PROCESSES = Limits().memory_bytes / GIBIBYTE, Limits().processes
DISK = Limits().disk_bytes / GIBIBYTE
INSTALL = Limits().install_seconds
MIN_SECRET = 8
"""Characters of a webhook secret below which anyone could guess it."""

DESCRIBED = {
    "DISHWASHER_GITHUB_APP_ID": "the App's id or client id",
    "DISHWASHER_GITHUB_PRIVATE_KEY": "its private key: PEM text, or a file's path",
    "DISHWASHER_GITHUB_WEBHOOK_SECRET": "what GitHub signs webhooks with; text, or a file's path",
    "DISHWASHER_GITHUB_URL": f"where GitHub is ({WEB_URL})",
    "DISHWASHER_GITHUB_API_URL": f"where its API is ({ENTERPRISE})",
    "DISHWASHER_GITHUB_CLIENT_ID": "the App's client id, for people who log in on the pages",
    "DISHWASHER_GITHUB_CLIENT_SECRET": "its client secret; text, or a file's path",
    "DISHWASHER_PUBLIC_URL": "where check runs link to (where the server listens)",
    "DISHWASHER_DATA": f"the data folder ({DATA}); --data wins",
    "DISHWASHER_GITHUB_POINTS_PER_MINUTE": "requests' cost for each installation and minute "
    f"({POINTS_PER_MINUTE})",
    SANDBOX: f"walls around jobs: {', '.join(ORDER)}, or the strongest of them ({AUTO})",
    "DISHWASHER_JOB_MEMORY_GB": f"memory of one job ({MEMORY:g})",
    "DISHWASHER_JOB_DISK_GB": f"room on disk for one job ({DISK:g})",
    "DISHWASHER_JOB_PROCESSES": f"processes and threads of one job ({PROCESSES})",
    "DISHWASHER_INSTALL_SECONDS": "dependencies that take less are installed by each job "
    f"({INSTALL:g})",
    MIRROR_GB: f"room for what was fetched of repositories, 0 to keep nothing ({MIRRORS:g})",
    "DISHWASHER_KEEP_DAYS": f"for how long builds are kept, 0 for ever ({KEPT.days:g})",
    "DISHWASHER_KEEP_GB": f"room for their logs and artifacts, 0 for any ({KEPT_GB:g})",
    lines.SETTING: "text, or json for a JSON object in each line of the log (text)",
    "DISHWASHER_TRUSTED_BOTS": "GitHub's ids of the bots whose pull requests count as the team's",
    JOB_ENV: "names of host variables that jobs may see",
    "DISHWASHER_LEASE_SECONDS": f"silence after which a runner counts as lost ({LEASE:g})",
}
"""Every setting of the embedded mode, for `--help`; the first three come with the App."""
UNSET = "is not set: "
LISTED = "`dishwasher serve --help` lists all settings."
HELP = (
    "`dishwasher app create` makes an App and sets them; `dishwasher serve --help` lists all of "
    "them; `dishwasher demo` needs none."
)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says of the App and of this server; no repr shows the secrets."""

    app_id: str
    private_key: str = field(repr=False)
    webhook_secret: str = field(repr=False)
    data: Path
    api_url: str = API_URL
    url: str = WEB_URL
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    """Empty: nobody can log in."""
    public_url: str = ""
    """Empty: where the server itself listens."""
    points_per_minute: int = POINTS_PER_MINUTE
    bots: frozenset[int] = frozenset()
    """GitHub's ids of those that count as one of the team."""
    lease: float = LEASE
    """Seconds without a word after which a runner counts as lost."""
    sandbox: str = AUTO
    """A level of `core.sandbox`, or the strongest that this machine can do."""
    job: Limits = field(default_factory=Limits)
    """What one job may use of this machine."""
    keep: Keep = KEPT
    log: str = lines.TEXT
    mirror_gb: float = MIRRORS

    @property
    def limits(self) -> Limits:
        timing = self.timing
        return replace(self.job, beat_seconds=timing.beat, lease_seconds=timing.lease)

    @property
    def timing(self) -> Timing:
        return Timing(start=self.lease, lease=self.lease, beat=self.lease / 3, hold=self.lease / 2)


def read(environment: Mapping[str, str]) -> Settings:
    """The settings of the embedded mode; raises UserError naming everything that is missing.

    What the environment does not say is taken from the App that `dishwasher app create` has stored.
    """
    data = Path(environment.get("DISHWASHER_DATA") or DATA)
    reader = _Reader(registration.completed(environment, data))
    url = reader.url("GITHUB_URL", WEB_URL)
    settings = Settings(
        app_id=reader.text("APP_ID"),
        private_key=reader.secret("PRIVATE_KEY"),
        webhook_secret=reader.secret("WEBHOOK_SECRET"),
        data=data,
        api_url=reader.url("GITHUB_API_URL", api_of(url)),
        url=url,
        client_id=reader.optional("CLIENT_ID"),
        client_secret=reader.secret("CLIENT_SECRET", needed=False),
        public_url=reader.url("PUBLIC_URL", ""),
        points_per_minute=int(reader.number("GITHUB_POINTS_PER_MINUTE", POINTS_PER_MINUTE)),
        bots=reader.ids("TRUSTED_BOTS"),
        lease=reader.number("LEASE_SECONDS", LEASE),
        sandbox=reader.level(SANDBOX),
        job=reader.limits(),
        keep=reader.keep(),
        log=reader.log(),
        mirror_gb=reader.number("MIRROR_GB", MIRRORS, least=0.0),
    )
    reader.check(settings)
    return settings


def api_of(url: str) -> str:
    """Where the API of this GitHub is: github.com, a tenant of ghe.com, or Enterprise Server.

    https://docs.github.com/en/enterprise-server/rest/enterprise-admin
    https://docs.github.com/en/enterprise-cloud@latest/admin/data-residency/network-details-for-ghecom
    """
    parts = urlsplit(url)
    if url == WEB_URL or parts.netloc.endswith(TENANTS):
        return f"{parts.scheme}://api.{parts.netloc}"
    return f"{url}/api/v3"


def job_limits(environment: Mapping[str, str]) -> Limits:
    """What one job may use, where there is no server; raises UserError."""
    reader = _Reader(environment)
    limits = reader.limits()
    reader.raise_mistakes()
    return limits


class _Reader:
    """Reads `DISHWASHER_*` and gathers what is wrong, so that the user mends it in one go."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._mistakes: list[str] = []

    def text(self, name: str) -> str:
        # The App's settings carry GITHUB in their names, ours do not.
        key = f"DISHWASHER_GITHUB_{name}"
        value = self._environment.get(key, "").strip()
        if not value:
            self._mistakes.append(f"{key} {UNSET}{DESCRIBED[key]}")
        return value

    def optional(self, name: str) -> str:
        return self._environment.get(f"DISHWASHER_GITHUB_{name}", "").strip()

    def secret(self, name: str, *, needed: bool = True) -> str:
        """Text, or the content of the file that the text names."""
        value = self.text(name) if needed else self.optional(name)
        key = f"DISHWASHER_GITHUB_{name}"
        if value.startswith("ssm:"):
            self._mistakes.append(f"{key}: ssm: names are read on AWS only")
            return ""
        place = os.path.expanduser(value)
        if not os.path.exists(place) and not value.startswith(PATHS):
            return value
        try:
            return Path(place).read_text().strip()
        # The value stays out of the message: a secret in base64 can look like a path.
        except OSError as error:
            self._mistakes.append(f"{key} names a file that can not be read: {error.strerror}")
        except UnicodeDecodeError:
            self._mistakes.append(f"{key} names a file that holds no text")
        return ""

    def url(self, name: str, default: str) -> str:
        key = f"DISHWASHER_{name}"
        value = self._environment.get(key, "").strip().rstrip("/") or default
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.netloc):
            self._mistakes.append(f"{key}: {value!r} is not an http or https URL")
        return value

    def limits(self) -> Limits:
        return Limits(
            memory_bytes=int(self.number("JOB_MEMORY_GB", MEMORY) * GIBIBYTE),
            disk_bytes=int(self.number("JOB_DISK_GB", DISK) * GIBIBYTE),
            processes=int(self.number("JOB_PROCESSES", PROCESSES)),
            install_seconds=self.number("INSTALL_SECONDS", INSTALL, least=0.0),
        )

    def log(self) -> str:
        value = self._environment.get(lines.SETTING, "").strip() or lines.TEXT
        if value not in (lines.TEXT, lines.JSON):
            self._mistakes.append(f"{lines.SETTING}: {value!r} is neither text nor json")
        return value

    def keep(self) -> Keep:
        return Keep(
            days=self.number("KEEP_DAYS", KEPT.days, least=0.0),
            bytes=int(self.number("KEEP_GB", KEPT_GB, least=0.0) * GIBIBYTE),
        )

    def level(self, key: str) -> str:
        value = self._environment.get(key, "").strip() or AUTO
        if value not in (AUTO, *ORDER):
            self._mistakes.append(f"{key}: {value!r} is none of {', '.join((AUTO, *ORDER))}")
        return value

    def ids(self, name: str) -> frozenset[int]:
        """Numbers that are compared as numbers: a part of one is another one."""
        key = f"DISHWASHER_{name}"
        words = self._environment.get(key, "").replace(",", " ").split()
        wrong = [word for word in words if not (word.isascii() and word.isdigit())]
        if wrong:
            self._mistakes.append(f"{key}: {wrong[0]!r} is not the id of an account, a number")
        return frozenset(int(word) for word in words if word not in wrong)

    def number(self, name: str, default: float, least: float = sys.float_info.min) -> float:
        key = f"DISHWASHER_{name}"
        text = self._environment.get(key, "").strip()
        try:
            value = float(text or default)
        except ValueError:
            value = -1.0
        if not least <= value < float("inf"):
            wanted = "above 0" if least else "of 0 or more"
            self._mistakes.append(f"{key}: {text!r} is not a number {wanted}")
            return default
        return value

    def check(self, settings: Settings) -> None:
        if settings.webhook_secret and len(settings.webhook_secret) < MIN_SECRET:
            self._mistakes.append(
                f"DISHWASHER_GITHUB_WEBHOOK_SECRET has under {MIN_SECRET} characters; "
                "make one with: openssl rand -hex 32"
            )
        if settings.private_key and "PRIVATE KEY" not in settings.private_key:
            self._mistakes.append(
                "DISHWASHER_GITHUB_PRIVATE_KEY is neither a private key in PEM form nor the path "
                "of a file that holds one"
            )
        self.raise_mistakes()

    def raise_mistakes(self) -> None:
        if self._mistakes:
            said = "\n  ".join(self._mistakes)
            # An App that is there and has a mistake would not be mended by another one.
            todo = HELP if any(UNSET in one for one in self._mistakes) else LISTED
            raise UserError(f"settings in the environment are missing or wrong:\n  {said}\n{todo}")
