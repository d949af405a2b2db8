"""Time and chance."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """Time and chance: what makes a program unpredictable, behind one door."""

    def now(self) -> float:
        """Seconds since the epoch."""
        ...

    def secret(self) -> str:
        """A new unguessable text of at least 128 bits, safe in URLs."""
        ...
