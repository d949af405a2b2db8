"""The Queue port over standard queues of SQS, one for each topic.

A bell may ring twice, late or out of order, as the port allows; two rings are two messages. In
Lambda the event source mapping takes and ends messages, and `key_of` reads them. `take` and `done`
are for a poller on one machine. What was not done comes back after the queue's own visibility
timeout, and goes to its dead-letter queue after the queue's own count; the reaper rings again.

Actions: SendMessage; for a poller ReceiveMessage and DeleteMessage.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from dishwasher.aws.clients import Clients
from dishwasher.aws.faults import code, faults
from dishwasher.ports import Message, Topic

_log = logging.getLogger(__name__)

MAX_DELAY = 900
"""Seconds: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html

A bell for later than that rings too early. Whoever hears it finds nothing to do yet, and the reaper
rings when the table says that it is due.
"""
LONG_POLL = 20
"""Seconds that one call may wait: the same documentation, API_ReceiveMessage."""
_GROUP = re.compile(r"[A-Za-z0-9!-/:-@\[-`{-~]{1,128}")
"""https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html"""

Neighbour = Callable[[Topic, str], str]
"""Topic and key → on whose behalf it is rung: a repository."""


class SqsQueue:
    """Safe for several threads."""

    def __init__(
        self, clients: Clients, urls: Mapping[Topic, str], neighbour: Neighbour | None = None
    ) -> None:
        """`urls` need only the topics that are used.

        Queues are fair between neighbours: what one of them piles up does not make others wait.
        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html
        """
        self._clients, self._urls, self._neighbour = clients, dict(urls), neighbour

    def ring(self, topic: Topic, key: str, delay: float = 0.0) -> None:
        group = self._neighbour(topic, key) if self._neighbour is not None else ""
        fair: Any = {"MessageGroupId": _group(group)} if group else {}
        with faults(f"can not ring for {topic} {key}", writes=True):
            self._clients.sqs.send_message(
                QueueUrl=self._urls[topic],
                MessageBody=body_of(key),
                DelaySeconds=min(max(math.ceil(delay), 0), MAX_DELAY),
                **fair,
            )

    def take(self, topic: Topic, wait: float) -> Message | None:
        end = time.monotonic() + wait
        while True:
            left = end - time.monotonic()
            with faults(f"can not take what is rung for {topic}"):
                answer = self._clients.sqs.receive_message(
                    QueueUrl=self._urls[topic],
                    MaxNumberOfMessages=1,
                    WaitTimeSeconds=min(max(math.ceil(left), 0), LONG_POLL),
                )
            for message in answer.get("Messages", []):
                try:
                    return Message(topic, key_of(message["Body"]), message["ReceiptHandle"])
                except ValueError:
                    # Not ours; it goes to the dead-letter queue, where somebody may look at it.
                    _log.error("a message for %s makes no sense: %s", topic, message["MessageId"])
            if time.monotonic() >= end:
                return None

    def done(self, message: Message) -> None:
        with faults(f"can not end what was rung for {message.topic}", writes=True):
            try:
                self._clients.sqs.delete_message(
                    QueueUrl=self._urls[message.topic], ReceiptHandle=message.receipt
                )
            except ClientError as error:
                # Given up meanwhile, or gone; whoever has it now ends it.
                if code(error) not in ("ReceiptHandleIsInvalid", "InvalidParameterValue"):
                    raise


def body_of(key: str) -> str:
    """In JSON's ASCII: SQS takes neither an empty body nor every character."""
    return json.dumps({"key": key})


def key_of(body: str) -> str:
    """The key in a message's body; raises ValueError for what is none of ours."""
    try:
        key = json.loads(body)["key"]
    except (KeyError, TypeError) as error:
        raise ValueError("a message without a key") from error
    if not isinstance(key, str):
        raise ValueError("a message whose key is no text")
    return key


def _group(text: str) -> str:
    if _GROUP.fullmatch(text):
        return text
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
