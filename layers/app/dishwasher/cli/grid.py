"""Rows for a terminal: columns as wide as their cells, the last one as wide as is left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dishwasher.cli.terminal import Paint, clean, columns, fit, pad

WIDEST = 32
"""Columns of a cell, where it is not the last."""
LEAST = 16
"""Columns that are left for the last cell, at least."""
GAP = 2


@dataclass(frozen=True, slots=True)
class Cell:
    """Text, which may come from outside, and the style that it is shown in."""

    text: str
    style: str = ""


def grid(rows: Iterable[tuple[Cell, ...]], paint: Paint) -> Iterator[str]:
    """A line for each row; all rows have as many cells. Nothing is cut where it is piped."""
    table = [tuple(Cell(clean(cell.text), cell.style) for cell in row) for row in rows]
    widest = WIDEST if paint.cut else max(columns(cell.text) for row in table for cell in row)
    widths = [
        min(widest, max(columns(row[at].text) for row in table)) for at in _all_but_last(table)
    ]
    room = max(LEAST, paint.cut - sum(widths) - GAP * len(widths)) if paint.cut else 0
    for row in table:
        cells = [
            _shown(paint, cell.style, pad(fit(cell.text, width), width))
            for cell, width in zip(row, widths, strict=False)
        ]
        last = fit(row[-1].text, room) if room else row[-1].text
        yield (" " * GAP).join((*cells, _shown(paint, row[-1].style, last))).rstrip()


def _all_but_last(table: list[tuple[Cell, ...]]) -> range:
    return range(len(table[0]) - 1)


def _shown(paint: Paint, style: str, text: str) -> str:
    return paint(style, text) if style else text
