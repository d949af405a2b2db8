"""When a repository's schedules are due, as the file of its default branch says."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

from dishwasher.core.config import Schedule
from dishwasher.core.event import NO_COMMIT, Event, EventKind, Repository


@dataclass(frozen=True, slots=True)
class Entry:
    """One schedule and its next time."""

    name: str
    cron: str
    branch: str
    next: float
    """Seconds since the epoch; 0 for never."""


@dataclass(frozen=True, slots=True)
class Timetable:
    KIND: ClassVar[str] = "timetable"

    id: str
    """The repository's id."""
    repository: Repository
    entries: tuple[Entry, ...] = ()
    pushed_at: int = 0
    """GitHub's time of the push that brought it: an older one must not take its place."""
    due: float = 0.0
    version: int = 0

    @property
    def group(self) -> str:
        return ""


Following = Callable[[str, float], float]
"""A time of cron and a moment → the next moment after it that fits, 0 for none."""


def renewed(
    table: Timetable, event: Event, schedules: tuple[Schedule, ...], now: float, next: Following
) -> Timetable:
    """The table after a push to the default branch; what stays as it was keeps its next time."""
    known = {(entry.name, entry.cron, entry.branch): entry for entry in table.entries}
    entries = tuple(
        known.get((one.name, one.cron, one.branch))
        or Entry(one.name, one.cron, one.branch, next(one.cron, now))
        for one in schedules
    )
    return _due(
        replace(table, repository=event.repository, entries=entries, pushed_at=event.pushed_at)
    )


def passed(table: Timetable, now: float, next: Following) -> tuple[Timetable, tuple[Event, ...]]:
    """What is due, once each however often its time has passed, and the table after that."""
    due = [entry for entry in table.entries if 0.0 < entry.next <= now]
    entries = tuple(
        replace(entry, next=next(entry.cron, now)) if entry in due else entry
        for entry in table.entries
    )
    events = tuple(_event(table, entry) for entry in due)
    return _due(replace(table, entries=entries)), events


def _event(table: Timetable, entry: Entry) -> Event:
    name = hashlib.sha256(entry.name.encode()).hexdigest()[:12]
    return Event(
        kind=EventKind.SCHEDULE,
        # Follows from what is due, so that it is one delivery whoever notices it.
        delivery=f"schedule-{table.id}-{name}-{int(entry.next)}",
        repository=table.repository,
        sender="",
        sha=NO_COMMIT,
        branch=entry.branch or table.repository.default_branch,
        schedule=entry.name,
    )


def _due(table: Timetable) -> Timetable:
    return replace(table, due=min((one.next for one in table.entries if one.next), default=0.0))
