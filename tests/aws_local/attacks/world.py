"""A bot on the local AWS, and somebody outside whom hostile jobs tell what they get."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

from dishwasher.core.sandbox import Level
from dishwasher.demo.github import CheckRun, Repo
from dishwasher.demo.scene import Scene

from tests.aws_local.artifact import Artifact
from tests.aws_local.bot import CloudBot
from tests.aws_local.cloud import Cloud

JOBS = Path(__file__).parent / "jobs"
LEASE = 9.0
"""Seconds; the product's 60 would only make the waiting longer."""
PACE = 12.0
"""A minute of the schedule in five seconds."""
PATIENCE = 240.0
"""A lost runner is reported in three minutes, and this machine has other things to do."""

T = TypeVar("T")


@dataclass
class Thief:
    """Listens to jobs; `told` is all that they have said, in their order."""

    told: list[dict[str, Any]] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    url: str = ""

    def hear(self, words: dict[str, Any]) -> None:
        with self._changed:
            self.told.append(words)
            self._changed.notify_all()

    def of(self, name: str) -> list[Any]:
        with self._changed:
            return [one[name] for one in self.told if name in one]

    def wait(self, name: str) -> Any:
        """The first word of this kind."""
        with self._changed:
            found = self._changed.wait_for(lambda: self.of(name), PATIENCE)
            assert found, f"nobody told {name}: {self.told}"
            return found[0]


@dataclass(frozen=True)
class World:
    scene: Scene
    bot: CloudBot
    cloud: Cloud

    def repository(self, name: str, files: Mapping[str, str] | None = None) -> Repo:
        """A public one with the App installed; its pages are there for everyone."""
        github = self.scene.github
        owner = name.partition("/")[0]
        repository = github.add_repo(name, dict(files or {"README": "x"}), private=False)
        github.install(next(iter(github.world.apps.values())), owner)
        github.wait_idle(PATIENCE)
        return repository

    def push(self, repository: Repo, run: str, *jobs: str) -> str:
        """The SHA of a commit whose one check runs this, beside hostile scripts by name."""
        config = json.dumps({"checks": {"job": {"run": run}}})
        files = {f"{name}.py": (JOBS / f"{name}.py").read_text() for name in jobs}
        return repository.commit({".dishwasher.yml": config, **files})

    def concluded(self, sha: str) -> CheckRun:
        return self.scene.github.wait_concluded(sha, timeout=PATIENCE)[-1]

    def secrets(self) -> Iterator[str]:
        """What nobody but the functions may ever see: the App's, and all their credentials."""
        for app in self.scene.github.world.apps.values():
            yield app.webhook_secret
            yield from (line for line in app.private_key.splitlines() if "PRIVATE KEY" not in line)
        assert self.cloud.guard is not None
        for key in self.cloud.guard.keys:
            if key.role != "RunRole":
                yield from (key.secret, key.token)


@contextmanager
def made(artifact: Artifact) -> Iterator[World]:
    settings = {"DISHWASHER_LEASE_SECONDS": str(LEASE)}
    bot = CloudBot(artifact, bare=True, settings=settings, pace=PACE)
    with Scene(Level.PLAIN, bot) as scene:
        assert bot.cloud is not None
        yield World(scene, bot, bot.cloud)


@contextmanager
def listening() -> Iterator[Thief]:
    thief = Thief()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            thief.hear(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """The thief is silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thief.url = f"http://127.0.0.1:{server.server_port}/"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield thief
        finally:
            server.shutdown()
            thread.join()


Attack = Callable[[World, Thief], None]
