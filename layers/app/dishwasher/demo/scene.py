"""Everything that the story needs on one machine: GitHub's stand-in, the bot, hosting, an oven."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from dishwasher.core.sandbox import AUTO, Level
from dishwasher.demo.bot import Bot, Place, Served
from dishwasher.demo.github import Repo, StandIn
from dishwasher.demo.hosting import Hosting
from dishwasher.demo.oven import Oven
from dishwasher.local import machine
from dishwasher.runner.sandbox import probe

SAMPLE = Path(__file__).parent / "sample"
GIT = (2, 38)
"""The stand-in merges pull requests by `git merge-tree --write-tree`."""


class Scene:
    """Use it as a context manager; nothing is left behind but the folder while it stays up."""

    def __init__(self, sandbox: str = "", bot: Bot | None = None) -> None:
        """`sandbox` is a level of walls; by default a jail, and none where none can be made.

        Raises UserError where this machine can not show it.
        """
        machine.require(os.environ.get("PATH"), GIT)
        self.means = probe.choose(sandbox or AUTO)
        if not sandbox and self.means.level is not Level.JAILED:
            # Between the two, what a job may read depends too much on where this Python lies.
            self.means = replace(self.means, level=Level.PLAIN)
        # A job that a stop has interrupted goes on for a moment, and may write while we remove.
        self._scratch = tempfile.TemporaryDirectory(
            prefix="dishwasher-demo-", ignore_cleanup_errors=True
        )
        self.folder = Path(self._scratch.name)
        self.github = StandIn(self.folder / "github")
        self.hosting = Hosting(self.folder / "hosting")
        self.oven = Oven()
        self.bot: Bot = bot or Served()
        self.url = ""

    def __enter__(self) -> Scene:
        try:
            self.github.start()
            self.hosting.start()
            self.oven.start()
            self._app = self.github.add_app()
            self.url = self.bot.start(self._place())
            self.github.set_webhook(self._app, f"{self.url}/webhook", ping=True)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def repository(self) -> Repo:
        """The sample site, with the App installed on it."""
        # A public one: its pages are there for everyone, without a login.
        repository = self.github.add_repo(
            *("bakery/site", SAMPLE),
            private=False,
            description="The bakery's site",
            message="Bake the site",
        )
        self.github.install(self._app, "bakery")
        self.bot.keep("DEPLOY_TOKEN", self.hosting.token, repository)
        return repository

    def close(self) -> None:
        self.bot.stop()
        self.oven.stop()
        self.hosting.stop()
        self.github.close()
        self._scratch.cleanup()

    def _place(self) -> Place:
        sites = self.hosting.sites.items()
        variables = {f"{name.upper()}_URL": site.url for name, site in sites}
        variables |= {"DEPLOY_URL": self.hosting.url, "OVEN_URL": self.oven.url}
        return Place(self.folder, self.github, self._app, self.means.level, variables)
