"""Which builds are old enough, or too many, to be kept; decided from what is known of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

DAY = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Keep:
    """How much of the past stays; 0 for all of it."""

    days: float = 90.0
    bytes: int = 50 * 1024**3
    """Of logs, artifacts and results together."""


@dataclass(frozen=True, slots=True)
class Stock:
    """A build as the retention sees it."""

    build: str
    created: float
    """Seconds since the epoch."""
    bytes: int
    busy: bool
    """Something of it still runs, waits, or is to be reported: it is never removed."""
    home: str = ""
    """The repository, where it was a push to its default branch; empty elsewhere."""


def overdue(stocks: Iterable[Stock], now: float, keep: Keep) -> tuple[str, ...]:
    """The builds to remove, oldest first.

    Age spares the last build of a default branch, which badges and pages show; room does not.
    """
    newest_first = sorted(stocks, key=lambda one: (-one.created, one.build))
    removed: list[str] = []
    seen: set[str] = set()
    total = 0
    for one in newest_first:
        latest = bool(one.home) and one.home not in seen
        seen.add(one.home)
        total += one.bytes
        if one.busy:
            continue
        old = 0 < keep.days * DAY < now - one.created and not latest
        # What takes no room does not help to make any.
        if old or (one.bytes and 0 < keep.bytes < total):
            removed.append(one.build)
            total -= one.bytes
    return tuple(reversed(removed))
