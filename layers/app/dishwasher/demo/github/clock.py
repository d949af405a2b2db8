"""The stand-in's clock: real time, plus what a test has advanced it by."""

from __future__ import annotations

import time
from datetime import UTC, datetime

__all__ = ["Clock", "iso"]


class Clock:
    """Seconds since the epoch. `advance` makes tokens expire and limits reset without waiting."""

    def __init__(self) -> None:
        self._offset = 0.0

    @property
    def offset(self) -> float:
        return self._offset

    def now(self) -> float:
        return time.time() + self._offset

    def advance(self, seconds: float) -> None:
        self._offset += seconds


def iso(moment: float) -> str:
    """GitHub's timestamp: whole seconds, UTC, `Z`."""
    return datetime.fromtimestamp(int(moment), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
