"""Everything that the story needs on one machine: GitHub's stand-in, the bot, a staging machine."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType

from dishwasher.demo.github import Repo, StandIn
from dishwasher.demo.staging import Staging
from dishwasher.errors import InfraError
from dishwasher.local import machine

SAMPLE = Path(__file__).parent / "sample"
LISTENS = re.compile(r"listens on (\S+);")
GIT = (2, 38)
"""The stand-in merges pull requests by `git merge-tree --write-tree`."""
STOP_SECONDS = 10.0


class Scene:
    """Use it as a context manager; nothing is left behind but the folder while it stays up."""

    def __init__(self) -> None:
        """Raises UserError where this machine can not show it."""
        machine.require(os.environ.get("PATH"), GIT)
        # A job that a stop has interrupted goes on for a moment, and may write while we remove.
        self._scratch = tempfile.TemporaryDirectory(
            prefix="dishwasher-demo-", ignore_cleanup_errors=True
        )
        self.folder = Path(self._scratch.name)
        self.github = StandIn(self.folder / "github")
        self.staging = Staging(self.folder / "staging")
        self.url = ""
        self._bot: subprocess.Popen[str] | None = None

    def __enter__(self) -> Scene:
        try:
            self.github.start()
            self.staging.start()
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
        repository = self.github.add_repo(
            "bakery/site", SAMPLE, description="The bakery's site", message="Bake the site"
        )
        self.github.install(self._app, "bakery")
        return repository

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
        self.staging.stop()
        self.github.close()
        self._scratch.cleanup()

    def _serve(self) -> subprocess.Popen[str]:
        key = self.folder / "app.pem"
        key.touch(mode=0o600)
        key.write_text(self._app.private_key)
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
            "DISHWASHER_JOB_ENV": "STAGING_ROOT STAGING_URL",
            # The deployment of the story copies to a folder of this machine, outside of any wall.
            "DISHWASHER_SANDBOX": "plain",
            "STAGING_ROOT": str(self.staging.root),
            "STAGING_URL": self.staging.url,
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
