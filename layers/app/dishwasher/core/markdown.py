"""Text from jobs and repositories, made inert for GitHub's Markdown, and cut to GitHub's limits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

MAX_OUTPUT_BYTES = 65_535
"""Of a check run's summary: documented as characters, enforced as bytes.

https://github.com/github/docs/issues/35252
"""
MAX_BLOCK_BYTES = 30_000
"""Of one block of code, so that a summary has room for what else it says."""
_CUT = "\n\n*Cut here; the whole is on the job's page.*"

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""C0 and C1 controls but tab and newline, and what turns the direction of writing."""
_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~&:$])")
_MENTION = re.compile(r"(?i)([@#]|\bGH-)(?=\w)")
_FENCES = re.compile(r"`{3,}")
_URL = re.compile(r"(?i)\b(https?|ftp)(?=://)|\b(www)(?=\.)")
_JOINER = "\u2060"
"""Word joiner: shows nothing, and keeps GitHub from seeing a mention, a reference or a link."""


def printable(text: str) -> str:
    """The text without control characters; lone surrogates become U+FFFD."""
    return _CONTROL.sub("\ufffd", text).encode("utf-8", "replace").decode("utf-8")


def inert(text: str, limit: int = 200) -> str:
    """One line of text that shows as itself: no markup, no mention, no reference, no link."""
    return _SPECIAL.sub(r"\\\1", _plain(text, limit))


def folded(title: str, body: str) -> str:
    """A block of Markdown that is seen after a click on the title, which shows as itself."""
    # The title stands within HTML, where Markdown's own way to escape shows: there it is HTML's.
    # GitHub reads Markdown within HTML only after a blank line.
    shown = escape(_plain(title, 200))
    return f"<details><summary>{shown}</summary>\n\n{body}\n\n</details>"


def _plain(text: str, limit: int) -> str:
    """One line of text, nothing of which GitHub takes for a mention, a reference or a link."""
    line = printable(" ".join(text.split()))
    if len(line) > limit:
        line = line[: limit - 1] + "…"
    line = _MENTION.sub(rf"\1{_JOINER}", line)
    return _URL.sub(rf"\g<0>{_JOINER}", line)


def fenced(lines: Sequence[str], line_limit: int = 500, limit: int = MAX_BLOCK_BYTES) -> str:
    """A block of code with the last lines that fit; its fence is longer than any inside."""
    kept: list[str] = []
    room = limit
    for line in reversed(lines):
        text = printable(line if len(line) <= line_limit else line[: line_limit - 1] + "…")
        room -= len(text.encode()) + 1
        if room < 0:
            break
        kept.append(text)
    body = "\n".join(reversed(kept))
    fence = "`" * max(3, 1 + max((len(run) for run in _FENCES.findall(body)), default=0))
    return f"{fence}text\n{body}\n{fence}"


def _beginning(data: bytes, limit: int) -> str:
    """As much as leaves room to say that there is more."""
    kept = data[: limit - len(_CUT.encode())].decode("utf-8", "ignore")
    return (kept.rpartition("\n")[0] if "\n" in kept else kept) + _CUT


def sections(parts: Sequence[str], limit: int = MAX_OUTPUT_BYTES) -> str:
    """Whole parts, in order, as many as fit; says what was left out instead of cutting inside."""
    text = ""
    for index, part in enumerate(parts):
        joined = f"{text}\n\n{part}" if text else part
        rest = index < len(parts) - 1
        if len(joined.encode("utf-8", "replace")) + (len(_CUT.encode()) if rest else 0) > limit:
            return text + _CUT if text else _beginning(part.encode("utf-8", "replace"), limit)
        text = joined
    return text
