"""What was asked and how it went, for assertions."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

__all__ = ["Entry", "Journal", "Violation"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One request. `path` has no query; `seconds` is the time that it took to answer."""

    at: float
    kind: str  # api, git or page
    method: str
    path: str
    query: Mapping[str, str]
    body: Any
    status: int  # 0 when the connection was closed instead
    points: int
    caller: str
    seconds: float
    fault: str | None


@dataclass(frozen=True, slots=True)
class Violation:
    """A request that GitHub's description or its known rules do not allow."""

    method: str
    path: str
    message: str


class Journal:
    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._lock = threading.Lock()
        self._entries: list[Entry] = []
        self._violations: list[Violation] = []

    def add(self, entry: Entry) -> None:
        with self._lock:
            self._entries.append(entry)
        self._changed()

    def violate(self, violation: Violation) -> None:
        with self._lock:
            self._violations.append(violation)

    def entries(
        self, method: str = "*", path: str = "*", kind: str = "*", status: int | None = None
    ) -> list[Entry]:
        """In order of their answers; `path` is a glob."""
        with self._lock:
            found = list(self._entries)
        return [
            entry
            for entry in found
            if method in ("*", entry.method)
            and kind in ("*", entry.kind)
            and status in (None, entry.status)
            and fnmatchcase(entry.path, path)
        ]

    @property
    def violations(self) -> list[Violation]:
        with self._lock:
            return list(self._violations)
