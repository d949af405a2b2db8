"""The table, which is the truth, and the blobs beside it."""

from __future__ import annotations

from typing import ClassVar, Protocol, TypeVar


class Record(Protocol):
    """A value that a store keeps: a frozen dataclass that `core.codec` can write."""

    KIND: ClassVar[str]

    @property
    def id(self) -> str: ...
    @property
    def group(self) -> str:
        """Index: records of a kind with the same non-empty group are listed together."""
        ...

    @property
    def due(self) -> float:
        """Index: when reaper or retention should look, in seconds since the epoch; 0 for never."""
        ...

    @property
    def version(self) -> int:
        """How often it has been stored; 0 means that it must not be stored yet."""
        ...


R = TypeVar("R", bound=Record)


class Store(Protocol):
    """The table, which is the truth."""

    def get(self, kind: type[R], id: str) -> R | None: ...

    def save(self, *records: Record) -> None:
        """Store all or none, each with its version raised by one.

        Who has seen one of them, by `get` or in a group, sees the others too from then on.

        Raises Conflict when the stored version of any is not the one given (absent counts as 0).
        """
        ...

    def group(self, kind: type[R], group: str) -> tuple[R, ...]:
        """All records of a kind in a group, by id, as they are now."""
        ...

    def latest(
        self, kind: type[R], group: str, limit: int, before: str | None = None
    ) -> tuple[R, ...]:
        """At most `limit` records of a group by falling id, those below `before` only."""
        ...

    def due(self, kind: type[R], now: float, limit: int) -> tuple[R, ...]:
        """At most `limit` records of a kind with 0 < due <= now, the longest overdue first.

        Each is as it is now, but one that has just become due may be missing, where the index lags.
        A row that can not be read is left out and logged: it must not hide the others.
        """
        ...


class Blobs(Protocol):
    """Files by key (`/`-separated): logs, artifacts, results, large deliveries."""

    def put(self, key: str, data: bytes) -> None: ...

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes | None:
        """Bytes [start, end) or None when there is no such key."""
        ...

    def size(self, key: str) -> int | None: ...

    def append(self, key: str, offset: int, data: bytes) -> int:
        """Write at `offset` unless that leaves a hole; answers the offset wanted next.

        Bytes that are there already are not changed, so a repeated call is harmless.
        """
        ...

    def upload_url(self, key: str, size: int, sha256: str) -> str:
        """Where a runner may PUT exactly this file, for a limited time."""
        ...

    def download_url(self, key: str) -> str:
        """Where a runner may GET this file, for a limited time; whether it is there or not."""
        ...

    def delete(self, key: str) -> None:
        """Remove it; harmless where there is no such key. A reader may still read to its end."""
        ...
