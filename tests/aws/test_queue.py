"""What SQS adds to a queue: its limits, its fairness, messages that are nobody's."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from dishwasher.errors import Ambiguous, InfraError
from dishwasher.ports import Message, Topic

from tests.aws.emulator import REGION, Emulator
from tests.aws.lossy import Line, first, line, lost

if TYPE_CHECKING:
    from dishwasher.aws.queue import SqsQueue

pytestmark = pytest.mark.slow
JOBS = Topic.JOBS
WHOSE = {"": "", "é": "é", "plain": "4711"}


class House:
    def __init__(self, emulator: Emulator, line: Line) -> None:
        from dishwasher.aws.clients import Clients
        from dishwasher.aws.queue import SqsQueue

        self.emulator, self.line = emulator, line
        self.urls = emulator.queues(VisibilityTimeout="0")
        near = {topic: url.replace(emulator.url, line.url) for topic, url in self.urls.items()}
        self.queue: SqsQueue = SqsQueue(
            Clients(REGION, line.url), near, lambda topic, key: WHOSE.get(key, "repo 7")
        )

    def messages(self, **words: Any) -> list[Any]:
        answer = self.emulator.clients.sqs.receive_message(
            QueueUrl=self.urls[JOBS], MessageSystemAttributeNames=["All"], **words
        )
        return list(answer.get("Messages", []))


@pytest.fixture
def house(emulator: Emulator) -> Iterator[House]:
    with line(emulator.url) as found:
        yield House(emulator, found)


@pytest.mark.parametrize("delay, sent", [(0, 0), (0.2, 1), (899.5, 900), (5000, 900), (-3, 0)])
def test_a_delay_is_never_shorter_and_never_longer_than_sqs_can(
    house: House, delay: float, sent: int
) -> None:
    seen: list[int] = []

    def look(asked: Any, answer: Any) -> Any:
        seen.append(asked.words["DelaySeconds"])
        return answer

    house.line.reply = look
    house.queue.ring(JOBS, "job", delay)
    assert seen == [sent]


@pytest.mark.parametrize("key", ["b1.tests", "é"])
def test_who_is_rung_for_is_the_message_group_in_letters_that_sqs_takes(
    house: House, key: str
) -> None:
    house.queue.ring(JOBS, key)
    (message,) = house.messages()
    whose = message["Attributes"]["MessageGroupId"]
    assert whose == hashlib.sha256(WHOSE.get(key, "repo 7").encode()).hexdigest()


def test_a_repository_s_number_is_a_message_group_as_it_is(house: House) -> None:
    house.queue.ring(JOBS, "plain")
    (message,) = house.messages()
    assert message["Attributes"]["MessageGroupId"] == "4711"


def test_nobody_in_particular_is_no_group(house: House) -> None:
    house.queue.ring(JOBS, "")
    (message,) = house.messages()
    assert "MessageGroupId" not in message["Attributes"]


def test_what_is_not_done_is_taken_again_and_what_is_done_is_not(house: House) -> None:
    house.queue.ring(JOBS, "job")
    for _ in range(2):
        message = house.queue.take(JOBS, 0)
        assert message is not None
        assert message.key == "job"
    house.queue.done(message)
    house.queue.done(message)
    assert house.queue.take(JOBS, 0) is None


def test_a_receipt_that_sqs_does_not_know_is_harmless(house: House) -> None:
    house.queue.done(Message(JOBS, "job", "never given"))


@pytest.mark.parametrize("body", ["not JSON", "[]", '{"name": "x"}', '{"key": 7}'])
def test_a_message_that_is_not_ours_is_left_and_the_next_one_taken(
    house: House, body: str, caplog: pytest.LogCaptureFixture
) -> None:
    url = house.urls[JOBS]
    house.emulator.clients.sqs.set_queue_attributes(
        QueueUrl=url, Attributes={"VisibilityTimeout": "30"}
    )
    house.emulator.clients.sqs.send_message(QueueUrl=url, MessageBody=body)
    house.queue.ring(JOBS, "job")
    message = house.queue.take(JOBS, 1)
    assert message is not None
    assert message.key == "job"
    assert "makes no sense" in caplog.text


def test_waiting_ends_in_time(house: House) -> None:
    assert house.queue.take(JOBS, 0.1) is None


def test_a_bell_that_may_have_rung_is_in_doubt(house: House) -> None:
    house.line.reply = first(100, "SendMessage", lost)
    with pytest.raises(Ambiguous, match="can not ring for jobs job"):
        house.queue.ring(JOBS, "job")


def test_a_queue_that_is_not_there_is_an_infra_error(house: House) -> None:
    house.emulator.clients.sqs.delete_queue(QueueUrl=house.urls[JOBS])
    with pytest.raises(InfraError, match="does not exist"):
        house.queue.ring(JOBS, "job")
    with pytest.raises(InfraError, match="does not exist"):
        house.queue.done(Message(JOBS, "job", "x"))
