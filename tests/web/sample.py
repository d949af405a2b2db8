"""A build in a store, as the flows leave it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

from dishwasher.core.build import Build
from dishwasher.core.codec import encode
from dishwasher.core.config import JobSpec, Kind
from dishwasher.core.event import Event, EventKind, PullRequest, Repository
from dishwasher.core.job import Job, State
from dishwasher.core.result import Progress, Result
from dishwasher.web.assets import Assets
from dishwasher.web.pages import Pages

from tests.fakes.blobs import MemoryBlobs
from tests.fakes.clock import NOON, FakeClock
from tests.fakes.store import MemoryStore
from tests.samples import phases

SHA = "4f2c1de0a97b3c5d6e8f90123456789abcdef012"
REPOSITORY = Repository(1, "acme", "site", "master", False, 7)
EVENT = Event(
    kind=EventKind.PULL_REQUEST,
    delivery="d",
    repository=REPOSITORY,
    sender="anna",
    sha=SHA,
    branch="opening-hours",
    pull_request=PullRequest(12, "opening-hours", 1, "master", "b" * 40),
)
BUILD = Build("b1", EVENT, "b" * 40, ".dishwasher.yml", NOON - 100, ("b1-0",), pull_request=12)


def job(**fields: Any) -> Job:
    spec = JobSpec("tests", Kind.CHECK, 3, phases=phases("make test"))
    return replace(
        Job("b1-0", "b1", 0, spec, (), State.RUNNING, attempt=1, started=NOON - 20), **fields
    )


@dataclass
class Sample:
    clock: FakeClock = field(default_factory=FakeClock)
    store: MemoryStore = field(default_factory=MemoryStore)

    def __post_init__(self) -> None:
        self.blobs = MemoryBlobs(self.clock)
        self.pages = Pages(self.store, self.blobs, self.clock, Assets(), "https://github.com")

    def add(self, *jobs: Job, build: Build = BUILD) -> None:
        self.store.save(replace(build, jobs=tuple(job.id for job in jobs)), *jobs)

    def told(self, job: Job, word: Result | Progress) -> None:
        """Keep what the job's attempt has said."""
        name = "result" if isinstance(word, Result) else "progress"
        self._put(job, f"{name}.json", json.dumps(encode(word)).encode())

    def printed(self, job: Job, data: bytes) -> None:
        self._put(job, "log", data)

    def made(self, job: Job, path: str, data: bytes) -> None:
        self._put(job, f"artifacts/{path}", data)

    def _put(self, job: Job, name: str, data: bytes) -> None:
        self.blobs.put(f"attempts/{job.attempt_id}/{name}", data)
