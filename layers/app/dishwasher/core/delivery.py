"""One webhook POST, stored once by its GUID.

What is stored is the normalised event, not the body: it is small enough for a row whatever GitHub
sent (25 MB at most, where DynamoDB's rows end at 400 KB), and a malformed body is refused by the
request that brings it instead of failing later where nobody looks.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from dishwasher.core.access import Change
from dishwasher.core.event import Event

MAX_BODY = 25 * 1024 * 1024
"""GitHub caps payloads at 25 MB: https://docs.github.com/en/webhooks/webhook-events-and-payloads"""
GIVE_UP_AFTER = 3 * 24 * 3600.0
"""Seconds; GitHub itself forgets a delivery after three days."""
REFUSALS = 3
"""Looks after which GitHub's refusal is believed: one 403 may be a passing fault of its own."""
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
    name: str
    """GitHub's name of the event, for people."""
    received: float
    """Seconds since the epoch."""
    event: Event | None
    """None where nothing is planned."""
    stage: Stage = Stage.RECEIVED
    reason: str = ""
    """Why nothing came of it, or what it still waits for."""
    build: str = ""
    refused: int = 0
    """How often GitHub refused what is needed to plan it."""
    change: Change | None = None
    """What it says of where the App may act; `event` is None then."""
    due: float = 0.0
    version: int = 0

    @property
    def group(self) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class Watermark:
    """Up to when GitHub's own log of deliveries was looked through for failed ones."""

    KIND: ClassVar[str] = "watermark"

    id: str
    time: float = 0.0
    """Seconds since the epoch."""
    given_up: tuple[str, ...] = ()
    """GUIDs of the last ones that GitHub could not hand over however often it tried."""
    due: float = 0.0
    version: int = 0

    @property
    def group(self) -> str:
        return ""
