from __future__ import annotations

import threading

import pytest
from dishwasher.daemon.scheduler import Scheduler
from dishwasher.errors import InfraError


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


def test_a_known_fault_is_told_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    called = threading.Event()

    def call() -> None:
        if called.is_set():
            return
        called.set()
        raise InfraError("GitHub can not be reached")

    scheduler = Scheduler(call, 0.001, "missed deliveries")
    scheduler.start()
    assert called.wait(10)
    scheduler.stop()
    assert scheduler.join(1)
    (record,) = caplog.records
    said = "missed deliveries: GitHub can not be reached; next try in 0.001 s"
    assert record.getMessage() == said and record.exc_info is None


def test_it_stops_while_it_waits() -> None:
    called = threading.Event()
    scheduler = Scheduler(called.set, 3600, "reaper")
    scheduler.start()
    assert called.wait(10)
    scheduler.stop()
    assert scheduler.join(1)
