"""A table of frozen values that remembers its past, so that a stale read can be served."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator
from typing import Generic, Protocol, TypeVar

__all__ = ["Table"]


class Row(Protocol):
    @property
    def id(self) -> int: ...


T = TypeVar("T", bound=Row)


class Table(Generic[T]):
    """Rows by id, in order of creation; `group` finds the rows of one owner without a scan.

    A row's group never changes. The caller holds the world's lock.
    """

    def __init__(self, clock: Callable[[], float], group: Callable[[T], Hashable]) -> None:
        self._clock = clock
        self._group = group
        self._latest: dict[int, T] = {}
        self._past: dict[int, list[tuple[float, T | None]]] = defaultdict(list)
        self._groups: dict[Hashable, list[int]] = defaultdict(list)

    def __len__(self) -> int:
        return len(self._latest)

    def __iter__(self) -> Iterator[T]:
        return iter(list(self._latest.values()))

    def get(self, id_: int) -> T | None:
        return self._latest.get(id_)

    def put(self, row: T) -> T:
        if row.id not in self._past:
            self._groups[self._group(row)].append(row.id)
        self._latest[row.id] = row
        self._past[row.id].append((self._clock(), row))
        return row

    def remove(self, id_: int) -> None:
        if self._latest.pop(id_, None) is not None:
            self._past[id_].append((self._clock(), None))

    def of(self, group: Hashable, as_of: float | None = None) -> list[T]:
        """The rows of a group; with `as_of`, as they were at that moment."""
        ids = self._groups.get(group, ())
        if as_of is None:
            return [self._latest[id_] for id_ in ids if id_ in self._latest]
        return [row for id_ in ids if (row := self._at(id_, as_of)) is not None]

    def _at(self, id_: int, moment: float) -> T | None:
        then = None
        for at, row in self._past[id_]:
            if at > moment:
                break
            then = row
        return then
