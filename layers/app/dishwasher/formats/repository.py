"""What a format may know of the repository besides its own file: for what files imply."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


def _nothing(_: str) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Repository:
    """The files of one commit."""

    paths: frozenset[str] = frozenset()
    """Of every file, relative to the root, with `/`."""
    read: Callable[[str], str | None] = _nothing
    """The text of one file; None where it is absent, too large or no text."""

    def has(self, path: str) -> bool:
        return path in self.paths
