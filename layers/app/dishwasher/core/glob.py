"""Globs over names with slashes, matched in a time that grows with the two lengths and no faster.

Not translated to a regex: a dozen stars make one backtrack for ever. The places in the glob that
the name may have reached are the bits of one number, which each character moves on all at once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_PART = re.compile(r"((?:\*\*+/)+)|(\*\*+)|(\*)|(\?)|(\[[!^]?+[^/][^\]/]*\])|(.)", re.DOTALL)
"""What a glob is made of; a `[` without its `]` is a letter like others."""
_RANGE = re.compile(r"(.)-(.)|(.)", re.DOTALL)
_BRACES = re.compile(r"\{[^{},]*,[^{}]*\}")


def matches(glob: str, name: str) -> bool:
    """Whether the whole name fits. No class holds a slash, and a backslash escapes nothing."""
    return _compiled(glob).fits(name)


def check(glob: str) -> str:
    """What is hardly meant so, in a few words; empty when nothing is."""
    for part in _PART.finditer(glob):
        for first, last in _class(part[5]).ranges if part[5] else ():
            if first > last:
                return f"the range {first}-{last} is empty"
    braces = _BRACES.search(glob)
    return f"{braces[0]} stands for itself; write a list of patterns instead" if braces else ""


@dataclass(frozen=True, slots=True)
class _Set:
    """The characters that one place of the glob lets through."""

    ranges: tuple[tuple[str, str], ...] = ()
    negated: bool = False
    slash: bool = False
    """Whatever the ranges say: `[!a]` and `[.-0]` stop at a slash too."""

    def has(self, character: str) -> bool:
        if character == "/":
            return self.slash
        return self.negated is not any(first <= character <= last for first, last in self.ranges)


_NONE, _SLASH = _Set(), _Set(slash=True)
_NO_SLASH, _ANY = _Set(negated=True), _Set(negated=True, slash=True)


@dataclass(frozen=True, slots=True)
class _Place:
    """Bit n of the state is place n; behind the last one the name is matched."""

    moves: _Set = _NONE
    """Characters that lead to the next place."""
    stays: _Set = _NONE
    """Characters that a star takes."""
    skips: int = 0
    """Places that can be gone on by without a character."""


class _Glob:
    def __init__(self, text: str) -> None:
        self._places = tuple(place for part in _PART.finditer(text) for place in _places(part))
        skips = [(1 << bit, place.skips) for bit, place in enumerate(self._places)]
        self._one = sum(bit for bit, skip in skips if skip)
        self._two = sum(bit for bit, skip in skips if skip == 2)
        self._by_character: dict[str, tuple[int, int]] = {}
        # Most names differ from most globs at one of their ends.
        self._begin = _plain(text)
        # The slash of `**/` need not be there.
        self._end = _plain(text[::-1])[::-1].removeprefix("/")

    def fits(self, name: str) -> bool:
        if not (name.startswith(self._begin) and name.endswith(self._end)):
            return False
        state = self._skipped(1)
        for character in name:
            moves, stays = self._by_character.get(character) or self._learn(character)
            state = self._skipped((state & moves) << 1 | state & stays)
            if not state:
                return False
        return bool(state >> len(self._places))

    def _skipped(self, state: int) -> int:
        """At most three places that can be skipped stand in a row, as in `a*` + `**/` + `*`."""
        for _ in range(3):
            state |= (state & self._one) << 1 | (state & self._two) << 2
        return state

    def _learn(self, character: str) -> tuple[int, int]:
        moves = stays = 0
        for bit, place in enumerate(self._places):
            moves |= place.moves.has(character) << bit
            stays |= place.stays.has(character) << bit
        self._by_character[character] = moves, stays
        return moves, stays


@lru_cache(maxsize=256)
def _compiled(text: str) -> _Glob:
    return _Glob(text)


def _places(part: re.Match[str]) -> tuple[_Place, ...]:
    if part[1]:
        return _Place(skips=2), _Place(moves=_SLASH, stays=_ANY)
    if part[2] or part[3]:
        return (_Place(stays=_ANY if part[2] else _NO_SLASH, skips=1),)
    if part[4]:
        return (_Place(_NO_SLASH),)
    if part[5]:
        return (_Place(_class(part[5])),)
    return (_Place(_Set(((part[6], part[6]),), slash=part[6] == "/")),)


def _class(text: str) -> _Set:
    """`[abc]`, `[a-z]`, `[!abc]` and `[^abc]`; a `]` that comes first is one of the characters."""
    negated = text[1] in "!^"
    ranges = _RANGE.findall(text[2 if negated else 1 : -1])
    return _Set(tuple((single or first, single or last) for first, last, single in ranges), negated)


def _plain(text: str) -> str:
    """What it begins with that stands for itself."""
    return text[: next((at for at, one in enumerate(text) if one in "*?[]"), len(text))]
