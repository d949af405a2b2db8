"""The demo's bot on the local AWS: the story is told of the functions instead of one process."""

from __future__ import annotations

import time
from collections.abc import Mapping

from dishwasher.core.environment import SANDBOX
from dishwasher.core.pattern import Filter, Pattern, Syntax
from dishwasher.core.secret import Rules, Slot, StoredSecret
from dishwasher.demo.bot import Place
from dishwasher.demo.github import App, Repo

from tests.aws_local.artifact import Artifact
from tests.aws_local.cloud import Cloud
from tests.aws_local.tools import bare
from tests.aws_local.weather import CALM, Weather

SETTINGS = "/dishwasher"
"""As the template's parameter says."""


class CloudBot:
    """`artifact` is what `sam build` has made.

    `bare`: the runner's function has the programs of the template's own, which is no image.
    `settings`, `pace` and `weather`: as `Cloud` has them.
    """

    def __init__(
        self,
        artifact: Artifact,
        *,
        bare: bool = False,
        settings: Mapping[str, str] | None = None,
        pace: float = 1.0,
        weather: Weather = CALM,
    ) -> None:
        self._artifact, self._bare = artifact, bare
        self._settings, self._pace, self._weather = settings, pace, weather
        self.cloud: Cloud | None = None

    def start(self, place: Place) -> str:
        github = place.github
        parameters = {"GithubUrl": github.url, "GithubApiUrl": github.api_url}
        told = place.for_jobs
        # As an image would have them: git, and whatever the sample's jobs call.
        tools = told.pop("PATH")
        # The template says what a function can: it has no walls, and strangers go to CodeBuild.
        del told[SANDBOX]
        if self._bare:
            tools = bare(place.folder / "tools")
        self.cloud = Cloud(
            *(self._artifact, parameters),
            tools=tools,
            variables=told,
            settings=self._settings,
            pace=self._pace,
            weather=self._weather,
        )
        self.cloud.__enter__()
        self.cloud.keep(settings(place.app), SETTINGS)
        self.cloud.open()
        return self.cloud.url

    def keep(self, name: str, value: str, repository: Repo) -> None:
        from dishwasher.aws.vault import SsmVault
        from dishwasher.local.clock import SystemClock

        assert self.cloud is not None
        stack = self.cloud.stack
        vault = SsmVault(stack.clients, stack.name("Table"), f"{SETTINGS}/secrets", SystemClock())
        rules = Rules(
            branches=Filter((Pattern(repository.row.default_branch, Syntax.EXACT),)),
            tags=Filter((Pattern("v*", Syntax.GLOB),)),
        )
        vault.put(StoredSecret(Slot(repository.id, name), rules, time.time()), value)

    @property
    def said(self) -> str:
        return self.cloud.log if self.cloud is not None else ""

    def stop(self) -> None:
        if self.cloud is not None:
            self.cloud.close()


def settings(app: App) -> dict[str, str]:
    """The App's, by the names of their parameters."""
    return {
        "app-id": str(app.id),
        "private-key": app.private_key,
        "webhook-secret": app.webhook_secret,
        "client-id": app.client_id,
        "client-secret": "not used: nobody logs in",
    }
