"""Find a text in a log of any length, without the browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup, escape

from dishwasher.core.markdown import printable
from dishwasher.ports import Blobs

BLOCK = 1024 * 1024
LINE_LIMIT = 64 * 1024
"""Bytes of one line that are looked at: the longest make no difference to a reader."""
HITS_SHOWN = 200
AROUND = 160
"""Characters of a line that are shown on both sides of its first hit."""
TEXT_LIMIT = 200
"""Characters of a text to look for."""
ESCAPES = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\))")
"""Colours and titles, which stand between the letters that a reader sees (ECMA-48 5.4)."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A line that has the text: its number from 1, its first byte, and itself as HTML."""

    number: int
    offset: int
    html: Markup


@dataclass(frozen=True, slots=True)
class Hits:
    text: str
    total: int
    """Of lines that have it."""
    shown: tuple[Hit, ...]


def search(blobs: Blobs, key: str, text: str) -> Hits:
    """Every line of the log that has the text, in any case; the first HITS_SHOWN of them."""
    wanted = text.strip()[:TEXT_LIMIT]
    if not wanted:
        return Hits("", 0, ())
    looking = _Looking(wanted)
    if printable(wanted) == wanted:
        for part in _parts(blobs, key):
            looking.at(part)
    return Hits(wanted, looking.total, tuple(looking.shown))


@dataclass(frozen=True, slots=True)
class _Part:
    """Whole lines, of a very long one only the beginning."""

    data: bytes
    number: int
    """Of its first line, from 1."""
    offset: int
    """Its first byte in the log."""


class _Looking:
    """Goes through parts as a whole, and through their lines only where one is to be shown: a log
    of a million lines is searched in a second, and others wait for that second too."""

    def __init__(self, wanted: str) -> None:
        self._pattern = re.compile(re.escape(wanted), re.IGNORECASE)
        # Bytes know no case outside ASCII: there each letter is looked for in all of its forms.
        self._plain = wanted.lower().encode() if wanted.isascii() else b""
        text = re.escape(self._plain) if self._plain else b"".join(map(_forms, wanted))
        self._line = re.compile(text + rb"[^\n]*")
        """From the first place in a line to the line's end, so that each line counts once."""
        self.total = 0
        self.shown: list[Hit] = []

    def at(self, part: _Part) -> None:
        bare = ESCAPES.sub(b"", part.data) if b"\x1b" in part.data else part.data
        # Lower case of ASCII alone, which leaves every place where it was.
        low = bare.lower() if self._plain else bare
        if self._plain and self._plain not in low:
            # A few bytes are found ten times as fast as a pattern.
            return
        if len(self.shown) < HITS_SHOWN:
            self._show(part, bare, [found.start() for found in self._line.finditer(low)])
        else:
            self.total += len(self._line.findall(low))

    def _show(self, part: _Part, bare: bytes, places: list[int]) -> None:
        self.total += len(places)
        raw, lines = part.data.split(b"\n"), bare.split(b"\n")
        index = begin = offset = 0
        for place in places[: HITS_SHOWN - len(self.shown)]:
            while begin + len(lines[index]) < place:
                begin, offset = begin + len(lines[index]) + 1, offset + len(raw[index]) + 1
                index += 1
            words = printable(lines[index].decode("utf-8", "replace"))
            marked = _marked(words, self._pattern)
            self.shown.append(Hit(part.number + index, part.offset + offset, marked))


def _forms(letter: str) -> bytes:
    forms = {letter, letter.lower(), letter.upper()}
    found = (re.escape(one.encode("utf-8", "replace")) for one in sorted(forms) if len(one) == 1)
    return b"(?:" + b"|".join(found) + b")"


def _parts(blobs: Blobs, key: str) -> Iterator[_Part]:
    """The lines of the log, in parts of about BLOCK bytes."""
    size = blobs.size(key) or 0
    rest, number, begin = b"", 1, 0
    for start in range(0, size, BLOCK):
        data = blobs.get(key, start, min(start + BLOCK, size)) or b""
        head, newline, body = data.partition(b"\n")
        rest += head[: LINE_LIMIT - len(rest)]
        if not newline:
            continue
        # What began in the part before, which may be too long to be kept whole.
        yield _Part(rest, number, begin)
        number, begin = number + 1, start + len(head) + 1
        body, newline, rest = body.rpartition(b"\n")
        if newline:
            yield _Part(body, number, begin)
            number, begin = number + body.count(b"\n") + 1, begin + len(body) + 1
        rest = rest[:LINE_LIMIT]
    if rest:
        yield _Part(rest, number, begin)


def _marked(line: str, pattern: re.Pattern[str]) -> Markup:
    """The part of the line around its first hit, with every hit in it marked."""
    found = pattern.search(line)
    first, behind = found.span() if found is not None else (0, 0)
    start, end = max(first - AROUND, 0), min(behind + AROUND, len(line))
    parts = [escape("…" if start else "")]
    at = start
    for hit in pattern.finditer(line, start, end):
        parts += [escape(line[at : hit.start()]), Markup("<mark>{}</mark>").format(hit[0])]
        at = hit.end()
    parts += [escape(line[at:end]), escape("…" if end < len(line) else "")]
    return Markup("").join(parts)
