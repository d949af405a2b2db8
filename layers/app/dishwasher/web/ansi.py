"""A line of a log, with its terminal colours, as HTML that can do nothing but show it.

Colours are classes from an allow-list (`f0`-`f255`, `b0`-`b255`), everything else that a terminal
would obey is dropped, and characters that would hide or reorder text are made visible.
Sequences: ECMA-48 and https://invisible-island.net/xterm/ctlseqs/ctlseqs.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from html import escape
from typing import Any

CODES_LIMIT = 200
"""Characters of one change of colour that are looked at."""
LINE_LIMIT = 8000
"""Characters of one line that are shown; a browser is slow with longer ones."""

_ESCAPE = re.compile(
    r"\x1b\[(?P<sgr>[0-9;:]*)m"
    r"|\x1b\[[0-?]*[ -/]*[@-~]"  # other control sequences: the cursor, erasing
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC (titles, links), DCS, SOS, PM, APC
    r"|\x1b[ -/]*[0-Z\\^-~]"  # two-character sequences
)
_VISIBLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]"
)
"""Controls but tab, line separators, and what turns or hides the direction of writing."""


@dataclass(frozen=True, slots=True)
class Style:
    """What the terminal's state does to the text that follows; colours are 0-255 or None."""

    foreground: int | None = None
    background: int | None = None
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False
    strike: bool = False
    inverse: bool = False

    @property
    def classes(self) -> str:
        """The CSS classes, empty for plain text."""
        return _classes(self)

    @property
    def codes(self) -> str:
        """The SGR parameters that lead from plain text to here; `after` reads them."""
        found = [str(code) for code, name in _FLAGS.items() if getattr(self, name)]
        for base, colour in ((38, self.foreground), (48, self.background)):
            if colour is not None:
                found += [str(base), "5", str(colour)]
        return ";".join(found)

    def after(self, codes: str) -> Style:
        """The state after `ESC [ codes m`; unknown codes change nothing."""
        return _after(self, codes[:CODES_LIMIT])


_FLAGS = {1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "inverse", 9: "strike"}
_CHANGES: dict[int, dict[str, Any]] = {
    **{code: {name: True} for code, name in _FLAGS.items()},
    **{code + 20: {name: False} for code, name in _FLAGS.items() if code > 2},
    22: {"bold": False, "dim": False},
    **{30 + colour: {"foreground": colour} for colour in range(8)},
    **{40 + colour: {"background": colour} for colour in range(8)},
    **{90 + colour: {"foreground": 8 + colour} for colour in range(8)},
    **{100 + colour: {"background": 8 + colour} for colour in range(8)},
    39: {"foreground": None},
    49: {"background": None},
}

PLAIN = Style()


def to_html(line: str, style: Style) -> tuple[str, Style]:
    """One line without its end → its HTML, and the state in which the next line starts."""
    if not style.classes and len(line) <= LINE_LIMIT and _VISIBLE.search(line) is None:
        return escape(line, quote=False), style
    parts: list[str] = []
    room = LINE_LIMIT
    for text, classes, after in _runs(line, style):
        style = after
        shown = text[:room]
        room -= len(shown)
        if shown:
            html = _VISIBLE.sub(_show, escape(shown, quote=False))
            parts.append(f'<span class="{classes}">{html}</span>' if classes else html)
        if len(shown) < len(text):
            parts.append(f'<span class="cut">… cut, {len(line):,} characters</span>')
            break
    return "".join(parts), style


def _runs(line: str, style: Style) -> Iterator[tuple[str, str, Style]]:
    """Pieces of text with their classes and the state after them."""
    line, style = _last_rewrite(line, style)
    at = 0
    for match in _ESCAPE.finditer(line):
        before, classes = line[at : match.start()], style.classes
        if match["sgr"] is not None:
            style = style.after(match["sgr"])
        at = match.end()
        yield before, classes, style
    yield line[at:], style.classes, style


def _last_rewrite(line: str, style: Style) -> tuple[str, Style]:
    """What a terminal shows in the end of a line that `\\r` rewrote: progress bars."""
    if "\r" not in line:
        return line, style
    *before, last = line.rstrip("\r").split("\r")
    for text in before:
        for match in _ESCAPE.finditer(text):
            if match["sgr"] is not None:
                style = style.after(match["sgr"])
    return last, style


# The same few colours come again on every line, so both are remembered: a page in half the time.
@lru_cache(maxsize=1024)
def _classes(style: Style) -> str:
    front, back = style.foreground, style.background
    if style.inverse:
        front, back = (0 if back is None else back), (7 if front is None else front)
    names = [f"f{front}"] if front is not None else []
    names += [f"b{back}"] if back is not None else []
    flags = {"o": style.bold, "d": style.dim, "i": style.italic, "u": style.underline}
    names += [name for name, on in {**flags, "s": style.strike}.items() if on]
    return " ".join(names)


@lru_cache(maxsize=1024)
def _after(style: Style, codes: str) -> Style:
    numbers = iter([min(int(code or "0"), 999) for code in codes.replace(":", ";").split(";")])
    for number in numbers:
        style = _step(style, number, numbers)
    return style


def _step(style: Style, code: int, rest: Iterator[int]) -> Style:
    if code == 0:
        return PLAIN
    if code in _CHANGES:
        return replace(style, **_CHANGES[code])
    if code in (38, 48):
        colour = _extended(rest)
        if colour is None:
            return style
        return (
            replace(style, foreground=colour) if code == 38 else replace(style, background=colour)
        )
    return style


def _extended(rest: Iterator[int]) -> int | None:
    """The colour after 38 or 48: `5;n`, or `2;r;g;b` as the nearest of the 256."""
    mode = next(rest, None)
    if mode == 5:
        number = next(rest, 256)
        return number if number < 256 else None
    if mode == 2:
        red, green, blue = (next(rest, 256) for _ in range(3))
        if max(red, green, blue) > 255:
            return None
        return 16 + 36 * _cube(red) + 6 * _cube(green) + _cube(blue)
    return None


def _cube(value: int) -> int:
    """The nearest of the colour cube's levels 0, 95, 135, 175, 215, 255."""
    return 0 if value < 48 else 1 if value < 115 else (value - 35) // 40


def _show(match: re.Match[str]) -> str:
    code = ord(match[0])
    name = f"^{chr(64 + code)}" if code < 32 else f"U+{code:04X}"
    return f'<span class="ctl">{name}</span>'
