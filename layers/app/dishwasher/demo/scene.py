"""Everything that the story needs on one machine: GitHub's stand-in, the bot, hosting, an oven."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from dishwasher.core.sandbox import AUTO, Level
from dishwasher.demo.github import Repo, StandIn
from dishwasher.demo.hosting import Hosting
from dishwasher.demo.oven import Oven
from dishwasher.errors import InfraError
from dishwasher.local import machine
from dishwasher.runner.sandbox import probe

SAMPLE = Path(__file__).parent / "sample"
LISTENS = re.compile(r"listens on (\S+);")
GIT = (2, 38)
"""The stand-in merges pull requests by `git merge-tree --write-tree`."""
STOP_SECONDS = 10.0
LEASE_SECONDS = 6
"""A runner asks three times in it whether its job was cancelled, which nobody shall wait for."""


class Scene:
    """Use it as a context manager; nothing is left behind but the folder while it stays up."""

    def __init__(self, sandbox: str = "") -> None:
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
        self.url = ""
        self._bot: subprocess.Popen[str] | None = None

    def __enter__(self) -> Scene:
        try:
            self.github.start()
            self.hosting.start()
            self.oven.start()
            self._app = self.github.add_app()
            self._bot = self._serve()
            self.url = self._wait_until_ready(self._bot)
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

    @property
    def log(self) -> Path:
        """What the bot itself had to say."""
        return self.folder / "serve.log"

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
        self._keep("DEPLOY_TOKEN", self.hosting.token, repository)
        return repository

    def _keep(self, name: str, value: str, repository: Repo) -> None:
        """A secret of master and of releases, as the team sets it on the server's machine."""
        command = [sys.executable, "-m", "dishwasher", "secrets", "set", name]
        command += ["--repository", str(repository.id), "--data", str(self.folder / "data")]
        command += ["--branch", repository.row.default_branch, "--tag", "v*"]
        done = subprocess.run(command, input=value, capture_output=True, text=True)
        if done.returncode:
            raise InfraError(f"the secret was not kept:\n{done.stderr}")

    def close(self) -> None:
        if self._bot is not None and self._bot.poll() is None:
            self._bot.send_signal(signal.SIGTERM)
            try:
                self._bot.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._bot.kill()
                self._bot.wait()
        if self._bot is not None and self._bot.stdout is not None:
            self._bot.stdout.close()
        self.oven.stop()
        self.hosting.stop()
        self.github.close()
        self._scratch.cleanup()

    def _serve(self) -> subprocess.Popen[str]:
        key = self.folder / "app.pem"
        key.touch(mode=0o600)
        key.write_text(self._app.private_key)
        sites = self.hosting.sites.items()
        places = {f"{name.upper()}_URL": site.url for name, site in sites}
        places |= {"DEPLOY_URL": self.hosting.url, "OVEN_URL": self.oven.url}
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("DISHWASHER_")
        }
        environment |= {
            # The sample's own tools (Django, flake8, Sphinx) lie beside this Python.
            "PATH": os.pathsep.join(
                (str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath))
            ),
            # A proxy of this host's is not for what runs on this machine.
            "NO_PROXY": ",".join(filter(None, (os.environ.get("NO_PROXY"), "127.0.0.1"))),
            "DISHWASHER_GITHUB_APP_ID": str(self._app.id),
            "DISHWASHER_GITHUB_PRIVATE_KEY": str(key),
            "DISHWASHER_GITHUB_WEBHOOK_SECRET": self._app.webhook_secret,
            "DISHWASHER_GITHUB_API_URL": self.github.api_url,
            "DISHWASHER_GITHUB_URL": self.github.url,
            "DISHWASHER_LEASE_SECONDS": str(LEASE_SECONDS),
            "DISHWASHER_JOB_ENV": " ".join(places),
            "DISHWASHER_SANDBOX": str(self.means.level),
            **places,
        }
        command = [sys.executable, "-m", "dishwasher", "serve", "--port", "0"]
        command += ["--data", str(self.folder / "data")]
        with open(self.log, "wb") as log:
            return subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                # Ctrl-C is for the story, which then ends the bot in order.
                start_new_session=True,
            )

    def _wait_until_ready(self, bot: subprocess.Popen[str]) -> str:
        assert bot.stdout is not None
        found = LISTENS.search(bot.stdout.readline())
        if found is None:
            raise InfraError(f"the server did not start:\n{self.log.read_text()}")
        return found.group(1)
