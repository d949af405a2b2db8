"""Terminal text as plain text and as HTML. A line ends at `\\n` and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterator

_CSI = r"\[[0-?]*[ -/]*[@-~]?"
_STRING = r"[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)"
# OSC (titles, links), DCS, SOS, PM, APC: up to BEL or ST. Without that end only the start goes.
# https://www.ecma-international.org/publications-and-standards/standards/ecma-48/: each class ends
# where the next begins, so that no text makes the match go back.
_ESCAPE = re.compile(rf"\x1b(?:{_CSI}|{_STRING}|[ -/]*[0-~])")
# The longest parameters that a colour needs are `38;2;255;255;255`; programs join a few of them.
_SGR = re.compile(r"\x1b\[([0-9;:]{0,64})m")
_NOT_SGR = re.compile(rf"(?!{_SGR.pattern}){_ESCAPE.pattern}")
_OVERWRITTEN = re.compile(r"^[^\n]*\r(?=[^\r\n])", re.MULTILINE)
_LINE_END = re.compile(r"(?<!\r)\r++(?=\n|\Z)")

# C0 but tab, newline and escape; DEL; C1; marks that turn or hide text (CVE-2021-42574); the two
# separators that browsers break lines at.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)
_NEEDS_WORK = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069&<>\"']"
)
_TOKEN = re.compile(rf"{_SGR.pattern}|\x1b|{_INVISIBLE.pattern}")

_STYLES = {1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "inverse", 9: "strike"}
_STYLES_OFF = {
    22: ("bold", "dim"),
    23: ("italic",),
    24: ("underline",),
    27: ("inverse",),
    29: ("strike",),
}


def strip(text: str) -> str:
    """The text without escape sequences; everything else stays."""
    return _ESCAPE.sub("", text) if "\x1b" in text else text


def plain(text: str) -> str:
    """The text as a reader saw it: no escape sequences, overwritten parts gone, nothing hidden."""
    text = strip(text)
    if "\r" in text:
        text = _OVERWRITTEN.sub("", _LINE_END.sub("", text))
    return _INVISIBLE.sub(lambda match: _picture(match[0]), text)


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


class AnsiHtml:
    """Converts a log piece by piece; a colour that is not reset goes on in the next piece.

    A piece is whole lines, with or without the last `\\n`.
    """

    def __init__(self) -> None:
        self._foreground = ""
        self._background = ""
        """Numbers of colours, empty for the page's own."""
        self._styles: tuple[str, ...] = ()
        self._open = ""
        """The tag that text stands in now."""

    def feed(self, text: str) -> str:
        """HTML of these lines: text escaped, spans with class names, and nothing else."""
        if not self._open and not _NEEDS_WORK.search(text):
            return text
        if "\r" in text:
            text = _OVERWRITTEN.sub(_kept_colours, _LINE_END.sub("", text))
        if "\x1b" in text:
            text = _NOT_SGR.sub("", text)
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        text = text.replace('"', "&quot;").replace("'", "&#39;")
        parts = [self._open]
        position = 0
        for match in _TOKEN.finditer(text):
            parts.append(self._text(text[position : match.start()]))
            position = match.end()
            parts.append(self._hidden(match[0]) if match[1] is None else self._colour(match[1]))
        parts.append(self._text(text[position:]))
        if self._open:
            parts.append("</span>")
        return "".join(parts)

    def _text(self, text: str) -> str:
        """Each line closed in itself, so that a page can number and fold them."""
        return text.replace("\n", f"</span>\n{self._open}") if self._open else text

    def _hidden(self, character: str) -> str:
        return f'<span class="hidden">{_picture(character)}</span>'

    def _colour(self, parameters: str) -> str:
        was_open = self._open
        self._set(parameters)
        names = " ".join(self._names())
        self._open = f'<span class="{names}">' if names else ""
        if self._open == was_open:
            return ""
        return f"</span>{self._open}" if was_open else self._open

    def _names(self) -> Iterator[str]:
        foreground, background = self._foreground, self._background
        if "inverse" in self._styles:
            foreground, background = background or "0", foreground or "7"
        if foreground:
            yield f"fg-{foreground}"
        if background:
            yield f"bg-{background}"
        yield from (style for style in self._styles if style != "inverse")

    def _set(self, parameters: str) -> None:
        numbers = [int(number or 0) for number in parameters.replace(":", ";").split(";")]
        position = 0
        while position < len(numbers):
            number = numbers[position]
            position += 1
            if number in (38, 48):
                used, name = _extended(numbers[position:])
                position += used
                if name and number == 38:
                    self._foreground = name
                elif name:
                    self._background = name
            else:
                self._set_simple(number)

    def _set_simple(self, number: int) -> None:
        if number == 0:
            self._foreground, self._background, self._styles = "", "", ()
        elif number in _STYLES:
            name = _STYLES[number]
            self._styles = (*(style for style in self._styles if style != name), name)
        elif number in _STYLES_OFF:
            off = _STYLES_OFF[number]
            self._styles = tuple(style for style in self._styles if style not in off)
        elif number == 39:
            self._foreground = ""
        elif number == 49:
            self._background = ""
        elif 30 <= number <= 37 or 90 <= number <= 97:
            self._foreground = str(number - 30 if number < 90 else number - 82)
        elif 40 <= number <= 47 or 100 <= number <= 107:
            self._background = str(number - 40 if number < 100 else number - 92)


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
    return "".join(match[0] for match in _SGR.finditer(overwritten[0]))


def _picture(character: str) -> str:
    point = ord(character)
    if point < 0x20:
        return chr(0x2400 + point)
    return "␡" if point == 0x7F else f"⟨U+{point:04X}⟩"


def _palette() -> list[str]:
    """The 16 colours (of the xterm palette, dark red and blue lightened), the cube, the greys."""
    basic = "000000 cd3131 0dbc79 b5a000 4a7fd4 bc3fbc 11a8cd c8c8c8 "
    bright = "767676 f14c4c 23d18b e5d510 6ea8fe d670d6 29b8db ffffff"
    steps = (0, 95, 135, 175, 215, 255)
    cube = [f"{red:02x}{green:02x}{blue:02x}" for red in steps for green in steps for blue in steps]
    greys = [f"{8 + 10 * index:02x}" * 3 for index in range(24)]
    return [f"#{colour}" for colour in (*basic.split(), *bright.split(), *cube, *greys)]
