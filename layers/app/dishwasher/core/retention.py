"""Which builds are old enough, or too many, to be kept; decided from what is known of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

DAY = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Keep:
    """How much of the past stays; 0 for all of it."""

    days: float = 90.0
    bytes: int = 50 * 1024**3
    """Of logs, artifacts and results together."""

    def horizon(self, now: float) -> float:
        """What is from before this time, in seconds since the epoch, is old; 0 for nothing."""
        return max(now - self.days * DAY, 0.0) if self.days else 0.0


@dataclass(frozen=True, slots=True)
class Stock:
    """A build as the retention sees it."""

    entry: str
    """Id of its line in the repository's list: these sort by the time of planning."""
    bytes: int
    busy: bool
    """Something of it still runs, waits, or is to be reported: it is never removed."""
    latest: bool = False
    """The last push to a default branch, which badges and pages show."""

    @property
    def build(self) -> str:
        return self.entry.partition(".")[2]


def aged(old: Iterable[Stock]) -> Iterator[Stock]:
    """Those to remove of the builds that are too old."""
    return (one for one in old if not (one.busy or one.latest))


def surplus(oldest_first: Iterable[Stock], total: int, keep: Keep) -> Iterator[Stock]:
    """Those to remove until the files of the others fit; reads no further than it has to.

    `total` is of all builds, in bytes. Here the last of a default branch is as good as any.
    """
    for one in oldest_first:
        if not 0 < keep.bytes < total:
            return
        # What takes no room does not help to make any.
        if one.bytes and not one.busy:
            total -= one.bytes
            yield one
