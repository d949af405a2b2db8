"""The queue, which is only a bell."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Topic(StrEnum):
    DELIVERIES = "deliveries"
    JOBS = "jobs"
    REPORTS = "reports"


class Bells(Protocol):
    """The queue as the flows see it: "look at this". May be lost, doubled, late, out of order."""

    def ring(self, topic: Topic, key: str, delay: float = 0.0) -> None: ...


@dataclass(frozen=True, slots=True)
class Message:
    """A bell that was heard; `receipt` is the queue's own."""

    topic: Topic
    key: str
    receipt: str


class Queue(Bells, Protocol):
    """The queue as a worker loop sees it.

    Rings for one key are one message in the embedded mode and several with SQS, where two workers
    may look at the same thing at once.
    """

    def take(self, topic: Topic, wait: float) -> Message | None:
        """The next message, hidden from others for a while; None when none came in time (s)."""
        ...

    def done(self, message: Message) -> None:
        """Handled; a bell rung since it was taken rings again."""
        ...
