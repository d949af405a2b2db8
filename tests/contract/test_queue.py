"""What every Queue does; time is the test's own, so nothing here waits."""

from __future__ import annotations

import threading

import pytest
from dishwasher.ports import Message, Queue, Topic

from tests.contract.race import race
from tests.fakes.clock import FakeClock

JOBS = Topic.JOBS


def heard(queue: Queue, topic: Topic = JOBS) -> str | None:
    message = queue.take(topic, 0)
    return None if message is None else message.key


def taken(queue: Queue, topic: Topic = JOBS) -> Message:
    message = queue.take(topic, 0)
    assert message is not None
    return message


def test_a_bell_is_heard_once_on_its_topic(queue: Queue) -> None:
    queue.ring(JOBS, "b1.tests")
    assert heard(queue, Topic.REPORTS) is None
    message = taken(queue)
    assert (message.topic, message.key) == (JOBS, "b1.tests")
    assert heard(queue) is None


def test_topics_do_not_share_their_keys(queue: Queue) -> None:
    for topic in Topic:
        queue.ring(topic, "same")
    for topic in Topic:
        queue.done(taken(queue, topic))
        assert heard(queue, topic) is None


def test_a_bell_rung_often_is_one_message(one_bell: Queue) -> None:
    for _ in range(5):
        one_bell.ring(JOBS, "job")
    one_bell.done(taken(one_bell))
    assert heard(one_bell) is None


def test_the_bell_rung_first_is_heard_first(one_bell: Queue, clock: FakeClock) -> None:
    for key in ("b", "c", "a"):
        one_bell.ring(JOBS, key)
        clock.advance(0.001)
    one_bell.ring(JOBS, "b")
    assert [heard(one_bell), heard(one_bell), heard(one_bell), heard(one_bell)] == [
        "b",
        "c",
        "a",
        None,
    ]


def test_what_is_done_does_not_come_back(one_bell: Queue, clock: FakeClock) -> None:
    one_bell.ring(JOBS, "job")
    one_bell.done(taken(one_bell))
    clock.advance(3600)
    assert heard(one_bell) is None


def test_what_is_not_done_comes_back(one_bell: Queue, clock: FakeClock) -> None:
    one_bell.ring(JOBS, "job")
    first = taken(one_bell)
    clock.advance(59)
    assert heard(one_bell) is None
    clock.advance(2)
    second = taken(one_bell)
    assert second.key == "job"
    one_bell.done(second)
    one_bell.done(first)
    clock.advance(3600)
    assert heard(one_bell) is None


def test_who_was_given_up_can_not_end_it_for_the_next(one_bell: Queue, clock: FakeClock) -> None:
    one_bell.ring(JOBS, "job")
    first = taken(one_bell)
    clock.advance(61)
    taken(one_bell)
    one_bell.done(first)
    clock.advance(61)
    assert heard(one_bell) == "job"


def test_an_old_receipt_does_not_end_a_new_message(one_bell: Queue, clock: FakeClock) -> None:
    one_bell.ring(JOBS, "job")
    first = taken(one_bell)
    one_bell.done(first)
    one_bell.ring(JOBS, "job")
    taken(one_bell)
    one_bell.done(first)
    clock.advance(61)
    assert heard(one_bell) == "job"


def test_a_bell_rung_while_taken_rings_when_that_is_done(one_bell: Queue) -> None:
    one_bell.ring(JOBS, "job")
    message = taken(one_bell)
    one_bell.ring(JOBS, "job")
    assert heard(one_bell) is None
    one_bell.done(message)
    one_bell.done(taken(one_bell))
    assert heard(one_bell) is None


def test_a_bell_rung_while_taken_keeps_its_delay(one_bell: Queue, clock: FakeClock) -> None:
    one_bell.ring(JOBS, "job")
    message = taken(one_bell)
    one_bell.ring(JOBS, "job", delay=900)
    one_bell.ring(JOBS, "job", delay=300)
    one_bell.ring(JOBS, "job", delay=600)
    one_bell.done(message)
    clock.advance(299)
    assert heard(one_bell) is None
    clock.advance(2)
    one_bell.done(taken(one_bell))
    clock.advance(3600)
    assert heard(one_bell) is None


def test_a_delayed_bell_rung_by_who_then_dies_does_not_delay(
    one_bell: Queue, clock: FakeClock
) -> None:
    one_bell.ring(JOBS, "job")
    taken(one_bell)
    one_bell.ring(JOBS, "job", delay=900)
    clock.advance(61)
    assert heard(one_bell) == "job"


def test_who_was_given_up_and_not_replaced_may_still_end_it(
    one_bell: Queue, clock: FakeClock
) -> None:
    one_bell.ring(JOBS, "job")
    message = taken(one_bell)
    clock.advance(61)
    one_bell.ring(JOBS, "job")
    one_bell.done(message)
    one_bell.done(taken(one_bell))
    assert heard(one_bell) is None


def test_a_delayed_bell_is_heard_in_its_time(one_bell: Queue, clock: FakeClock) -> None:
    one_bell.ring(JOBS, "late", delay=10)
    assert heard(one_bell) is None
    one_bell.ring(JOBS, "soon")
    assert heard(one_bell) == "soon"
    clock.advance(9.5)
    assert heard(one_bell) is None
    clock.advance(0.5)
    assert heard(one_bell) == "late"


@pytest.mark.parametrize("delays", [(10, 5), (5, 10), (5, 5)])
def test_the_earlier_of_two_delays_counts(
    one_bell: Queue, clock: FakeClock, delays: tuple[float, float]
) -> None:
    for delay in delays:
        one_bell.ring(JOBS, "job", delay=delay)
    clock.advance(4.9)
    assert heard(one_bell) is None
    clock.advance(0.1)
    one_bell.done(taken(one_bell))
    clock.advance(3600)
    assert heard(one_bell) is None


@pytest.mark.parametrize("key", ["", "é/\U0001f600", "a\0b", "'; --", "x" * 5000, "\ud800"])
def test_any_text_can_be_a_key(queue: Queue, key: str, clock: FakeClock) -> None:
    queue.ring(JOBS, key)
    message = taken(queue)
    assert message.key == key
    queue.done(message)
    clock.advance(61)
    assert heard(queue) is None


def test_each_message_has_one_taker(shared_queue: Queue) -> None:
    keys = {f"job {number}" for number in range(100)}
    for key in keys:
        shared_queue.ring(JOBS, key)

    def work(_: int) -> list[str]:
        mine = []
        while message := shared_queue.take(JOBS, 0):
            mine.append(message.key)
            shared_queue.done(message)
        return mine

    heard = [key for mine in race(4, work) for key in mine]
    assert sorted(heard) == sorted(keys)


def test_no_ring_is_lost_between_threads(shared_queue: Queue) -> None:
    """Whoever rings after changing the truth can rely on a look that begins later."""
    truth = [0, 0, 0]
    looked = [-1, -1, -1]
    over = threading.Event()

    def ring(number: int) -> None:
        for value in range(1, 51):
            truth[number] = value
            shared_queue.ring(JOBS, str(number))

    def look() -> None:
        while (message := shared_queue.take(JOBS, 0)) or not over.is_set():
            if message is not None:
                looked[int(message.key)] = truth[int(message.key)]
                shared_queue.done(message)

    lookers = [threading.Thread(target=look) for _ in range(2)]
    for looker in lookers:
        looker.start()
    try:
        race(3, ring)
    finally:
        over.set()
        for looker in lookers:
            looker.join(timeout=30)
    assert looked == truth == [50, 50, 50]
