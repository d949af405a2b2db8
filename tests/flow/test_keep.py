from __future__ import annotations

from dishwasher.core.job import Reason
from dishwasher.core.result import Progress, Result
from dishwasher.flow.keep import keep_progress, keep_result, read_result

from tests.fakes.blobs import MemoryBlobs
from tests.fakes.clock import FakeClock
from tests.samples import finding, job


def test_a_result_is_read_as_it_was_kept_and_only_for_its_attempt() -> None:
    blobs, one = MemoryBlobs(FakeClock()), job(attempt=2)
    result = Result(Reason.FAILED, "é", findings=(finding(message="\ud800"),), tail=("🚀",))
    keep_progress(blobs, one, Progress())
    assert read_result(blobs, one) is None
    keep_result(blobs, one, result)
    assert read_result(blobs, one) == result
    assert read_result(blobs, job(attempt=3)) is None
