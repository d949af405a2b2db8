"""Names of branches, tags and paths as users filter them: exact, glob, or `/regex/`."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from dishwasher.core import glob

if TYPE_CHECKING:
    import regex

# Imported where it is used: a runner never matches a name, and needs it for problem matchers that a
# user has brought along and for nothing else.
MATCH_SECONDS = 0.1
"""Of one regex on one name: a pattern that backtracks for ever must not hold up the planner."""
LENGTH = 500
"""Characters of a regex."""
REPEATS = 1000
"""Product of the least counts of a regex: `regex` unrolls them, and `a{99999999}` takes 10 GB."""


class Syntax(StrEnum):
    EXACT = "exact"
    GLOB = "glob"
    """`*` stops at a slash, `**` does not, `?` is one character, `[abc]` one of several.

    Braces and backslashes stand for themselves; `core.glob` has the rest.
    """
    REGEX = "regex"
    """Matches the whole name."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """`text` is the name, the glob, or what stands between the slashes of a regex."""

    text: str
    syntax: Syntax = Syntax.EXACT

    def matches(self, name: str) -> bool:
        """A regex that takes longer than MATCH_SECONDS matches nothing."""
        try:
            return self.fits(name)
        except TimeoutError:
            return False

    def fits(self, name: str) -> bool:
        """The same, but raises TimeoutError."""
        if self.syntax is Syntax.EXACT:
            return name == self.text
        if self.syntax is Syntax.GLOB:
            return glob.matches(self.text, name)
        return _compiled(self.text).fullmatch(name, timeout=MATCH_SECONDS) is not None

    def __str__(self) -> str:
        return f"/{self.text}/" if self.syntax is Syntax.REGEX else self.text


@dataclass(frozen=True, slots=True)
class Filter:
    """Names that are let through: one of `only` (empty: all), and none of `ignore`."""

    only: tuple[Pattern, ...] = ()
    ignore: tuple[Pattern, ...] = ()
    within: tuple[Pattern, ...] = ()
    """One of these must match as well, where there are any."""

    def admits(self, name: str) -> bool:
        return self.judge(name, Pattern.matches)

    def judge(self, name: str, matches: Callable[[Pattern, str], bool]) -> bool:
        """The same for someone who says what matches; `core.judge` keeps an eye on the time."""
        if any(matches(pattern, name) for pattern in self.ignore):
            return False
        return all(
            not some or any(matches(pattern, name) for pattern in some)
            for some in (self.only, self.within)
        )

    def __bool__(self) -> bool:
        return bool(self.only or self.ignore or self.within)

    def __str__(self) -> str:
        only = ", ".join(map(str, self.only))
        ignore = ", ".join(map(str, self.ignore))
        within = ", ".join(map(str, self.within))
        parts = (only, f"not {ignore}" if ignore else "", f"within {within}" if within else "")
        return " ".join(filter(None, parts))


def check_regex(text: str) -> str:
    """What is wrong with the regex, in a few words; empty when nothing is."""
    import regex

    if len(text) > LENGTH:
        return f"it has {len(text):,} characters, and at most {LENGTH} are read"
    if repeats(text) > REPEATS:
        return f"its counts in braces multiply to more than {REPEATS:,}"
    try:
        regex.compile(text)
    except (regex.error, RecursionError, OverflowError) as error:
        return str(error)
    return ""


def effort(text: str) -> int:
    """What compiling the regex costs, roughly in microseconds; 0 where `check_regex` refuses it."""
    times = repeats(text)
    return 0 if len(text) > LENGTH or times > REPEATS else 500 + len(text) * times


def repeats(text: str) -> int:
    """How often the least counts repeat, nested or not, in the worst case."""
    counts = (re.sub(r"\D", "", least) for least in re.findall(r"\{([^{},]*)", text))
    return math.prod(max(1, int(count)) for count in counts if count)


@lru_cache(maxsize=256)
def _compiled(text: str) -> regex.Pattern[str]:
    import regex

    return regex.compile(text)
