"""What the stand-in has seen, and how to wait for more of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from dishwasher.demo.github.hooks import Delivery
from dishwasher.demo.github.journal import Entry, Journal, Violation
from dishwasher.demo.github.model import CheckRun
from dishwasher.demo.github.world import World

__all__ = ["Watch"]

T = TypeVar("T")


class Watch:
    """Looking and waiting: on a condition, never by asking again and again."""

    def __init__(self, world: World, journal: Journal) -> None:
        self.world = world
        self.hooks = world.hooks
        self.journal = journal

    @property
    def violations(self) -> list[Violation]:
        """Requests that GitHub's description or rules forbid. A good client makes none."""
        return self.journal.violations

    def requests(
        self, method: str = "*", path: str = "*", kind: str = "api", status: int | None = None
    ) -> list[Entry]:
        return self.journal.entries(method, path, kind, status)

    def deliveries(self, event: str = "*", action: str | None = None) -> list[Delivery]:
        return [
            row
            for row in self.hooks.log()
            if event in ("*", row.event) and action in (None, row.action)
        ]

    def redeliver(self, delivery: Delivery) -> Delivery:
        with self.world.lock:
            app, id_ = self.world.apps[delivery.app_id], self.world.new_id()
        return self.hooks.redeliver(app, delivery, id_)

    def check_runs(self, sha: str) -> list[CheckRun]:
        """Of one commit, in any repository, oldest first."""
        with self.world.lock:
            return [row for row in self.world.runs if row.head_sha == sha]

    def wait_for(
        self, predicate: Callable[[], T], timeout: float = 30.0, what: str = "the condition"
    ) -> T:
        """Wait until `predicate()` is true and answer its value; looked at after every change."""
        deadline = time.monotonic() + timeout
        with self.world.changed:
            while not (value := predicate()):
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError(f"waited {timeout} s for {what}; {self._summary()}")
                self.world.changed.wait(left)
            return value

    def wait_idle(self, timeout: float = 30.0) -> None:
        """Wait until every webhook has been delivered, or has failed."""
        self.wait_for(self.hooks.idle, timeout, "all deliveries")

    def wait_concluded(
        self, sha: str, *, at_least: int = 1, timeout: float = 60.0
    ) -> list[CheckRun]:
        """Wait until a commit has so many check runs and all of them are completed."""

        def concluded() -> list[CheckRun]:
            runs = self.check_runs(sha)
            done = len(runs) >= at_least and all(run.status == "completed" for run in runs)
            return runs if done else []

        return self.wait_for(concluded, timeout, f"{at_least} concluded check runs on {sha[:10]}")

    def _summary(self) -> str:
        runs = [f"{run.name}={run.conclusion or run.status}" for run in self.world.runs]
        late = [f"{row.event}: {row.status}" for row in self.hooks.log() if row.status != "OK"]
        shown = self.violations[-3:]
        return f"check runs {runs[-10:]}, undelivered {late[-5:]}, violations {shown}"
