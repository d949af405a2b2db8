"""What an attempt tells of itself, kept among the blobs."""

from __future__ import annotations

import json
from typing import TypeVar

from dishwasher.core.codec import decode, encode
from dishwasher.core.job import Job
from dishwasher.core.result import Progress, Result, progress_key, result_key
from dishwasher.ports import Blobs

T = TypeVar("T", Result, Progress)


def keep_result(blobs: Blobs, job: Job, result: Result) -> None:
    _keep(blobs, result_key(job.attempt_id), result)


def keep_progress(blobs: Blobs, job: Job, progress: Progress) -> None:
    _keep(blobs, progress_key(job.attempt_id), progress)


def read_result(blobs: Blobs, job: Job) -> Result | None:
    """The result of the job's latest attempt, None where it brought none."""
    return _read(blobs, result_key(job.attempt_id), Result)


def read_progress(blobs: Blobs, job: Job) -> Progress | None:
    """What the latest attempt has last said of itself, None where it has not."""
    return _read(blobs, progress_key(job.attempt_id), Progress)


def _keep(blobs: Blobs, key: str, value: Result | Progress) -> None:
    blobs.put(key, json.dumps(encode(value), separators=(",", ":")).encode())


def _read(blobs: Blobs, key: str, kind: type[T]) -> T | None:
    data = blobs.get(key)
    return None if data is None else decode(kind, json.loads(data))
