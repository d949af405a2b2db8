"""The simulated GitHub, whole: repositories, check runs, and lists of these that lag behind."""

from __future__ import annotations

from dishwasher.core.event import Repository
from dishwasher.core.report import ANNOTATIONS_PER_REQUEST, Check, Status
from dishwasher.errors import Rejected
from dishwasher.ports import PostedCheck

from tests.sim.commits import Run
from tests.sim.sources import Sources
from tests.sim.world import World

UNLISTED_FOR = 20.0
"""Seconds that GitHub's lists lag behind at most."""
LONG_LISTED = 30.0
"""Seconds in the lists after which nobody may miss a check run any more."""
WRITE_RISK = 12.0
"""Who freezes between asking and sending overwrites what others have sent since."""


class Hub(Sources):
    """The port Checks beside those of what it knows of repositories."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.runs: dict[int, Run] = {}
        self.picky: dict[str, int] = {}
        """How much less of what is said of a job GitHub takes: all, no text, the bare verdict."""

    def create(self, repository: Repository, check: Check) -> int:
        self._world.law(len(check.annotations) <= ANNOTATIONS_PER_REQUEST, "G1 too many at once")

        def make() -> int:
            self.visible(check.head_sha)
            self._validate(check)
            self._needed(check)
            number = len(self.runs) + 1
            listed_at = self._world.now + self.lag()
            run = Run(
                number, repository.id, check.head_sha, check.external_id, check.name, listed_at
            )
            self.runs[number] = run
            self._say(run, check)
            return number

        return self.call(
            repository,
            f"create {check.external_id} {check.status}",
            make,
            once=True,
            risk=WRITE_RISK,
        )

    def update(self, repository: Repository, id: int, check: Check) -> None:
        self._world.law(len(check.annotations) <= ANNOTATIONS_PER_REQUEST, "G1 too many at once")
        what = f"update {id} {check.status} +{len(check.annotations)}"
        once = bool(check.annotations)

        def say() -> None:
            self._validate(check)
            self._say(self.runs[id], check)

        self.call(repository, what, say, once=once, risk=WRITE_RISK)

    def list(self, repository: Repository, sha: str) -> tuple[PostedCheck, ...]:
        def read() -> tuple[PostedCheck, ...]:
            now = self._world.now
            mine = [run for run in self.runs.values() if run.sha == sha]
            if any(run.listed_at > now for run in mine):
                self._world.sometimes("a list lacked a check run that was made")
            return tuple(
                PostedCheck(run.id, run.external_id, run.completed_listed_at <= now)
                for run in mine
                if run.listed_at <= now and run.repository == repository.id
            )

        return self.call(repository, f"list {sha[:6]}", read)

    def annotated(self, repository: Repository, id: int) -> int:
        return self.call(repository, f"annotated {id}", lambda: len(self.runs[id].annotations))

    def _validate(self, check: Check) -> None:
        """Some text is invalid to GitHub, and is so each time."""
        level = self.picky.get(check.external_id)
        if level is None:
            drawn = self._world.chance(self._world.faults.picky)
            level = self._world.random.choice((1, 2)) if drawn else 0
            self.picky[check.external_id] = level
        if _size(check) > 2 - level:
            self._world.sometimes("GitHub called a text invalid")
            raise Rejected("output.summary is invalid")

    def _say(self, run: Run, check: Check) -> None:
        was_completed = run.status is Status.COMPLETED
        run.say(check)
        if run.status is not Status.COMPLETED:
            run.completed_listed_at = run.completed_at = float("inf")
            if was_completed:
                self._world.sometimes("a late write reopened a check run")
        elif not was_completed:
            run.completed_at = self._world.now
            run.first_end = min(run.first_end, run.completed_at)
            run.completed_listed_at = self._world.now + self.lag()
        if self.is_frozen:
            run.zombie = True

    def _needed(self, check: Check) -> None:
        """Whoever looked, and looked in time, would have found the first check run."""
        if self.is_frozen:
            return
        for run in self.runs.values():
            found = run.external_id == check.external_id and not run.zombie
            long_ago = run.listed_at + LONG_LISTED < self._world.now
            self._world.law(not (found and long_ago), "G2", check.external_id, "was made again")
            if found:
                self._world.sometimes("a check run was made twice")

    def lag(self) -> float:
        if self._world.chance(self._world.faults.unlisted):
            return self._world.random.uniform(0.0, UNLISTED_FOR)
        return 0.0


def _size(check: Check) -> int:
    """2: as the core wants it, 1: without its text, 0: the bare verdict."""
    if not check.title:
        return 0
    return 1 if check.summary.startswith("GitHub did not take") else 2
