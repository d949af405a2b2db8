"""What AWS does with a queue that feeds a function: batches, partial failures, visibility."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

from tests.aws_local.function import Outcome
from tests.aws_local.stack import REGION, Source
from tests.aws_local.weather import CALM, Fate, Weather

WAIT = 2
"""Seconds of one long poll: what a stop waits for at most."""


class Poller:
    """Threads that take from the queue; each message is deleted, or left to come back."""

    def __init__(
        self,
        source: Source,
        sqs: Any,
        invoke: Callable[[bytes], Outcome],
        threads: int,
        weather: Weather = CALM,
    ) -> None:
        self._source, self._sqs, self._invoke = source, sqs, invoke
        self._weather = weather
        self._stopping = threading.Event()
        name = f"poll {source.function}"
        self._threads = [
            threading.Thread(target=self._run, name=name, daemon=True)
            for _ in range(min(threads, source.concurrency))
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopping.set()

    def join(self) -> None:
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        while not self._stopping.is_set():
            try:
                self._turn()
            except (BotoCoreError, ClientError):
                # The messages that it had show again; so does this poller, in a moment.
                self._stopping.wait(0.5)

    def _turn(self) -> None:
        answer = self._sqs.receive_message(
            QueueUrl=self._source.queue_url,
            MaxNumberOfMessages=self._source.batch,
            WaitTimeSeconds=WAIT,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        messages = [one for one in answer.get("Messages", []) if self._arrives(one)]
        if not messages:
            return
        records = [self._record(message) for message in messages]
        outcome = self._invoke(json.dumps({"Records": records}).encode())
        for message in messages:
            if message["MessageId"] not in failed(outcome, [one["messageId"] for one in records]):
                self._sqs.delete_message(
                    QueueUrl=self._source.queue_url, ReceiptHandle=message["ReceiptHandle"]
                )

    def _arrives(self, message: dict[str, Any]) -> bool:
        queue, fate = self._source.queue_url, self._weather.fate()
        if fate is Fate.TWICE:
            self._sqs.send_message(QueueUrl=queue, MessageBody=message["Body"])
        elif fate is Fate.LATE:
            self._sqs.change_message_visibility(
                QueueUrl=queue,
                ReceiptHandle=message["ReceiptHandle"],
                VisibilityTimeout=self._weather.delay(),
            )
        elif fate is Fate.LOST:
            self._sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return fate not in (Fate.LATE, Fate.LOST)

    def _record(self, message: dict[str, Any]) -> dict[str, Any]:
        queue = self._source.queue_url.rpartition("/")[2]
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message.get("Attributes", {}),
            "messageAttributes": {},
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": f"arn:aws:sqs:{REGION}:123456789012:{queue}",
            "awsRegion": REGION,
        }


def failed(outcome: Outcome, all: list[str]) -> frozenset[str]:
    """Ids of messages that come back. Whatever is no list of them is a failure of the whole batch.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    """
    if outcome.error:
        return frozenset(all)
    said = outcome.payload or {}
    ids = [one.get("itemIdentifier") for one in said.get("batchItemFailures") or ()]
    return frozenset(ids) if set(ids) <= set(all) else frozenset(all)
