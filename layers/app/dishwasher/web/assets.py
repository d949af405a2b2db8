"""Style sheet, script and icon, under names that change with their content."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files

TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
NAMES = ("style.css", "follow.js", "icon.svg")

_NAMED = (
    *("7d8590", "ff7b72", "56d364", "e3b341", "79c0ff", "d2a8ff", "76e3ea", "c9d1d9"),
    *("8b949e", "ffa198", "7ee787", "f2cc60", "a5d6ff", "e2c5ff", "b3f0ff", "ffffff"),
)
"""The sixteen named colours, legible on the log's dark ground."""
_LEVELS = (0, 95, 135, 175, 215, 255)
"""Of the colour cube: https://en.wikipedia.org/wiki/ANSI_escape_code#8-bit"""
_DARKEST = 125
"""Brightness (0-255) below which text would vanish on the log's ground."""


@dataclass(frozen=True, slots=True)
class Asset:
    type: str
    data: bytes


class Assets:
    """Read once; `url` names them for pages and `get` finds them again."""

    def __init__(self) -> None:
        self._urls: dict[str, str] = {}
        self._assets: dict[str, Asset] = {}
        for name in NAMES:
            data = files("dishwasher.web").joinpath("static", name).read_bytes()
            if name == "style.css":
                data += palette().encode()
            stem, _, kind = name.rpartition(".")
            hashed = f"{stem}.{hashlib.sha256(data).hexdigest()[:12]}.{kind}"
            self._urls[name] = f"/static/{hashed}"
            self._assets[hashed] = Asset(TYPES[kind], data)

    def url(self, name: str) -> str:
        return self._urls[name]

    def get(self, hashed: str) -> Asset | None:
        return self._assets.get(hashed)


def palette() -> str:
    """CSS classes `f0`-`f255` and `b0`-`b255` for the terminal's colours."""
    rules = []
    for number in range(256):
        colour = _colour(number)
        rules.append(f".f{number}{{color:#{_lift(colour)}}}.b{number}{{background:#{colour}}}")
    return "\n".join(rules)


def _colour(number: int) -> str:
    if number < 16:
        return _NAMED[number]
    if number < 232:
        red, rest = divmod(number - 16, 36)
        return "".join(f"{_LEVELS[level]:02x}" for level in (red, *divmod(rest, 6)))
    return f"{8 + 10 * (number - 232):02x}" * 3


def _lift(colour: str) -> str:
    """The colour as one for text: mixed with white until it can be read."""
    channels = [int(colour[at : at + 2], 16) for at in (0, 2, 4)]
    bright = sum(part * weight for part, weight in zip(channels, (0.3, 0.59, 0.11), strict=True))
    if bright >= _DARKEST:
        return colour
    share = (_DARKEST - bright) / (255 - bright)
    return "".join(f"{round(part + (255 - part) * share):02x}" for part in channels)
