"""Clock, table and files of the simulated world: memory, with faults around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from dishwasher.core.codec import encode
from dishwasher.errors import InfraError
from dishwasher.ports import Record

from tests.fakes.blobs import MemoryBlobs
from tests.sim.laws import Laws
from tests.sim.world import World

R = TypeVar("R", bound=Record)

INDEX_LAG = 20.0
"""Seconds that an index may lag behind its table."""


@dataclass(frozen=True, slots=True)
class SimClock:
    """The time as the actor that asks believes it to be."""

    world: World

    def now(self) -> float:
        return self.world.now + self.world.baton.current.skew

    def secret(self) -> str:
        return f"{self.world.random.getrandbits(128):032x}"


class SimStore:
    """A table whose answers get lost, and whose lists of due records lag behind."""

    def __init__(self, world: World, laws: Laws) -> None:
        self._world = world
        self._watch = laws.watch
        self.rows = laws.rows
        self._before: dict[tuple[str, str], tuple[float, Record]] = {}

    def get(self, kind: type[R], id: str) -> R | None:
        self._world.point("get", kind.KIND, id)
        self._fail("table_before")
        return self.rows.get(kind, id)

    def save(self, *records: Record) -> None:
        world = self._world
        world.point("save", *(f"{record.KIND}:{record.id}" for record in records))
        self._fail("table_before")
        before = [self.rows.get(type(record), record.id) for record in records]
        self.commit(*records)
        for old, new in zip(before, records, strict=True):
            if old is not None:
                self._before[new.KIND, new.id] = (world.now, old)
            if world.trace is not None:
                world.tell("stored", *_changes(old, new))
        for old, new in zip(before, records, strict=True):
            self._watch(old, new)
        if self._fail("table_after", quietly=True):
            world.sometimes("a write was done and its answer lost")
            raise InfraError("the table did not answer (it has written)")

    def commit(self, *records: Record) -> None:
        """Compare and set; apart, so that a mutant can leave it out."""
        self.rows.save(*records)

    def group(self, kind: type[R], group: str) -> tuple[R, ...]:
        self._world.point("group", kind.KIND, group)
        self._fail("table_before")
        return self.rows.group(kind, group)

    def latest(
        self, kind: type[R], group: str, limit: int, before: str | None = None
    ) -> tuple[R, ...]:
        self._world.point("latest", kind.KIND, group)
        self._fail("table_before")
        return self.rows.latest(kind, group, limit, before)

    def due(self, kind: type[R], now: float, limit: int) -> tuple[R, ...]:
        self._world.point("due", kind.KIND)
        self._fail("table_before")
        found = self.rows.due(kind, now, limit)
        if self._world.chance(self._world.faults.table_stale):
            found = self._as_it_was(kind, now, found)
        return found[:limit]

    def _as_it_was(self, kind: type[R], now: float, found: tuple[R, ...]) -> tuple[R, ...]:
        """An index that lags behind shows rows as they were, and rows that were due."""
        lately = self._world.now - INDEX_LAG
        shown = {record.id: record for record in found}
        for (name, id), (at, old) in self._before.items():
            if name == kind.KIND and at >= lately and (id in shown or 0 < old.due <= now):
                self._world.sometimes("a list showed a record as it was")
                shown[id] = old  # type: ignore[assignment]  # of this kind, because of its key
        return tuple(shown.values())

    def _fail(self, which: str, *, quietly: bool = False) -> bool:
        if not self._world.chance(getattr(self._world.faults, which)):
            return False
        if quietly:
            return True
        raise InfraError("the table did not answer (it has done nothing)")


class SimBlobs(MemoryBlobs):
    """Files that sometimes can not be reached."""

    def __init__(self, world: World) -> None:
        super().__init__(SimClock(world))
        self._world = world

    def put(self, key: str, data: bytes) -> None:
        self._call("put", key)
        super().put(key, data)
        self._answer()

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes | None:
        self._call("read", key)
        return super().get(key, start, end)

    def append(self, key: str, offset: int, data: bytes) -> int:
        self._call("append", key)
        wanted = super().append(key, offset, data)
        self._answer()
        return wanted

    def size(self, key: str) -> int | None:
        self._call("size", key)
        return super().size(key)

    def delete(self, key: str) -> None:
        self._call("delete", key)
        super().delete(key)
        self._answer()

    def keys(self, beginning: str) -> tuple[str, ...]:
        """As `peek`."""
        return tuple(key for key in self._blobs if key.startswith(beginning))

    def peek(self, key: str) -> bytes | None:
        """For the judge, who needs no time and meets no fault."""
        return super().get(key)

    def _call(self, what: str, key: str) -> None:
        self._world.point(what, key)
        if self._world.chance(self._world.faults.blob):
            raise InfraError("the files can not be reached")

    def _answer(self) -> None:
        if self._world.chance(self._world.faults.blob):
            raise InfraError("the file was written and the answer lost")


def _changes(old: Record | None, new: Record) -> list[str]:
    """For the trace: what a write changed."""
    before = {} if old is None else encode(old)
    after = encode(new)
    skip = ("version", "spec", "event", "needs")
    told = [
        f"{name}={value!r}"
        for name, value in after.items()
        if name not in skip and before.get(name) != value
    ]
    return [f"{new.KIND}:{new.id}", *told]
