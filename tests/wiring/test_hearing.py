"""What becomes of a message on AWS: handled, rung anew under a limit, or shown again later."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from dishwasher.errors import Conflict, InfraError, Throttled
from dishwasher.ports import Topic
from dishwasher.wiring.hearing import ENOUGH, LONGEST, Hearing

from tests.fakes.clock import FakeClock
from tests.fakes.queue import MemoryQueue


@dataclass
class Attributes:
    approximate_receive_count: str = "1"


@dataclass
class Record:
    body: str = '{"key": "job-1"}'
    receipt_handle: str = "receipt"
    attributes: Attributes = field(default_factory=Attributes)


class Queue:
    """One topic, and what was postponed."""

    def __init__(self, handle: Callable[[str], None]) -> None:
        self.clock, self.postponed = FakeClock(), dict[str, int]()
        self.bells = MemoryQueue(self.clock)
        self.hear = Hearing(
            *(Topic.JOBS, handle, self.bells, self.clock, self.postponed.__setitem__),
            lambda body: str(json.loads(body)["key"]),
        )


def failing(fault: Exception) -> Callable[[str], None]:
    def handle(key: str) -> None:
        raise fault

    return handle


def test_the_flow_gets_the_key() -> None:
    keys: list[str] = []
    queue = Queue(keys.append)
    queue.hear(Record())
    assert (keys, queue.postponed) == (["job-1"], {})


def test_under_a_limit_the_bell_rings_anew_and_the_message_is_done() -> None:
    clock = FakeClock()
    queue = Queue(failing(Throttled("a limit", clock.now() + 30)))
    queue.hear(Record())
    assert queue.bells.take(Topic.JOBS, 0) is None
    queue.clock.advance(31)
    message = queue.bells.take(Topic.JOBS, 0)
    assert message is not None
    assert (message.key, queue.postponed) == ("job-1", {})


@dataclass
class Invocation:
    seconds: float

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


def test_what_the_invocation_has_no_time_left_for_is_rung_anew() -> None:
    keys: list[str] = []
    queue = Queue(keys.append)
    queue.hear(Record(), Invocation(ENOUGH))
    assert keys == ["job-1"]
    queue.hear(Record(), Invocation(ENOUGH - 1))
    queue.clock.advance(1)
    message = queue.bells.take(Topic.JOBS, 0)
    assert message is not None
    assert (message.key, keys, queue.postponed) == ("job-1", ["job-1"], {})


def test_powertools_tells_how_much_time_is_left() -> None:
    batch = pytest.importorskip("aws_lambda_powertools.utilities.batch")
    keys: list[str] = []
    queue = Queue(keys.append)
    record = {
        "eventSource": "aws:sqs",
        "messageId": "1",
        "body": '{"key": "job-1"}',
        "receiptHandle": "receipt",
        "attributes": {"ApproximateReceiveCount": "1"},
    }
    for seconds in (ENOUGH + 1, ENOUGH - 1):
        processor = batch.BatchProcessor(batch.EventType.SQS, raise_on_entire_batch_failure=False)
        event, context = {"Records": [record]}, Invocation(seconds)
        said = batch.process_partial_response(event, queue.hear, processor, context)
        assert said == {"batchItemFailures": []}
    queue.clock.advance(1)
    assert keys == ["job-1"]
    assert queue.bells.take(Topic.JOBS, 0) is not None


def test_a_lost_write_is_tried_again_in_a_second() -> None:
    queue = Queue(failing(Conflict("another writer")))
    with pytest.raises(Conflict):
        queue.hear(Record())
    assert queue.postponed == {"receipt": 1}


@pytest.mark.parametrize(("times", "seconds"), [(1, 2), (3, 8), (9, LONGEST), (900, LONGEST)])
@pytest.mark.parametrize("fault", [InfraError("GitHub is down"), KeyError("a bug")])
def test_a_failure_is_logged_and_tried_again_after_longer_and_longer(
    times: int, seconds: int, fault: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    queue = Queue(failing(fault))
    with pytest.raises(type(fault)):
        queue.hear(Record(attributes=Attributes(str(times))))
    assert queue.postponed == {"receipt": seconds}
    assert f"jobs job-1 failed; next try in {seconds} s" in caplog.text


def test_a_message_that_is_none_of_ours_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ValueError):
        Queue(failing(AssertionError())).hear(Record(body="hello"))
    assert "hello" in caplog.text


def test_a_queue_that_takes_no_word_hides_nothing_of_what_failed() -> None:
    queue = Queue(failing(Conflict("another writer")))

    def broken(receipt: str, seconds: int) -> None:
        raise InfraError("SQS is down")

    with pytest.raises(Conflict):
        Hearing(
            *(Topic.JOBS, queue.hear.handle, queue.bells, queue.clock, broken), queue.hear.read
        )(Record())
