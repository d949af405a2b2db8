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
ESCAPES = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))")
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
    # The bytes of a text in both cases: most lines are passed over without being decoded.
    quick = re.compile(re.escape(wanted).encode(), re.IGNORECASE) if wanted.isascii() else None
    pattern = re.compile(re.escape(wanted), re.IGNORECASE)
    total = 0
    shown: list[Hit] = []
    for number, offset, line in _lines(blobs, key):
        bare = ESCAPES.sub(b"", line) if b"\x1b" in line else line
        if quick is not None and not quick.search(bare):
            continue
        words = printable(bare.decode("utf-8", "replace"))
        found = pattern.search(words)
        if found is None:
            continue
        total += 1
        if len(shown) < HITS_SHOWN:
            shown.append(Hit(number, offset, _marked(words, found, pattern)))
    return Hits(wanted, total, tuple(shown))


def _lines(blobs: Blobs, key: str) -> Iterator[tuple[int, int, bytes]]:
    """Number, first byte and text of every line; of a long one only its beginning."""
    size = blobs.size(key) or 0
    rest, number, begin, at = b"", 1, 0, 0
    for start in range(0, size, BLOCK):
        *ended, last = (blobs.get(key, start, min(start + BLOCK, size)) or b"").split(b"\n")
        for piece in ended:
            yield number, begin, rest + piece[: LINE_LIMIT - len(rest)]
            at += len(piece) + 1
            number, begin, rest = number + 1, at, b""
        rest += last[: LINE_LIMIT - len(rest)]
        at += len(last)
    if rest:
        yield number, begin, rest


def _marked(line: str, found: re.Match[str], pattern: re.Pattern[str]) -> Markup:
    """The part of the line around its first hit, with every hit in it marked."""
    start, end = max(found.start() - AROUND, 0), min(found.end() + AROUND, len(line))
    parts = [escape("…" if start else "")]
    at = start
    for hit in pattern.finditer(line, start, end):
        parts += [escape(line[at : hit.start()]), Markup("<mark>{}</mark>").format(hit[0])]
        at = hit.end()
    parts += [escape(line[at:end]), escape("…" if end < len(line) else "")]
    return Markup("").join(parts)
