"""The Store port over a dict."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, TypeVar, cast

from dishwasher.errors import Conflict
from dishwasher.ports import Record

R = TypeVar("R", bound=Record)


class MemoryStore:
    """Records by kind and id; they are frozen, so they are kept as they are."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, Record]] = {}

    def get(self, kind: type[R], id: str) -> R | None:
        return cast("R | None", self._rows.get(kind.KIND, {}).get(id))

    def save(self, *records: Record) -> None:
        undo: list[tuple[dict[str, Record], str, Record | None]] = []
        try:
            for record in records:
                undo.append(self._put(record))
        except Conflict:
            for rows, id, before in reversed(undo):
                rows.pop(id) if before is None else rows.update({id: before})
            raise

    def group(self, kind: type[R], group: str) -> tuple[R, ...]:
        found = (record for record in self.all(kind) if group and record.group == group)
        return tuple(sorted(found, key=lambda record: record.id))

    def latest(
        self, kind: type[R], group: str, limit: int, before: str | None = None
    ) -> tuple[R, ...]:
        found = [one for one in self.group(kind, group) if before is None or one.id < before]
        return tuple(found[::-1][:limit])

    def due(self, kind: type[R], now: float, limit: int) -> tuple[R, ...]:
        found = (record for record in self.all(kind) if 0 < record.due <= now)
        return tuple(sorted(found, key=lambda record: (record.due, record.id))[:limit])

    def all(self, kind: type[R]) -> Iterator[R]:
        """Every record of the kind: for what a test wants to know at its end."""
        return cast("Iterator[R]", iter(tuple(self._rows.get(kind.KIND, {}).values())))

    def _put(self, record: Record) -> tuple[dict[str, Record], str, Record | None]:
        """Store it; answers where, and what was there before."""
        rows = self._rows.setdefault(record.KIND, {})
        before = rows.get(record.id)
        if record.version != (0 if before is None else before.version):
            raise Conflict(f"{record.KIND} {record.id} is not at version {record.version} any more")
        rows[record.id] = cast(Record, replace(cast(Any, record), version=record.version + 1))
        return rows, record.id, before
