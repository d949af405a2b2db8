"""`dishwasher serve` as a process that is killed and started again on the same port and data."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dishwasher.demo.github import App, StandIn

LEASE = 2.0
"""Seconds; the product's 60 would only make the waiting longer."""
STOP_SECONDS = 20.0
ANSWER_SECONDS = 30.0


class Bot:
    """One data folder, one port, a life after each death."""

    def __init__(
        self,
        folder: Path,
        github: StandIn,
        app: App,
        *,
        lease: float = LEASE,
        workers: int = 2,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.data = folder / "data"
        self._workers = workers
        self.ledger = folder / "ledger"
        """Where deployments write a line when they have their effect."""
        self.ledger.touch()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
        key = folder / "key.pem"
        key.write_text(app.private_key)
        self._environment = {
            **os.environ,
            "DISHWASHER_GITHUB_APP_ID": str(app.id),
            "DISHWASHER_GITHUB_PRIVATE_KEY": str(key),
            "DISHWASHER_GITHUB_WEBHOOK_SECRET": app.webhook_secret,
            "DISHWASHER_GITHUB_API_URL": github.api_url,
            "DISHWASHER_GITHUB_URL": github.url,
            "DISHWASHER_LEASE_SECONDS": str(lease),
            "DISHWASHER_JOB_ENV": "LEDGER",
            "LEDGER": str(self.ledger),
            # Which a job could not reach from within walls.
            "DISHWASHER_SANDBOX": "plain",
            **(environment or {}),
        }
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        return (self.folder / "serve.log").read_text()

    def get(self, path: str) -> bytes:
        """The body at a path of ours; raises HTTPError for what is not there."""
        with urllib.request.urlopen(self.url + path, timeout=ANSWER_SECONDS) as answer:
            body = answer.read()
        assert isinstance(body, bytes)
        return body

    def post(self, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, str]:
        """Status and body of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_SECONDS)
        with contextlib.closing(connection):
            connection.request("POST", path, body, dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def start(self) -> None:
        command = [sys.executable, "-m", "dishwasher", "serve", "--port", str(self.port)]
        command += ["--data", str(self.data), "--workers", str(self._workers)]
        with open(self.folder / "serve.log", "ab") as log:
            self._process = subprocess.Popen(
                command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not re.search(r"listens on", line):
            raise RuntimeError(f"the bot did not start:\n{self.log[-4000:]}")

    def kill(self) -> None:
        """As if the power of this one process had gone."""
        assert self._process is not None
        self._process.kill()
        self._process.communicate()

    def stop(self) -> None:
        """In order; and what is left of its runners after that."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.communicate(timeout=STOP_SECONDS)
        for pid in [*self.zygotes(), *self.runners()]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def zygotes(self) -> list[int]:
        """Those that belong to this bot's data folder; one from before a kill may still live."""
        return [one.pid for one in self._processes() if one.is_zygote]

    def runners(self) -> list[int]:
        """The processes forked by zygotes, each one attempt; a runner outlives its zygote."""
        found = self._processes()
        runners = {one.pid for one in found if not one.is_zygote}
        # A command that a runner begins looks like it until `exec`.
        return [one.pid for one in found if one.pid in runners and one.parent not in runners]

    def _processes(self) -> list[_Process]:
        """Every process of the runner's program at work in our folder."""
        mark = str(self.folder).encode()
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                command = (entry / "cmdline").read_bytes()
                if b"dishwasher.runner" not in command or mark not in command:
                    continue
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                # The server speaks to a zygote; a runner hears nobody.
                is_zygote = os.readlink(entry / "fd/0").startswith("pipe:")
            except OSError:
                continue
            found.append(_Process(int(entry.name), parent, is_zygote))
        return found


@dataclass(frozen=True, slots=True)
class _Process:
    pid: int
    parent: int
    is_zygote: bool
