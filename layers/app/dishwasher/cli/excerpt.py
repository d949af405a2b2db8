"""A mistake in a file as people read it: place, message, the line with a mark below it."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from dishwasher.cli.terminal import Paint, clean, columns
from dishwasher.errors import Problem

TAB = "    "
BEFORE = 8
"""Columns of a long line that are kept to the left of a mark, at least."""
MESSAGE = 100
"""Columns at which a message is wrapped, at most."""

_WORD = re.compile(r"""\S[^\s:,\[\]{}"']*|\S""")
_QUOTED = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^']|'')*'""")


@dataclass(frozen=True)
class Source:
    """A file's bytes, and its lines as a reader of configurations counts them."""

    data: bytes

    @cached_property
    def _lines(self) -> list[str]:
        # A file that is no UTF-8 has no lines worth showing; a single wrong byte leaves them be.
        if self.data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in self.data[:2]:
            return []
        text = self.data.decode("utf-8", "replace").removeprefix("\ufeff")
        return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")

    def line(self, number: int) -> str | None:
        return self._lines[number - 1] if 0 < number <= len(self._lines) else None


def excerpt(problem: Problem, source: Source | None, path: str, paint: Paint) -> Iterator[str]:
    """Lines that show the problem, a blank one at the end."""
    title = paint(problem.severity, problem.severity)
    said = _wrapped(problem.message, len(problem.severity) + 2, paint.width)
    yield f"{title}{paint('bold', ': ' + said[0])}"
    yield from (paint("bold", line) for line in said[1:])
    number = str(problem.line)
    gutter = " " * len(number)
    code = paint("faint", f"[{problem.code}]")
    place = f":{problem.line}:{problem.column}" if source else ""
    yield f"{gutter} {paint('note', '╭─')} {clean(path)}{place}  {code}"
    yield from shown_line(source, problem.line, problem.column, paint, problem.severity)
    if problem.suggestion:
        help = _wrapped(problem.suggestion, len(number) + 9, paint.width)
        yield f"{gutter} {paint('note', '╰─')} {paint('help', 'help')}: {help[0].lstrip()}"
        yield from help[1:]
    yield ""


def shown_line(
    source: Source | None, number: int, column: int, paint: Paint, style: str, indent: str = ""
) -> Iterator[str]:
    """The line and a mark below its column; nothing of one that is blank or not there.

    Column 0 marks none.
    """
    line = source.line(number) if source else None
    if line is None or not line.strip():
        return
    bar = paint("note", "│")
    width = paint.width - len(f"{indent}{number}") - 3
    shown, mark = _marked(line, max(column, 1), width)
    yield f"{indent}{paint('note', str(number))} {bar} {shown}".rstrip()
    if column:
        yield f"{indent}{' ' * len(str(number))} {bar} {paint(style, mark)}"


def _wrapped(text: str, indent: int, width: int) -> list[str]:
    room = max(20, min(width, MESSAGE) - indent)
    lines = textwrap.wrap(clean(text), room, break_long_words=False, break_on_hyphens=False) or [""]
    return [lines[0], *(" " * indent + line for line in lines[1:])]


def _marked(line: str, column: int, width: int) -> tuple[str, str]:
    """The part of a line around a 1-based column, and carets below what stands there."""
    at = min(max(column - 1, 0), len(line))
    # Cut by characters first: a line may be a megabyte long.
    end = min(_end(line, at), at + width)
    first = max(0, at - width)
    before = _flat(line[first:at])
    word = _flat(line[at:end])
    after = _flat(line[end : end + width])
    if first or columns(before + word + after) > width or end + width < len(line):
        room = max(BEFORE, (width - columns(word)) // 2)
        before = _last(before, room, cut=first > 0)
        left = width - columns(before)
        after = _first(word + after, left, cut=end + width < len(line))
        marked = max(1, min(columns(word), left - 1))
        return before + after, " " * columns(before) + "^" * marked
    return before + word + after, " " * columns(before) + "^" * max(1, columns(word))


def _end(line: str, at: int) -> int:
    """Where the word or the quoted text that begins there ends."""
    found = _QUOTED.match(line, at) or _WORD.match(line, at)
    return found.end() if found else at + 1 if at < len(line) else at


def _flat(text: str) -> str:
    return clean(text.replace("\t", TAB))


def _last(text: str, width: int, *, cut: bool) -> str:
    if not cut and columns(text) <= width:
        return text
    while columns(text) > width - 1:
        text = text[1:]
    return "…" + text


def _first(text: str, width: int, *, cut: bool) -> str:
    if not cut and columns(text) <= width:
        return text
    while columns(text) > width - 1:
        text = text[:-1]
    return text + "…"
