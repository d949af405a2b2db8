"""Terminal text as HTML: colours as class names from a fixed list, and nothing else obeyed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from dishwasher.checks.ansi import COLOUR, INVISIBLE, NOT_COLOUR, overwrite, picture

_NEEDS_WORK = re.compile(f"[&<>\"'\r\x1b{INVISIBLE.pattern[1:]}")

_STYLES = {1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "inverse", 9: "strike"}
_STYLES_OFF = {
    22: ("bold", "dim"),
    23: ("italic",),
    24: ("underline",),
    27: ("inverse",),
    29: ("strike",),
}
_FOREGROUNDS = {
    39: "",
    **{30 + index: str(index) for index in range(8)},
    **{90 + index: str(8 + index) for index in range(8)},
}


def to_html(text: str) -> str:
    """All lines as HTML, each closed in itself, joined by `\\n`."""
    return AnsiHtml().feed(text)


def stylesheet() -> str:
    """CSS of the class names that the HTML uses: `fg-0` to `fg-255`, `bg-…`, styles, `hidden`."""
    rules = [
        f".fg-{index}{{color:{colour}}}.bg-{index}{{background:{colour}}}"
        for index, colour in enumerate(_palette())
    ]
    rules.append(
        ".bold{font-weight:bold}.dim{opacity:.7}.italic{font-style:italic}"
        ".underline{text-decoration:underline}.strike{text-decoration:line-through}"
        ".hidden{outline:1px solid;opacity:.7}"
    )
    return "\n".join(rules)


class _State(NamedTuple):
    """What colour sequences have set; colours are numbers as text, empty for the page's own."""

    foreground: str = ""
    background: str = ""
    styles: tuple[str, ...] = ()
    tag: str = ""
    """The start tag that text in this state stands in; empty for none."""


class AnsiHtml:
    """Converts a log piece by piece; a colour that is not reset goes on in the next piece.

    A piece is whole lines, with or without the last `\\n`.
    """

    def __init__(self) -> None:
        self._state = _State()

    def feed(self, text: str) -> str:
        """HTML of these lines: text escaped, spans with class names, and nothing else."""
        if not self._state.tag and not _NEEDS_WORK.search(text):
            return text
        text = overwrite(text, _kept_colours)
        if "\x1b" in text:
            # Before escaping: an escape sequence can hold `<` and `&`.
            text = NOT_COLOUR.sub(_lone, text)
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        text = text.replace('"', "&quot;").replace("'", "&#39;")
        text = INVISIBLE.sub(_hidden, text)
        if "\x1b" not in text and not self._state.tag:
            return text
        return "".join(self._coloured(text))

    def _coloured(self, text: str) -> Iterator[str]:
        tag = self._state.tag
        yield tag
        # Text and the parameters of a colour in turn.
        pieces = COLOUR.split(text)
        for index, piece in enumerate(pieces):
            if index % 2:
                self._state = _after(self._state, piece)
                if self._state.tag != tag:
                    yield "</span>" if tag else ""
                    tag = self._state.tag
                    yield tag
            elif tag and "\n" in piece:
                # Each line is closed in itself, so that a page can number and fold them.
                yield piece.replace("\n", f"</span>\n{tag}")
            else:
                yield piece
        if tag:
            yield "</span>"


@lru_cache(maxsize=4096)
def _after(state: _State, parameters: str) -> _State:
    """The state that a colour sequence leads to."""
    foreground, background, styles, _ = state
    numbers = [int(number or 0) for number in parameters.replace(":", ";").split(";")]
    position = 0
    while position < len(numbers):
        number = numbers[position]
        position += 1
        if number in (38, 48):
            used, colour = _extended(numbers[position:])
            position += used
            if number == 38:
                foreground = colour or foreground
            else:
                background = colour or background
        elif number == 0:
            foreground, background, styles = "", "", ()
        elif number in _STYLES:
            styles = tuple(sorted({*styles, _STYLES[number]}))
        elif number in _STYLES_OFF:
            styles = tuple(style for style in styles if style not in _STYLES_OFF[number])
        elif number == 39 or 30 <= number <= 37 or 90 <= number <= 97:
            foreground = _FOREGROUNDS[number]
        elif number == 49 or 40 <= number <= 47 or 100 <= number <= 107:
            background = _FOREGROUNDS[number - 10]
    return _State(foreground, background, styles, _tag(foreground, background, styles))


def _tag(foreground: str, background: str, styles: tuple[str, ...]) -> str:
    if "inverse" in styles:
        foreground, background = background or "0", foreground or "7"
    names = [f"fg-{foreground}"] if foreground else []
    names += [f"bg-{background}"] if background else []
    names += [style for style in styles if style != "inverse"]
    return f'<span class="{" ".join(names)}">' if names else ""


def _extended(numbers: list[int]) -> tuple[int, str]:
    """How many numbers a 256-colour or RGB colour takes, and its index among the 256."""
    if numbers[:1] == [5] and len(numbers) > 1:
        return 2, str(numbers[1]) if numbers[1] < 256 else ""
    if numbers[:1] == [2] and len(numbers) > 3:
        red, green, blue = (min(value, 255) * 5 // 255 for value in numbers[1:4])
        return 4, str(16 + 36 * red + 6 * green + blue)
    return len(numbers), ""


def _kept_colours(overwritten: re.Match[str]) -> str:
    """What a terminal keeps of overwritten text: the colour that it left set."""
    return "".join(match[0] for match in COLOUR.finditer(overwritten[0]))


def _lone(escape: re.Match[str]) -> str:
    return "" if len(escape[0]) > 1 else "␛"


def _hidden(character: re.Match[str]) -> str:
    return f'<span class="hidden">{picture(character)}</span>'


def _palette() -> list[str]:
    """The 16 colours (of the xterm palette, dark red and blue lightened), the cube, the greys."""
    basic = "000000 cd3131 0dbc79 b5a000 4a7fd4 bc3fbc 11a8cd c8c8c8 "
    bright = "767676 f14c4c 23d18b e5d510 6ea8fe d670d6 29b8db ffffff"
    steps = (0, 95, 135, 175, 215, 255)
    cube = [f"{red:02x}{green:02x}{blue:02x}" for red in steps for green in steps for blue in steps]
    greys = [f"{8 + 10 * index:02x}" * 3 for index in range(24)]
    return [f"#{colour}" for colour in (*basic.split(), *bright.split(), *cube, *greys)]
