"""One webhook POST, stored once by its GUID."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

MAX_BODY = 25 * 1024 * 1024
"""GitHub caps payloads at 25 MB: https://docs.github.com/en/webhooks/webhook-events-and-payloads"""
INLINE_BODY = 100 * 1024
"""A larger body is a blob, so that rows stay far below DynamoDB's 400 KB."""
REPLAN_AFTER = 30.0
"""Seconds after which a delivery that is still only received gets its bell rung again."""


class Stage(StrEnum):
    RECEIVED = "received"
    PLANNED = "planned"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class Delivery:
    KIND: ClassVar[str] = "delivery"

    id: str
    event: str
    received: float
    body: str | None
    """The JSON text, or None where it is the blob `deliveries/<id>`."""
    stage: Stage = Stage.RECEIVED
    reason: str = ""
    build: str = ""
    tries: int = 0
    due: float = 0.0
    version: int = 0

    @property
    def group(self) -> str:
        return ""

    @property
    def blob(self) -> str:
        return f"deliveries/{self.id}"
