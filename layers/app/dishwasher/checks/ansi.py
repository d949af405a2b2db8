"""Terminal text as people read it. A line ends at `\\n` and nowhere else."""

from __future__ import annotations

import re

_CSI = r"\[[0-?]*[ -/]*[@-~]?"
# OSC (titles, links), DCS, SOS, PM, APC: up to BEL or ST. Without that end only the start goes.
_STRING = r"[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)"
# https://www.ecma-international.org/publications-and-standards/standards/ecma-48/: each class ends
# where the next begins, so that no text makes the match go back.
_BODY = rf"(?:{_CSI}|{_STRING}|[ -/]*[0-~])"
_ESCAPE = re.compile(rf"\x1b{_BODY}")
_ESCAPE_BYTES = re.compile(_ESCAPE.pattern.encode())

# C0 but tab, newline, return and escape; DEL; C1; marks that turn or hide text (CVE-2021-42574);
# the two separators that browsers break lines at.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)

_OVERWRITTEN = re.compile(r"^[^\n]*\r(?=[^\r\n])", re.MULTILINE)
_LINE_END = re.compile(r"(?<!\r)\r++(?=\n|\Z)")


def strip(text: str) -> str:
    """The text without escape sequences; everything else stays."""
    return _ESCAPE.sub("", text) if "\x1b" in text else text


def strip_bytes(data: bytes) -> bytes:
    """The same of bytes, many lines at once: no sequence takes the end of its line along."""
    return _ESCAPE_BYTES.sub(b"", data) if b"\x1b" in data else data


def plain(text: str) -> str:
    """The text as a reader saw it: no escape sequences, overwritten parts gone, nothing hidden."""
    text = strip(text).replace("\x1b", "␛")
    if "\r" in text:
        text = _OVERWRITTEN.sub("", _LINE_END.sub("", text))
    return _INVISIBLE.sub(_picture, text)


def _picture(character: re.Match[str]) -> str:
    """What stands for an invisible character."""
    point = ord(character[0])
    if point < 0x20:
        return chr(0x2400 + point)
    return "␡" if point == 0x7F else f"⟨U+{point:04X}⟩"
