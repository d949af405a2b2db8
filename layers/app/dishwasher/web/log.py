"""A part of a log as HTML: one `<div>` a line, with its number and with anchors for the steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dishwasher.ports import Blobs
from dishwasher.web.ansi import PLAIN, Style, to_html

HEAD = 64 * 1024
TAIL = 448 * 1024
"""Bytes of a long log's beginning and end that a page shows."""
HEAD_LINES, TAIL_LINES = 1_500, 8_000
"""Lines of them: a browser is slow with more, and empty lines are many in few bytes."""
PART, PART_LINES = 256 * 1024, 5_000
"""Bytes and lines that one answer to a follower holds at most."""
COUNTED = 16 * 1024 * 1024
"""Bytes that are read to know the number of a line; beyond, numbers are left out."""
BLOCK = 1024 * 1024
BACK = 64 * 1024
"""Bytes in which the beginning of a line is looked for; a longer line is shown from the middle."""


@dataclass(frozen=True, slots=True)
class Mark:
    """An anchor in the log: a step begins at this byte."""

    offset: int
    id: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a part of a log starts: byte, the number of its first line (0: unknown), colours."""

    start: int = 0
    number: int = 1
    style: Style = PLAIN


@dataclass(frozen=True, slots=True)
class Part:
    """Complete lines as HTML, the line that is still being written, and where to go on."""

    html: str
    open: str
    next: Place
    end: int
    """The byte up to which `html` and `open` show the log."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Lines of a log, and how many bytes before them, from which byte on, are left out."""

    html: str
    gap: int = 0
    gap_start: int = 0


@dataclass(frozen=True, slots=True)
class Window:
    """What a page shows of a log: all of it, its two ends, or a part in its midst."""

    size: int
    pieces: tuple[Piece, ...]
    open: str
    next: Place
    left: int = 0
    """Bytes behind the last line shown."""


def window(blobs: Blobs, key: str, marks: Sequence[Mark]) -> Window:
    """The beginning and the end of the log; an empty window where there is none."""
    size = blobs.size(key) or 0
    short = size <= HEAD + TAIL
    data = blobs.get(key, 0, size if short else HEAD) or b""
    head = _first(data, HEAD_LINES)
    start = max(size - TAIL, len(head))
    tail = data[start:] if short else blobs.get(key, start, size) or b""
    cut = tail.find(b"\n") + 1 if start > len(head) else 0
    cut = max(cut, len(tail) - len(_last(tail, TAIL_LINES)))
    first = _render(head, Place(), marks)
    if start + cut == len(head):
        last = _render(tail, first.next, marks)
        return Window(size, (Piece(first.html + last.html),), last.open, last.next)
    place = Place(start + cut, _number(blobs, key, start + cut))
    last = _render(tail[cut:], place, marks)
    gap = Piece(last.html, start + cut - len(head), len(head))
    return Window(size, (Piece(first.html), gap), last.open, last.next)


def window_from(blobs: Blobs, key: str, marks: Sequence[Mark], start: int) -> Window:
    """A long log from the line that has this byte; a short one is shown whole."""
    size = blobs.size(key) or 0
    if size <= HEAD + TAIL:
        return window(blobs, key, marks)
    start = min(start, size)
    before = blobs.get(key, max(start - BACK, 0), start) or b""
    begin = start - (len(before) - before.rfind(b"\n") - 1)
    data = blobs.get(key, begin, begin + TAIL) or b""
    full = begin + len(data) < size or data.count(b"\n") > TAIL_LINES
    # A line that fills all of it is shown in several parts, as a follower sees it.
    lines = (_first(data, TAIL_LINES) or data + b"\n") if full else data
    part = _render(lines, Place(begin, _number(blobs, key, begin)), marks)
    end = begin + min(len(lines), len(data))
    piece = Piece(part.html, begin, max(begin - TAIL, 0))
    return Window(size, (piece,), part.open, part.next, size - end)


def follow(blobs: Blobs, key: str, place: Place, marks: Sequence[Mark]) -> Part:
    """What was written since; at most PART bytes of it."""
    data = blobs.get(key, place.start, place.start + PART) or b""
    if b"\n" not in data and len(data) == PART:
        # A line this long is shown in several.
        part = _render(data + b"\n", place, marks)
        after = Place(place.start + PART, place.number, part.next.style)
        return Part(part.html, "", after, after.start)
    full = len(data) == PART or data.count(b"\n") > PART_LINES
    return _render(_first(data, PART_LINES) if full else data, place, marks)


def _first(data: bytes, lines: int) -> bytes:
    """The complete lines at the beginning, at most so many."""
    pieces = data.split(b"\n", lines)
    return data[: len(data) - len(pieces[-1])] if len(pieces) > lines else _complete(data)


def _complete(data: bytes) -> bytes:
    return data[: data.rfind(b"\n") + 1]


def _last(data: bytes, lines: int) -> bytes:
    """At most so many lines at the end, and the one that is being written."""
    pieces = data.rsplit(b"\n", lines + 1)
    return data[len(pieces[0]) + 1 :] if len(pieces) == lines + 2 else data


def _number(blobs: Blobs, key: str, start: int) -> int:
    """The number of the line that starts at this byte; 0 where counting costs too much."""
    if start > COUNTED:
        return 0
    blocks = (blobs.get(key, at, min(at + BLOCK, start)) for at in range(0, start, BLOCK))
    return 1 + sum((block or b"").count(b"\n") for block in blocks)


def _render(data: bytes, place: Place, marks: Sequence[Mark]) -> Part:
    end = data.rfind(b"\n") + 1
    parts: list[str] = []
    style, number, at = place.style, place.number, place.start
    anchors = _anchors(marks, place.start, place.start + len(data))
    anchor = next(anchors, None)
    for line in data[:end].split(b"\n")[:-1]:
        while anchor is not None and anchor.offset <= at:
            parts.append(f'<a id="{anchor.id}" class="mark"></a>')
            anchor = next(anchors, None)
        text = line.decode("utf-8", "replace")
        html, style = to_html(text, style)
        parts.append(_line(html, text, number))
        at += len(line) + 1
        number += 1 if number else 0
    rest = data[end:].decode("utf-8", "replace")
    parts += [f'<a id="{left.id}" class="mark"></a>' for left in (anchor, *anchors) if left]
    opened = _line(to_html(rest, style)[0], rest, number) if rest else ""
    after = Place(place.start + end, number, style)
    return Part("".join(parts), opened, after, place.start + len(data))


def _anchors(marks: Sequence[Mark], start: int, end: int) -> Iterator[Mark]:
    chosen = (mark for mark in marks if start <= mark.offset < end)
    return iter(sorted(chosen, key=lambda mark: mark.offset))


def _line(html: str, text: str, number: int) -> str:
    # Only looks: a job may print these too, and nothing is decided by them.
    kind = "cmd" if text.startswith("$ ") else "own" if text.startswith("[dishwasher] ") else ""
    attributes = f' class="{kind}"' if kind else ""
    if not number:
        return f"<div{attributes}>{html}</div>"
    link = f'<a href="#L{number}" aria-label="{number}"></a>'
    return f'<div id="L{number}"{attributes}>{link}{html}</div>'
