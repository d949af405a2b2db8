"""Bytes of a configuration file to text; what is not plain UTF-8 is named with its place."""

from __future__ import annotations

import re

from dishwasher.formats.problems import Problems

SIZE = 1024 * 1024
"""Bytes; far above any configuration that people write, far below what slows the planner."""

_UTF_8_BOM = b"\xef\xbb\xbf"
_UTF_16_BOMS = (b"\xff\xfe", b"\xfe\xff")

# What YAML 1.1 does not print (https://yaml.org/spec/1.1/#c-printable), and the line breaks that
# only YAML sees as such: with them our line numbers would not be those of GitHub and editors.
_FORBIDDEN = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)


def read(data: bytes, problems: Problems) -> str | None:
    """The text with `\\n` line ends, or None after noting why there is none."""
    if len(data) > SIZE:
        message = f"the file has {len(data):,} bytes; at most {SIZE:,} are read"
        problems.add(1, 1, "too-large", message, "Move long commands into scripts.")
        return None
    if data.startswith(_UTF_16_BOMS) or b"\0" in data[:2]:
        problems.add(1, 1, "encoding", "the file is UTF-16, not UTF-8", "Save it as UTF-8.")
        return None
    try:
        text = data.removeprefix(_UTF_8_BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        _note_broken_utf_8(error, problems)
        return None
    text = _lines(text)
    forbidden = _FORBIDDEN.search(text)
    if forbidden:
        _note_forbidden(text, forbidden.start(), problems)
        return None
    return text


def _note_broken_utf_8(error: UnicodeDecodeError, problems: Problems) -> None:
    before = _lines(error.object[: error.start].decode("utf-8"))
    byte = error.object[error.start]
    line, column = _place(before)
    message = f"the byte 0x{byte:02x} is not UTF-8"
    problems.add(line, column, "encoding", message, "Save the file as UTF-8.")


def _note_forbidden(text: str, offset: int, problems: Problems) -> None:
    line, column = _place(text[:offset])
    point = ord(text[offset])
    name = {0: "a NUL", 0xFEFF: "a byte order mark"}.get(point, "a control character")
    message = f"{name} (U+{point:04X}) can not stand in a YAML file"
    problems.add(line, column, "character", message, "Delete it.")


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _place(before: str) -> tuple[int, int]:
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
