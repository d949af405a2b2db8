"""Text for a terminal: colours where they are wanted, and columns as they are seen."""

from __future__ import annotations

import os
import shutil
import sys
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TextIO

NARROWEST, WIDEST = 40, 120
"""Columns that lines are fitted to; wider ones are hard to read."""
PIPED = 80
"""Columns where no terminal says how many it has."""
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

_CODES = {
    "error": "1;31",
    "warning": "1;33",
    "note": "1;34",
    "help": "1;36",
    "good": "32",
    "bold": "1",
    "faint": "2",
    "deploy": "35",
}
"""Select Graphic Rendition: https://en.wikipedia.org/wiki/ANSI_escape_code"""


@dataclass(frozen=True, slots=True)
class Paint:
    """Colours text, or leaves it as it is."""

    colours: bool = False
    width: int = PIPED
    """Columns to wrap lines at."""
    cut: int = 0
    """Columns of the terminal; 0 where there is none, and nothing needs to be cut."""

    def __call__(self, style: str, text: str) -> str:
        if not self.colours or not text:
            return text
        return f"\x1b[{_CODES[style]}m{text}\x1b[0m"


def paint(stream: TextIO | None = None) -> Paint:
    """For a stream, standard output unless told; NO_COLOR as https://no-color.org has it."""
    stream = stream or sys.stdout
    if not stream.isatty():
        return Paint()
    wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    columns = shutil.get_terminal_size((PIPED, 24)).columns
    return Paint(wanted, max(NARROWEST, min(columns, WIDEST)), max(NARROWEST, columns))


def show(lines: Iterable[str]) -> None:
    """Print the lines, what the terminal's encoding lacks as an escape."""
    encoding = sys.stdout.encoding or "utf-8"
    for line in lines:
        print(line.encode(encoding, "backslashreplace").decode(encoding))


def clean(text: str) -> str:
    """The text with every character that a terminal would obey, or not show, replaced."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else REPLACEMENT for one in text)


def columns(text: str) -> int:
    """How wide a terminal shows it: wide characters take two columns, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(map(_width, text))


def fit(text: str, width: int) -> str:
    """The text cut to so many columns, an ellipsis at its end where something is missing."""
    if columns(text) <= width:
        return text
    kept, used = [], 1
    for character in text:
        used += _width(character)
        if used > width:
            break
        kept.append(character)
    return "".join(kept) + "…"


def pad(text: str, width: int) -> str:
    """The text, filled with spaces to so many columns."""
    return text + " " * (width - columns(text))


def _width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
