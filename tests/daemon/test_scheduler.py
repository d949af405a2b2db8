from __future__ import annotations

import threading

import pytest
from dishwasher.daemon.scheduler import Scheduler


def test_it_calls_at_once_again_and_after_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    calls: list[int] = []
    enough = threading.Event()

    def call() -> None:
        calls.append(len(calls))
        if len(calls) == 3:
            enough.set()
        if len(calls) == 1:
            raise KeyError("a bug")

    scheduler = Scheduler(call, 0.001, "reaper")
    scheduler.start()
    assert enough.wait(10)
    scheduler.stop()
    assert scheduler.join(1)
    (record,) = caplog.records
    assert record.getMessage().startswith("reaper failed") and record.exc_info is not None


def test_it_stops_while_it_waits() -> None:
    called = threading.Event()
    scheduler = Scheduler(called.set, 3600, "reaper")
    scheduler.start()
    assert called.wait(10)
    scheduler.stop()
    assert scheduler.join(1)
