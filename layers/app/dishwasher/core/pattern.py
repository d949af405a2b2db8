"""Names of branches, tags and paths as users filter them: exact, glob, or `/regex/`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import regex

# Imported where it is used: a runner reads configurations and never matches a name, and has only
# the standard library.
MATCH_SECONDS = 0.1
"""Of one regex on one name: a pattern that backtracks for ever must not hold up the planner."""


class Syntax(StrEnum):
    EXACT = "exact"
    GLOB = "glob"
    """`*` stops at a slash, `**` does not, `?` is one character, `[abc]` one of several."""
    REGEX = "regex"
    """Matches the whole name."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """`text` is the name, the glob, or what stands between the slashes of a regex."""

    text: str
    syntax: Syntax = Syntax.EXACT

    def matches(self, name: str) -> bool:
        """A regex that takes longer than MATCH_SECONDS matches nothing."""
        if self.syntax is Syntax.EXACT:
            return name == self.text
        try:
            found = _compiled(self.text, self.syntax).fullmatch(name, timeout=MATCH_SECONDS)
        except TimeoutError:
            return False
        return found is not None

    def __str__(self) -> str:
        return f"/{self.text}/" if self.syntax is Syntax.REGEX else self.text


@dataclass(frozen=True, slots=True)
class Filter:
    """Names that are let through: one of `only` (empty: all), and none of `ignore`."""

    only: tuple[Pattern, ...] = ()
    ignore: tuple[Pattern, ...] = ()

    def admits(self, name: str) -> bool:
        if any(pattern.matches(name) for pattern in self.ignore):
            return False
        return not self.only or any(pattern.matches(name) for pattern in self.only)

    def __bool__(self) -> bool:
        return bool(self.only or self.ignore)

    def __str__(self) -> str:
        only = ", ".join(map(str, self.only))
        ignore = ", ".join(map(str, self.ignore))
        return " ".join(filter(None, (only, f"not {ignore}" if ignore else "")))


def check_regex(text: str) -> str:
    """What is wrong with the regex, in a few words; empty when nothing is."""
    import regex

    try:
        regex.compile(text)
    except (regex.error, RecursionError, OverflowError) as error:
        return str(error)
    return ""


@cache
def _compiled(text: str, syntax: Syntax) -> regex.Pattern[str]:
    import regex

    return regex.compile(text if syntax is Syntax.REGEX else _translated(text))


def _translated(glob: str) -> str:
    import regex

    parts, position = [], 0
    while position < len(glob):
        if glob.startswith("**/", position):
            parts.append("(?:.*/)?+")
            position += 3
            continue
        if glob.startswith("**", position):
            parts.append(".*")
            position += 2
            continue
        character = glob[position]
        close = glob.find("]", position + 2) if character == "[" else -1
        if close > 0:
            inside = glob[position + 1 : close]
            negated = inside[0] in "!^"
            body = regex.escape(inside[1:] if negated else inside, special_only=True)
            parts.append(f"[{'^' if negated else ''}{body.replace(chr(92) + '-', '-')}]")
            position = close + 1
            continue
        parts.append({"*": "[^/]*", "?": "[^/]"}.get(character) or regex.escape(character))
        position += 1
    return "".join(parts)
