"""A line to GitHub for the doctor: each call answers within seconds or is told."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from dishwasher.github import answer as answers
from dishwasher.github.answer import Answer
from dishwasher.github.auth import Key
from dishwasher.github.client import Call, Client
from dishwasher.wiring.settings import Settings

AREA = "GitHub"
SECONDS = 5
"""For each call; when the first has no answer, there is no second."""


@dataclass(frozen=True, slots=True)
class Remedies:
    """What to do, where the settings are; the App's own page is the same everywhere."""

    id: str = "set DISHWASHER_GITHUB_APP_ID to the id on the App's page"
    key: str = "make a new key on the App's page, and set DISHWASHER_GITHUB_PRIVATE_KEY to it"
    webhook: str = "dishwasher app webhook {url}"
    server: str = "start `dishwasher serve`; let the proxy of {host} lead to it"
    limit: str = "lower DISHWASHER_GITHUB_POINTS_PER_MINUTE, or find what else uses the App"


@dataclass(frozen=True, slots=True)
class Owner:
    login: str
    type: str = "User"


@dataclass(frozen=True, slots=True)
class App:
    """The App as GitHub describes it to itself."""

    PATH: ClassVar[str] = "/app"

    id: int
    slug: str
    html_url: str
    owner: Owner
    events: tuple[str, ...]


HERE = Remedies()


class Line:
    """Calls as the App. Raises UserError where the settings' key is none."""

    def __init__(
        self,
        settings: Settings,
        now: Callable[[], float] = time.time,
        remedies: Remedies = HERE,
    ) -> None:
        self.settings, self.remedies = settings, remedies
        self.now = now
        self._key = Key(settings.app_id, settings.private_key)
        self._client = Client(settings.api_url, SECONDS)

    def close(self) -> None:
        self._client.close()

    def send(self, call: Call, token: str = "") -> Answer:
        """The answer, whatever it is; raises InfraError where there is none."""
        return self._client.send(call, f"Bearer {token or self._key.jwt(self.now())}")

    def get(self, path: str, **query: str | int) -> Any:
        """The JSON at a path, for the App; raises what an answer that has none means."""
        answer = self.send(Call("GET", path, query))
        if error := answers.fault(answer, f"GET {path}", once=False):
            raise error
        return answers.value(answer, f"GET {path}", once=False)

    def page(self, app: App) -> str:
        """The App's settings, at whoever owns it."""
        owner = app.owner
        whose = f"/organizations/{owner.login}" if owner.type == "Organization" else ""
        return f"{self.settings.url}{whose}/settings/apps/{app.slug}"
