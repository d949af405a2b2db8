from __future__ import annotations

from dishwasher.core.job import Reason
from dishwasher.core.result import Progress, Result
from dishwasher.flow.keep import (
    artifact_key,
    keep_progress,
    keep_result,
    log_key,
    progress_key,
    read_result,
    result_key,
)

from tests.fakes.blobs import MemoryBlobs
from tests.fakes.clock import FakeClock
from tests.samples import finding, job


def test_the_files_of_two_attempts_never_meet() -> None:
    keys = [
        key
        for attempt in ("build-0.1", "build-0.2", "build-01.1")
        for key in (
            log_key(attempt),
            result_key(attempt),
            progress_key(attempt),
            artifact_key(attempt, "log"),
        )
    ]
    assert len(set(keys)) == len(keys) == 12


def test_a_result_is_read_as_it_was_kept_and_only_for_its_attempt() -> None:
    blobs, one = MemoryBlobs(FakeClock()), job(attempt=2)
    result = Result(Reason.FAILED, "é", findings=(finding(message="\ud800"),), tail=("🚀",))
    keep_progress(blobs, one, Progress())
    assert read_result(blobs, one) is None
    keep_result(blobs, one, result)
    assert read_result(blobs, one) == result
    assert read_result(blobs, job(attempt=3)) is None
