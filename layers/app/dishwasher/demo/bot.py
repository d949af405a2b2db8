"""The bot of the story: how a scene starts it, and the process of `dishwasher serve` that it is."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from dishwasher.core.environment import JOB_ENV, SANDBOX
from dishwasher.core.sandbox import Level
from dishwasher.demo.github import App, Repo, StandIn
from dishwasher.errors import InfraError

LISTENS = re.compile(r"listens on (\S+);")
STOP_SECONDS = 10.0
LEASE_SECONDS = 6
"""A runner asks three times in it whether its job was cancelled, which nobody shall wait for."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a bot finds where the story plays."""

    folder: Path
    github: StandIn
    app: App
    level: Level
    """The walls that jobs get."""
    variables: Mapping[str, str]
    """What jobs may see of the host."""

    @property
    def for_jobs(self) -> dict[str, str]:
        """Variables of a host that runs the story's jobs."""
        return {
            # The sample's own tools (Django, flake8, Sphinx) lie beside this Python.
            "PATH": os.pathsep.join(
                (str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath))
            ),
            # A proxy of this host's is not for what runs on this machine.
            "NO_PROXY": ",".join(filter(None, (os.environ.get("NO_PROXY"), "127.0.0.1"))),
            JOB_ENV: " ".join(self.variables),
            SANDBOX: str(self.level),
            **self.variables,
        }


class Bot(Protocol):
    """Dishwasher, wherever it runs."""

    def start(self, place: Place) -> str:
        """The URL at which it then listens."""
        ...

    def keep(self, name: str, value: str, repository: Repo) -> None:
        """A secret of master and of releases, as the team sets it."""
        ...

    @property
    def said(self) -> str:
        """Its own log."""
        ...

    def stop(self) -> None:
        """Harmless where it was not started."""
        ...


class Served:
    """A process on this machine."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._folder = Path()

    def start(self, place: Place) -> str:
        self._folder = place.folder
        key = place.folder / "app.pem"
        key.touch(mode=0o600)
        key.write_text(place.app.private_key)
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("DISHWASHER_")
        }
        environment |= place.for_jobs
        environment |= {
            "DISHWASHER_GITHUB_APP_ID": str(place.app.id),
            "DISHWASHER_GITHUB_PRIVATE_KEY": str(key),
            "DISHWASHER_GITHUB_WEBHOOK_SECRET": place.app.webhook_secret,
            "DISHWASHER_GITHUB_API_URL": place.github.api_url,
            "DISHWASHER_GITHUB_URL": place.github.url,
            "DISHWASHER_LEASE_SECONDS": str(LEASE_SECONDS),
        }
        command = [sys.executable, "-m", "dishwasher", "serve", "--port", "0"]
        command += ["--data", str(self._data)]
        with open(self._log, "wb") as log:
            self._process = subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                # Ctrl-C is for the story, which then ends the bot in order.
                start_new_session=True,
            )
        return self._wait_until_ready(self._process)

    def keep(self, name: str, value: str, repository: Repo) -> None:
        command = [sys.executable, "-m", "dishwasher", "secrets", "set", name]
        command += ["--repository", str(repository.id), "--data", str(self._data)]
        command += ["--branch", repository.row.default_branch, "--tag", "v*"]
        done = subprocess.run(command, input=value, capture_output=True, text=True)
        if done.returncode:
            raise InfraError(f"the secret was not kept:\n{done.stderr}")

    @property
    def said(self) -> str:
        return self._log.read_text()

    def stop(self) -> None:
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    @property
    def _log(self) -> Path:
        return self._folder / "serve.log"

    def _wait_until_ready(self, process: subprocess.Popen[str]) -> str:
        assert process.stdout is not None
        found = LISTENS.search(process.stdout.readline())
        if found is None:
            raise InfraError(f"the server did not start:\n{self.said}")
        return found.group(1)
