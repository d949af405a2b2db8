"""What is this queue's own: real waiting, waking, and life through restarts."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path

import pytest
from dishwasher.local.clock import SystemClock
from dishwasher.local.database import Database
from dishwasher.local.queue import NEXT, SqliteQueue
from dishwasher.ports import Message, Topic

from tests.fakes.clock import FakeClock
from tests.local.program import output

JOBS = Topic.JOBS
LONG = 30.0
"""Seconds that a wait which is ended early would otherwise last."""


@pytest.fixture
def queue(database: Database) -> Iterator[SqliteQueue]:
    queue = SqliteQueue(database, SystemClock())
    yield queue
    queue.close()


@pytest.fixture
def waiting(queue: SqliteQueue) -> Iterator[Callable[[Topic], Future[Message | None]]]:
    """Start a thread that takes from the topic."""
    with ThreadPoolExecutor(8) as pool:
        yield lambda topic: pool.submit(queue.take, topic, LONG)
        queue.close()


def test_a_wait_without_a_bell_ends_in_time(queue: SqliteQueue) -> None:
    before = time.monotonic()
    assert queue.take(JOBS, 0.05) is None
    assert 0.05 <= time.monotonic() - before < LONG


class CountingClock(SystemClock):
    """Knows how often it was looked at, which is once for each look at the queue."""

    looks = 0

    def now(self) -> float:
        self.looks += 1
        return super().now()


def test_who_waits_does_not_look_again_and_again(database: Database) -> None:
    clock = CountingClock()
    queue = SqliteQueue(database, clock)
    queue.ring(JOBS, "much later", delay=3600)
    clock.looks = 0
    assert queue.take(JOBS, 0.2) is None
    # One before the wait and one after it; a wait may end a moment early.
    assert 2 <= clock.looks <= 3


def test_a_bell_wakes_who_waits(
    queue: SqliteQueue, waiting: Callable[[Topic], Future[Message | None]]
) -> None:
    for _ in range(20):
        taker, other = waiting(JOBS), waiting(Topic.REPORTS)
        queue.ring(JOBS, "job")
        message = taker.result(timeout=10)
        assert message is not None
        assert not other.done()
        queue.done(message)
        queue.ring(Topic.REPORTS, "build")
        message = other.result(timeout=10)
        assert message is not None
        queue.done(message)


def test_a_bell_makes_nobody_look_who_waits_for_another_topic(database: Database) -> None:
    clock = CountingClock()
    queue = SqliteQueue(database, clock)
    everybody = [topic for topic in Topic for _ in range(3)]
    with ThreadPoolExecutor(len(everybody)) as pool:
        takers = [pool.submit(queue.take, topic, LONG) for topic in everybody]
        pause = threading.Event()
        while clock.looks < len(everybody):
            pause.wait(0.001)
        queue.ring(JOBS, "job")
        wait(takers, LONG / 2, FIRST_COMPLETED)
        queue.close()
        assert sum(taker.result() is not None for taker in takers) == 1
    # The ring itself looks at the clock, too; who did not wait yet may look again.
    assert clock.looks <= len(everybody) + 1 + everybody.count(JOBS)


def test_as_many_wake_as_there_are_bells(
    queue: SqliteQueue, waiting: Callable[[Topic], Future[Message | None]]
) -> None:
    takers = [waiting(JOBS) for _ in range(8)]
    for number in range(8):
        queue.ring(JOBS, f"job {number}")
    messages = [taker.result(timeout=10) for taker in takers]
    assert len({message.key for message in messages if message is not None}) == 8


def test_a_delayed_bell_wakes_in_its_time(queue: SqliteQueue) -> None:
    clock = SystemClock()
    at = clock.now() + 0.05
    queue.ring(JOBS, "job", delay=0.05)
    assert queue.take(JOBS, LONG) is not None
    assert at <= clock.now() < at + 10


def test_a_bell_rung_again_wakes_who_waits_when_it_is_done(
    queue: SqliteQueue, waiting: Callable[[Topic], Future[Message | None]]
) -> None:
    queue.ring(JOBS, "job")
    message = queue.take(JOBS, 0)
    assert message is not None
    queue.ring(JOBS, "job")
    taker = waiting(JOBS)
    queue.done(message)
    assert taker.result(timeout=10) is not None


def test_the_end_wakes_everybody(
    queue: SqliteQueue, waiting: Callable[[Topic], Future[Message | None]]
) -> None:
    takers = [waiting(topic) for topic in Topic for _ in range(2)]
    queue.close()
    assert [taker.result(timeout=10) for taker in takers] == [None] * 6
    queue.ring(JOBS, "kept")
    assert queue.take(JOBS, LONG) is None


def test_bells_outlive_the_process(data: Path) -> None:
    program = """
import sys, os
from pathlib import Path
from dishwasher.local.clock import SystemClock
from dishwasher.local.database import Database
from dishwasher.local.queue import SqliteQueue
from dishwasher.ports import Topic
queue = SqliteQueue(Database(Path(sys.argv[1])), SystemClock())
for key in ("taken", "waiting"):
    queue.ring(Topic.JOBS, key)
assert queue.take(Topic.JOBS, 0).key == "taken"
sys.stdout.flush()
os._exit(0)
"""
    output(program, data)
    database = Database(data)
    queue = SqliteQueue(database, SystemClock())
    message = queue.take(JOBS, 0)
    assert message is not None and message.key == "waiting"
    assert queue.take(JOBS, 0) is None
    queue.recover()
    assert {m.key for m in (queue.take(JOBS, 0), queue.take(JOBS, 0)) if m} == {"taken", "waiting"}
    database.close()


def test_recovery_leaves_delayed_bells_alone(database: Database) -> None:
    clock = FakeClock()
    queue = SqliteQueue(database, clock)
    queue.ring(JOBS, "later", delay=10)
    queue.recover()
    assert queue.take(JOBS, 0) is None
    clock.advance(10)
    assert queue.take(JOBS, 0) is not None


class Meddling(Database):
    """Does something right after the next transaction, before anybody else can."""

    after: Callable[[], None] | None = None

    @contextmanager
    def writing(self, *, durable: bool) -> Iterator[sqlite3.Connection]:
        with super().writing(durable=durable) as connection:
            yield connection
        act, self.after = self.after, None
        if act is not None:
            act()


def test_a_bell_between_the_look_and_the_wait_is_heard(data: Path) -> None:
    database = Meddling(data)
    queue = SqliteQueue(database, SystemClock())
    database.after = lambda: queue.ring(JOBS, "job")
    before = time.monotonic()
    assert queue.take(JOBS, LONG) is not None
    assert time.monotonic() - before < LONG / 2
    database.close()


def test_the_end_between_the_look_and_the_wait_is_heard(data: Path) -> None:
    database = Meddling(data)
    queue = SqliteQueue(database, SystemClock())
    database.after = queue.close
    before = time.monotonic()
    assert queue.take(JOBS, LONG) is None
    assert time.monotonic() - before < LONG / 2
    database.close()


def test_the_next_message_is_found_by_index(database: Database) -> None:
    with database.reading() as connection:
        plan = connection.execute(f"EXPLAIN QUERY PLAN {NEXT}", ("jobs",)).fetchall()
    assert [line[3] for line in plan] == [
        "SEARCH messages USING COVERING INDEX messages_by_time (topic=?)"
    ]
