from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable

import pytest
from dishwasher.daemon.worker import FAILURES_KEPT, MOST_DELAY, WAIT, Loop
from dishwasher.errors import Conflict, InfraError, Throttled
from dishwasher.ports import Message, Topic

from tests.fakes.clock import NOON, FakeClock
from tests.fakes.queue import MemoryQueue

GUID, BUILD = "d0c3f3a0-aaaa-bbbb-cccc-0123456789ab", "0123456789abcdef0123"
FAULTS = Throttled("later", NOON + 5), InfraError("no"), KeyError("a bug")


class Handler:
    """Raises what it is told to, one after the other, and remembers the keys."""

    def __init__(self, *outcomes: Exception | None) -> None:
        self.outcomes = list(outcomes)
        self.keys: list[str] = []

    def __call__(self, key: str) -> None:
        self.keys.append(key)
        outcome = self.outcomes.pop(0) if self.outcomes else None
        if outcome is not None:
            raise outcome


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def bells(clock: FakeClock) -> MemoryQueue:
    return MemoryQueue(clock)


def loop(bells: MemoryQueue, clock: FakeClock, handle: Callable[[str], None]) -> Loop:
    return Loop(bells, Topic.JOBS, handle, clock, "worker")


def delay(bells: MemoryQueue, clock: FakeClock) -> float:
    at = bells.next_at()
    assert at is not None
    return round(at - clock.now(), 6)


def test_what_is_handled_does_not_ring_again(bells: MemoryQueue, clock: FakeClock) -> None:
    handler = Handler()
    bells.ring(Topic.JOBS, "a")
    bells.ring(Topic.REPORTS, "other topic")
    one = loop(bells, clock, handler)
    one.turn(0)
    one.turn(0)
    assert handler.keys == ["a"]


@pytest.mark.parametrize(
    ("fault", "delays"),
    [
        (Conflict("lost"), [0.05, 0.1, 0.2]),
        (InfraError("down"), [1, 2, 4]),
        (KeyError("a bug"), [1, 2, 4]),
    ],
)
def test_what_failed_rings_again_later_and_later(
    bells: MemoryQueue, clock: FakeClock, fault: Exception, delays: list[float]
) -> None:
    handler = Handler(fault, fault, fault, None, fault)
    one = loop(bells, clock, handler)
    bells.ring(Topic.JOBS, "a")
    for expected in delays:
        one.turn(0)
        assert delay(bells, clock) == expected
        clock.advance(expected)
    one.turn(0)
    assert bells.next_at() is None
    bells.ring(Topic.JOBS, "a")
    one.turn(0)
    assert delay(bells, clock) == delays[0]


def test_the_delay_has_an_end(bells: MemoryQueue, clock: FakeClock) -> None:
    one = loop(bells, clock, Handler(*[InfraError("down")] * 2000))
    bells.ring(Topic.JOBS, "a")
    for _ in range(1100):
        one.turn(0)
        clock.advance(MOST_DELAY)
    one.turn(0)
    assert delay(bells, clock) == MOST_DELAY


def test_many_different_failures_are_not_remembered_for_ever(
    bells: MemoryQueue, clock: FakeClock
) -> None:
    one = loop(bells, clock, Handler(*[InfraError("down")] * 5000))
    for number in range(3 * FAILURES_KEPT):
        bells.ring(Topic.JOBS, f"job-{number}")
        one.turn(0)
    assert len(one._failures) <= FAILURES_KEPT


def test_throttled_waits_for_the_time_that_was_named(bells: MemoryQueue, clock: FakeClock) -> None:
    one = loop(bells, clock, Handler(Throttled("limit", clock.now() + 3000)))
    bells.ring(Topic.JOBS, "a")
    one.turn(0)
    assert delay(bells, clock) == 3000


def test_a_bell_rung_while_handling_is_heard_at_once(bells: MemoryQueue, clock: FakeClock) -> None:
    def handle(key: str) -> None:
        bells.ring(Topic.JOBS, key)
        raise InfraError("down")

    bells.ring(Topic.JOBS, "a")
    loop(bells, clock, handle).turn(0)
    assert delay(bells, clock) == 0


def test_a_bug_is_logged_with_its_traceback(
    bells: MemoryQueue, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    bells.ring(Topic.JOBS, "a")
    loop(bells, clock, Handler(KeyError("a bug"))).turn(0)
    (record,) = caplog.records
    assert record.levelno == logging.ERROR and record.exc_info is not None


@pytest.mark.parametrize(
    ("topic", "fields"),
    [
        (Topic.DELIVERIES, {"delivery": GUID}),
        (Topic.JOBS, {"job": "01234567-0"}),
        (Topic.REPORTS, {"build": "01234567"}),
    ],
)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_line_says_what_it_is_about_and_not_where_its_pages_are(
    bells: MemoryQueue,
    clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
    topic: Topic,
    fields: dict[str, str],
    fault: Exception,
) -> None:
    caplog.set_level(logging.INFO)
    keys = {Topic.DELIVERIES: GUID, Topic.JOBS: f"{BUILD}-0", Topic.REPORTS: BUILD}
    bells.ring(topic, keys[topic])
    Loop(bells, topic, Handler(fault), clock, "worker").turn(0)
    (record,) = caplog.records
    assert record.__dict__["fields"] == fields
    assert next(iter(fields.values())) in record.getMessage()


class BlockingQueue:
    """A queue that really waits; raises what it is told to before it answers."""

    def __init__(self, *outcomes: Exception) -> None:
        self.outcomes = list(outcomes)
        self.keys: queue.SimpleQueue[str] = queue.SimpleQueue()

    def ring(self, topic: Topic, key: str, delay: float = 0.0) -> None:
        self.keys.put(key)

    def take(self, topic: Topic, wait: float) -> Message | None:
        if self.outcomes:
            raise self.outcomes.pop()
        try:
            return Message(topic, self.keys.get(timeout=wait), "receipt")
        except queue.Empty:
            return None

    def done(self, message: Message) -> None:
        return


def test_the_thread_survives_and_stops_soon(clock: FakeClock) -> None:
    heard = threading.Event()
    bells = BlockingQueue()
    one = Loop(bells, Topic.JOBS, lambda key: heard.set(), clock, "worker")
    one.start()
    bells.ring(Topic.JOBS, "a")
    assert heard.wait(10)
    one.stop()
    assert one.join(WAIT + 1)


def test_a_failing_queue_is_asked_again(
    clock: FakeClock, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dishwasher.daemon.worker.FIRST_DELAY", 0.01)
    heard = threading.Event()
    bells = BlockingQueue(OSError("gone"), InfraError("locked"))
    bells.ring(Topic.JOBS, "a")
    one = Loop(bells, Topic.JOBS, lambda key: heard.set(), clock, "worker")
    one.start()
    assert heard.wait(10)
    one.stop()
    assert one.join(WAIT + 1)
    assert len(caplog.records) == 2


def test_requests_come_before_the_loops_own_work(bells: MemoryQueue, clock: FakeClock) -> None:
    looks = [True, True, False]
    handler = Handler()
    bells.ring(Topic.JOBS, "a")
    Loop(bells, Topic.JOBS, handler, clock, "worker", lambda: looks.pop(0)).turn(0)
    assert (handler.keys, looks) == (["a"], [])


def test_a_flood_of_requests_does_not_stop_all_work(
    bells: MemoryQueue, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dishwasher.daemon.worker.MOST_YIELD", 0.01)
    handler = Handler()
    bells.ring(Topic.JOBS, "a")
    Loop(bells, Topic.JOBS, handler, clock, "worker", lambda: True).turn(0)
    assert handler.keys == ["a"]


def test_who_waits_for_requests_stops_at_once(bells: MemoryQueue, clock: FakeClock) -> None:
    bells.ring(Topic.JOBS, "a")
    one = Loop(bells, Topic.JOBS, Handler(), clock, "worker", lambda: True)
    one.stop()
    one.turn(0)
    assert bells.next_at() is None
