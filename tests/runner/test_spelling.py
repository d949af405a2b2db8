"""A check in the runner's own process must stop when the job must."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator

import pytest
from dishwasher.checks.spelling import SpellingReport
from dishwasher.errors import InfraError
from dishwasher.runner.spelling import check_until
from dishwasher.runner.stop import Cause, Stop, Stopped

from tests.runner.processes import running


@pytest.fixture
def stop() -> Iterator[Stop]:
    stop = Stop()
    yield stop
    stop.close()


def soon() -> float:
    return time.monotonic() + 30


def test_a_report_comes_through(stop: Stop) -> None:
    report = SpellingReport((), 0, 3)
    assert check_until(stop, soon(), lambda: report) is report


def test_a_failure_comes_through(stop: Stop) -> None:
    def fail() -> SpellingReport:
        raise InfraError("typos is not installed")

    with pytest.raises(InfraError, match="typos is not"):
        check_until(stop, soon(), fail)


@pytest.mark.parametrize("cause", [Cause.CANCELLED, Cause.TIMED_OUT])
def test_a_stop_ends_its_programs(stop: Stop, cause: Cause) -> None:
    def work() -> SpellingReport:
        with subprocess.Popen(("sleep", "86271")) as program:
            if cause is not Cause.TIMED_OUT:
                stop.request(cause)
            program.wait()
        return SpellingReport((), 0, 0)

    deadline = time.monotonic() + (0.2 if cause is Cause.TIMED_OUT else 30)
    with pytest.raises(Stopped):
        check_until(stop, deadline, work)
    assert stop.cause is cause
    assert running("86271") == []
