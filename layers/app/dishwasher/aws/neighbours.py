"""On whose behalf a bell is rung: the repository, as far as this process has come across it.

Bells carry a delivery, a job or a build, and none of these names its repository. Whoever rings has
just read or stored what it rings for, so that this costs no read; where it did not, as the reaper
for a job, the build stands for its repository.
"""

from __future__ import annotations

import threading
from typing import Protocol, TypeVar, runtime_checkable

from dishwasher.core.event import Event
from dishwasher.ports import Record, Store, Topic

R = TypeVar("R", bound=Record)

KNOWN = 1000
"""Builds and deliveries that are remembered: an environment of Lambda lives for hours."""


@runtime_checkable
class Told(Protocol):
    """What came of an event: a delivery, a build."""

    @property
    def event(self) -> Event | None: ...


class Neighbours:
    """A store that remembers whose the records are that go through it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, str] = {}
        self._lock = threading.Lock()

    def __call__(self, topic: Topic, key: str) -> str:
        """For `SqsQueue`: the repository's id, or else the build's."""
        # A job's id is its build's with a number.
        build = key.rpartition("-")[0]
        return self._known.get(key) or self._known.get(build) or build or key

    def get(self, kind: type[R], id: str) -> R | None:
        found = self._store.get(kind, id)
        if found is not None:
            self._note(found)
        return found

    def save(self, *records: Record) -> None:
        self._note(*records)
        self._store.save(*records)

    def group(self, kind: type[R], group: str) -> tuple[R, ...]:
        found = self._store.group(kind, group)
        self._note(*found)
        return found

    def latest(
        self, kind: type[R], group: str, limit: int, before: str | None = None
    ) -> tuple[R, ...]:
        return self._store.latest(kind, group, limit, before)

    def due(self, kind: type[R], now: float, limit: int) -> tuple[R, ...]:
        found = self._store.due(kind, now, limit)
        self._note(*found)
        return found

    def _note(self, *records: Record) -> None:
        for record in records:
            if isinstance(record, Told) and record.event is not None:
                with self._lock:
                    self._known.pop(record.id, None)
                    self._known[record.id] = str(record.event.repository.id)
                    while len(self._known) > KNOWN:
                        del self._known[next(iter(self._known))]
