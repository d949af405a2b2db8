"""A patch as rows of a table, with annotations under the lines that they speak of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from dishwasher.demo.github.model import Annotation

__all__ = ["Note", "Row", "attached", "rows", "snippet"]

HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@.*")
CONTEXT_LINES = 3


@dataclass(frozen=True, slots=True)
class Note:
    """An annotation with the name of the check that made it."""

    check: str
    app: str
    annotation: Annotation


@dataclass(slots=True)
class Row:
    """`kind` is hunk, context, added or removed; numbers are None where a side has no line."""

    kind: str
    old: int | None
    new: int | None
    text: str
    notes: list[Note] = field(default_factory=list)


def rows(patch: str) -> Iterator[Row]:
    old = new = 0
    for line in patch.split("\n"):
        if found := HUNK.fullmatch(line):
            old, new = int(found[1]), int(found[2])
            yield Row("hunk", None, None, line)
        elif line.startswith("+"):
            yield Row("added", None, new, line[1:])
            new += 1
        elif line.startswith("-"):
            yield Row("removed", old, None, line[1:])
            old += 1
        elif not line.startswith("\\"):
            yield Row("context", old, new, line[1:])
            old, new = old + 1, new + 1


def attached(table: list[Row], notes: Iterable[Note]) -> list[Note]:
    """Hang each note under its last line; answer those whose line is not shown."""
    by_line = {row.new: row for row in table if row.new is not None}
    left = []
    for note in notes:
        row = by_line.get(note.annotation.end_line)
        if row is None:
            left.append(note)
        else:
            row.notes.append(note)
    return left


def snippet(text: str, notes: list[Note]) -> list[Row]:
    """The lines around notes that the diff does not show, as GitHub unfolds them."""
    lines = text.split("\n")
    wanted: set[int] = set()
    for note in notes:
        end = note.annotation.end_line
        wanted |= set(range(max(1, end - CONTEXT_LINES), min(len(lines), end + 1) + 1))
    table: list[Row] = []
    previous = 0
    for number in sorted(wanted):
        if number != previous + 1:
            table.append(Row("hunk", None, None, "..."))
        table.append(Row("context", number, number, lines[number - 1]))
        previous = number
    beyond = attached(table, notes)
    if beyond:
        table.append(Row("hunk", None, None, "beyond the end of the file", beyond))
    return table
