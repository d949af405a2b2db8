"""The lines that a change has added, from patches as GitHub's API shows them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

WHOLE = (1, 2**31 - 1)
"""Every line: of a file whose patch is too large to be shown."""
_HUNK = re.compile(r"@@ -\d+(?:,\d+)? \+(\d+)(?:,\d+)? @@")


@dataclass(frozen=True, slots=True)
class AddedFile:
    """A path with the runs of its added lines: first and last, 1-based, in order."""

    path: str
    ranges: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Added:
    """All files that a change has touched and that are there after it."""

    files: tuple[AddedFile, ...] = ()

    def holds(self, path: str, first: int, last: int) -> bool:
        """Whether one of these lines was added, or the first where there is no range."""
        last = max(first, last)
        return any(
            start <= last and first <= end
            for file in self.files
            if file.path == path
            for start, end in file.ranges
        )


def added_file(path: str, patch: str | None) -> AddedFile:
    """`patch` is a file's hunks with their context, None where GitHub does not show them."""
    return AddedFile(path, (WHOLE,) if patch is None else tuple(_runs(patch)))


def _runs(patch: str) -> Iterator[tuple[int, int]]:
    line = start = 0
    for text in patch.split("\n"):
        is_added = line > 0 and text.startswith("+")
        if start and not is_added:
            yield start, line - 1
            start = 0
        if match := _HUNK.match(text):
            line = int(match[1])
        elif is_added:
            start = start or line
            line += 1
        elif text.startswith(" ") or not text:
            line += 1
    if start:
        yield start, line - 1
