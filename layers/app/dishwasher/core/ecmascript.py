"""Regular expressions in the syntax of JavaScript, which GitHub's problem matchers are written in.

Each is rewritten for `regex`, sign by sign, so that nothing keeps a meaning that only Python knows,
and nothing in it matches the end of a line: many lines can be searched at once, each for itself.
GitHub's own runner reads them with .NET's ECMAScript option: \\d, \\w and \\s know ASCII alone.
https://github.com/actions/runner/blob/main/src/Runner.Worker/IssueMatcher.cs
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dishwasher.core import pattern

if TYPE_CHECKING:
    import regex

LENGTH = 2_000
"""Characters of one expression; the longest of well-known matchers has 600."""
SECONDS = 1.0
"""Of one search, as long as GitHub's runner takes for a line (OutputManager.cs)."""

_GROUPS = ("(?:", "(?=", "(?!", "(?<=", "(?<!", "(?i:")
_NAMED = re.compile(r"\(\?<([A-Za-z_]\w*)>", re.ASCII)
_REFERENCE = re.compile(r"\\([1-9]\d*)", re.ASCII)
_NAMED_REFERENCE = re.compile(r"\\k<([A-Za-z_]\w*)>", re.ASCII)
_CHARACTER = re.compile(r"\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|c[A-Za-z]|0(?!\d)|[tnrfv]|[^\w\n])")
_QUANTIFIER = re.compile(r"(?:[*+?]|\{\d+(?:,\d*)?\})\??", re.ASCII)
_REPEATED = re.compile(r"[*+?]|\{\d+(?:,\d*)?\}", re.ASCII)
_RANGE = re.compile(r"-(?!\])")
_NEVER = "(?:(?!))"
_OUTSIDE = {
    "d": r"\d",
    "w": r"\w",
    "S": r"\S",
    "b": r"\b",
    "B": r"\B",
    "D": r"[^\d\n]",
    "W": r"[^\w\n]",
    "s": r"[^\S\n]",
}
"""What the escapes that stand for many characters, or for none, are outside of brackets."""
_SETS = "dDwWsS"


class Unreadable(ValueError):
    """What is wrong with an expression, in a few words."""


class Expression:
    """One expression, compiled; raises Unreadable."""

    def __init__(self, text: str) -> None:
        # Imported late: only who brings matchers of their own needs it.
        import regex

        if len(text) > LENGTH:
            raise Unreadable(f"it has {len(text):,} characters, and at most {LENGTH:,} are read")
        if pattern.repeats(text) > pattern.REPEATS:
            raise Unreadable(f"its counts in braces multiply to more than {pattern.REPEATS:,}")
        try:
            flags = regex.ASCII | regex.MULTILINE | regex.VERSION0
            self._compiled = regex.compile(translated(text), flags)
        except RecursionError as error:
            raise Unreadable("its groups are nested too deep") from error
        except regex.error as error:
            raise Unreadable(str(error)) from error
        self.groups = self._compiled.groups

    def match(self, line: str) -> regex.Match[str] | None:
        """The first place in the line that it fits; raises TimeoutError after SECONDS."""
        return self._compiled.search(line, timeout=SECONDS)

    def lines(self, text: str) -> Iterator[int]:
        """Where those lines begin that it fits; the text ends with its last line's "\\n".

        Raises TimeoutError.
        """
        at = 0
        while at < len(text) and (found := self._compiled.search(text, at, timeout=SECONDS)):
            if found.start() == len(text):
                return
            yield text.rfind("\n", 0, found.start()) + 1
            at = text.index("\n", found.start()) + 1


def translated(text: str) -> str:
    """The same expression for `regex`; raises Unreadable."""
    return _Translation(text).whole()


@dataclass(slots=True)
class _Translation:
    """One expression, read from its beginning."""

    text: str
    at: int = 0
    named: list[str] = field(default_factory=list)
    unnamed: int = 0

    def whole(self) -> str:
        parts = []
        if self.text.startswith("(?i)"):
            self.at = 4
            parts.append("(?i)")
        while self.at < len(self.text):
            parts.append(self._atom())
            parts.append(self._quantifier())
        if self.named and self.unnamed:
            # JavaScript counts them as they come, .NET the named ones last.
            raise Unreadable("it mixes named groups with others: GitHub counts those differently")
        return "".join(parts)

    def _atom(self) -> str:
        sign = self.text[self.at]
        if sign == "\\":
            return self._escape()
        if sign == "(":
            return self._group()
        if sign == "[":
            return self._set()
        self.at += 1
        if sign in "^$.|)":
            return sign
        if _REPEATED.match(self.text, self.at - 1):
            raise Unreadable(f"nothing to repeat at position {self.at}")
        return _NEVER if sign == "\n" else re.escape(sign)

    def _quantifier(self) -> str:
        """What follows an atom; an expression may not begin with one."""
        before = self.text[self.at - 1] if self.at else ""
        found = _QUANTIFIER.match(self.text, self.at)
        if found is None or (before in "|(" and not self._is_escaped(self.at - 1)):
            return ""
        self.at = found.end()
        return found[0]

    def _is_escaped(self, at: int) -> bool:
        begin = at
        while begin and self.text[begin - 1] == "\\":
            begin -= 1
        return (at - begin) % 2 == 1

    def _group(self) -> str:
        if named := _NAMED.match(self.text, self.at):
            if named[1] in self.named:
                raise Unreadable(f"it has two groups named `{named[1]}`")
            self.at = named.end()
            self.named.append(named[1])
            return f"(?P<{named[1]}>"
        for begin in _GROUPS:
            if self.text.startswith(begin, self.at):
                self.at += len(begin)
                return begin
        if self.text.startswith("(?", self.at):
            shown = self.text[self.at : self.at + 4]
            raise Unreadable(f"`{shown}` at position {self.at + 1} begins no group of JavaScript's")
        self.at += 1
        self.unnamed += 1
        return "("

    def _escape(self) -> str:
        """Outside of brackets."""
        if character := self._character():
            return _NEVER if character == r"\n" else character
        if reference := _REFERENCE.match(self.text, self.at):
            self.at = reference.end()
            # A group that took no part fits the empty text there.
            return f"(?({reference[1]})\\{reference[1]}|)"
        if reference := _NAMED_REFERENCE.match(self.text, self.at):
            self.at = reference.end()
            return f"(?({reference[1]})(?P={reference[1]})|)"
        sign = self.text[self.at + 1 : self.at + 2]
        if sign not in _OUTSIDE:
            raise self._unknown(sign)
        self.at += 2
        return _OUTSIDE[sign]

    def _character(self) -> str:
        """An escape that stands for one character, inside of brackets and outside."""
        found = _CHARACTER.match(self.text, self.at)
        if found is None:
            return ""
        self.at = found.end()
        kind, rest = found[0][1], found[0][2:]
        if kind == "c":
            point = ord(rest) % 32
        elif kind in "xu":
            point = int(rest, 16)
        else:
            return r"\x00" if kind == "0" else found[0]
        return r"\n" if point == ord("\n") else f"\\u{point:04x}"

    def _unknown(self, sign: str) -> Unreadable:
        shown = f"`\\{sign}`" if sign else "a lone backslash"
        return Unreadable(f"{shown} at position {self.at + 1} means nothing in JavaScript")

    def _set(self) -> str:
        """From `[` to `]`; within, only `\\`, `]`, `^` and `-` mean anything."""
        begin = self.at
        self.at += 1
        is_negated = self.text.startswith("^", self.at)
        if is_negated:
            self.at += 1
        if self.text.startswith("]", self.at):
            raise Unreadable(f"the brackets at position {begin + 1} hold nothing")
        parts = []
        while not self.text.startswith("]", self.at):
            if self.at >= len(self.text):
                raise Unreadable(f"the bracket at position {begin + 1} has no end")
            parts.append(self._member())
        self.at += 1
        members = "".join(parts)
        if is_negated:
            return f"[^\\n{members}]"
        # What it is made of, a control character at least, may hold the end of a line.
        may_end = "\\" in self.text[begin : self.at] or not self.text[begin : self.at].isprintable()
        return f"(?:(?!\\n)[{members}])" if may_end else f"[{members}]"

    def _member(self) -> str:
        """A character, a range of them, or a set such as `\\d`."""
        first, is_one = self._one()
        if not (is_one and _RANGE.match(self.text, self.at)):
            return first
        hyphen = self.at
        self.at += 1
        last, is_one = self._one()
        if is_one:
            return f"{first}-{last}"
        self.at = hyphen
        return first

    def _one(self) -> tuple[str, bool]:
        """What stands here in brackets, and whether it is one character."""
        sign = self.text[self.at]
        if sign != "\\":
            self.at += 1
            return _literal(sign), True
        if character := self._character():
            return character, True
        sign = self.text[self.at + 1 : self.at + 2]
        if sign == "b":
            self.at += 2
            return r"\x08", True
        if not sign or sign not in _SETS:
            raise self._unknown(sign)
        self.at += 2
        return f"\\{sign}", False


def _literal(sign: str) -> str:
    """In brackets: two of `-`, `&`, `~` or `|` together mean something to Python."""
    return sign if sign.isalnum() else f"\\{sign}"
