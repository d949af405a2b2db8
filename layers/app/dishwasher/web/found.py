"""A job with what its latest attempt has told, read from the store and the blobs."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from dishwasher.core.build import Build
from dishwasher.core.codec import decode
from dishwasher.core.job import Job
from dishwasher.core.result import (
    PhaseResult,
    Progress,
    Result,
    StepResult,
    log_key,
    progress_key,
    result_key,
)
from dishwasher.ports import Blobs, Store
from dishwasher.web.log import Mark
from dishwasher.web.moved import moved
from dishwasher.web.steps import step_id

T = TypeVar("T", Result, Progress)


@dataclass(frozen=True, slots=True)
class Found:
    job: Job
    build: Build
    result: Result | None
    progress: Progress | None

    @property
    def phases(self) -> Sequence[PhaseResult]:
        if self.result is not None:
            return self.result.phases
        return self.progress.phases if self.progress is not None else ()

    @property
    def marks(self) -> tuple[Mark, ...]:
        """Where the steps begin in the log."""
        return tuple(
            Mark(place.log_start, step_id(number, step))
            for number, phase in enumerate(self.phases, 1)
            for step, place in enumerate(_places(phase))
        )

    @property
    def log_key(self) -> str:
        return log_key(self.job.attempt_id)


def find(store: Store, blobs: Blobs, job_id: str, may_see: Callable[[Build], bool]) -> Found | None:
    """None for what is not there, and for what is not for the reader.

    Nothing long is read before that is known: a guess must not take longer where it is right.
    """
    job = store.get(Job, job_id)
    build = store.get(Build, job.build) if job is not None else None
    if job is None or build is None or not may_see(build):
        return None
    build = moved(store, build)
    result = _read(blobs, result_key(job.attempt_id), Result)
    progress = None if result else _read(blobs, progress_key(job.attempt_id), Progress)
    return Found(job, build, result, progress)


def _places(phase: PhaseResult) -> tuple[PhaseResult | StepResult, ...]:
    return (phase, *phase.steps)


def _read(blobs: Blobs, key: str, kind: type[T]) -> T | None:
    data = blobs.get(key)
    return None if data is None else decode(kind, json.loads(data))
