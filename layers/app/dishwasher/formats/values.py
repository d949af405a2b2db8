"""The types of values that configuration keys have, whatever the format."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from dishwasher.core import glob
from dishwasher.core.pattern import Pattern, Syntax, check_regex, effort
from dishwasher.formats.problems import show
from dishwasher.formats.reader import Reader, kind, listing, place
from dishwasher.formats.schema import Json, Type
from dishwasher.formats.tree import Entry, Mapping, Scalar

T = TypeVar("T")
A = TypeVar("A")
B = TypeVar("B")

PATTERNS = 100
"""Of one filter: each may have to be held against thousands of changed paths."""
EFFORT = 1_000_000
"""Of compiling all regexes of a file, as `effort` reckons it: some seconds at most."""
TRUE = frozenset({"true", "yes", "on", "y"})
FALSE = frozenset({"false", "no", "off", "n"})
NAME = r"[A-Za-z_][A-Za-z0-9_]*"
"""Of an environment variable."""
_VARIABLE = re.compile(NAME)
_DURATION = re.compile(r"(?:([0-9]+(?:\.[0-9]+)?)h)? *(?:([0-9]+)m)? *(?:([0-9]+)s)?")


@dataclass(frozen=True, slots=True)
class Text:
    """One text that is not empty, as it was written."""

    pattern: str = ""
    """A regex that must match the whole."""
    what: str = "what can stand here"
    """What the pattern asks for, in words: `a name such as en_US`."""

    def read(self, entry: Entry, reader: Reader) -> Scalar | None:
        scalar = reader.text(entry)
        if scalar is None or not self.pattern or re.fullmatch(self.pattern, scalar.text):
            return scalar
        message = f"{show(scalar.text)} is not {self.what}"
        reader.note(scalar, "bad-value", message)
        return None

    def schema(self) -> Json:
        made: Json = {"type": ["string", "number", "boolean"] if not self.pattern else "string"}
        return {**made, "pattern": f"^(?:{self.pattern})$"} if self.pattern else made


@dataclass(frozen=True, slots=True)
class Texts:
    """One text, or a list of them."""

    def read(self, entry: Entry, reader: Reader) -> tuple[Scalar, ...] | None:
        return reader.texts(entry) or None

    def schema(self) -> Json:
        item = Text().schema()
        return {"anyOf": [item, {"type": "array", "items": item, "minItems": 1}]}


@dataclass(frozen=True, slots=True)
class Flag:
    """Yes or no, in YAML's spellings."""

    def read(self, entry: Entry, reader: Reader) -> bool | None:
        scalar = reader.text(entry)
        if scalar is None:
            return None
        word = scalar.text.casefold()
        if word in TRUE or word in FALSE:
            return word in TRUE
        message = f"{show(entry.key.text)} is true or false, and not {show(scalar.text)}"
        reader.note(scalar, "wrong-type", message)
        return None

    def schema(self) -> Json:
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Count:
    """A whole number within bounds."""

    least: int
    most: int

    def read(self, entry: Entry, reader: Reader) -> int | None:
        scalar = reader.text(entry)
        if scalar is None:
            return None
        text = scalar.text.strip()
        if text.isascii() and text.isdigit() and len(text) < 12:
            number = int(text)
            if self.least <= number <= self.most:
                return number
        bounds = f"a whole number from {self.least} to {self.most}"
        message = f"{show(entry.key.text)} is {bounds}, and not {show(scalar.text)}"
        reader.note(scalar, "bad-value", message)
        return None

    def schema(self) -> Json:
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


@dataclass(frozen=True, slots=True)
class Duration:
    """`90s`, `10m`, `1h30m`, to seconds."""

    most: float = 24 * 3600

    def read(self, entry: Entry, reader: Reader) -> float | None:
        scalar = reader.text(entry)
        if scalar is None:
            return None
        found = _DURATION.fullmatch(scalar.text.strip())
        parts = found.groups() if found else ()
        if any(parts) and all(len(part or "") < 9 for part in parts):
            hours, minutes, seconds = (float(part or 0) for part in parts)
            total = hours * 3600 + minutes * 60 + seconds
            if 0 < total <= self.most:
                return total
            message = f"{show(scalar.text)} is not between 1s and {self.most / 3600:g}h"
            reader.note(scalar, "bad-value", message)
            return None
        suggestion = "Write a number with its unit, such as `90s`, `10m` or `1h30m`."
        reader.note(scalar, "bad-value", f"{show(scalar.text)} is not a duration", suggestion)
        return None

    def schema(self) -> Json:
        return {
            "type": "string",
            "pattern": r"^(?=[0-9])([0-9]+(\.[0-9]+)?h)? *([0-9]+m)? *([0-9]+s)?$",
        }


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]
    what: str
    """Ends `… is not`: `a check of Dishwasher`."""
    any_case: bool = False

    def read(self, entry: Entry, reader: Reader) -> Scalar | None:
        scalar = reader.text(entry)
        return None if scalar is None else self.chosen(scalar, reader)

    def chosen(self, scalar: Scalar, reader: Reader) -> Scalar | None:
        folded = {word.casefold() for word in self.words} if self.any_case else self.words
        if (scalar.text.casefold() if self.any_case else scalar.text) in folded:
            return scalar
        message = f"{show(scalar.text)} is not {self.what}; there is {listing(self.words)}"
        suggestion = reader.problems.nearest(scalar.text, self.words)
        reader.note(scalar, "unknown-value", message, suggestion)
        return None

    def schema(self) -> Json:
        return {"enum": list(self.words)}


@dataclass(frozen=True, slots=True)
class Choices:
    """One of a few words, or a list of them."""

    choice: Choice

    def read(self, entry: Entry, reader: Reader) -> tuple[Scalar, ...] | None:
        chosen = (self.choice.chosen(scalar, reader) for scalar in reader.texts(entry))
        return tuple(scalar for scalar in chosen if scalar is not None) or None

    def schema(self) -> Json:
        item = self.choice.schema()
        return {"anyOf": [item, {"type": "array", "items": item, "minItems": 1}]}


@dataclass(frozen=True, slots=True)
class MapOf(Generic[T]):
    """Names of the user's own to values of one type, in file order."""

    type: Type[T]
    what: str
    """Completes `… must map`: `names to what they run`."""
    example: str
    """Completes `Write …`."""
    key: str = ""
    """A regex that each name must match whole."""
    key_what: str = "a name that can stand here"
    """What it asks for, in words: it ends `… is not`."""

    def read(self, entry: Entry, reader: Reader) -> tuple[tuple[Entry, T], ...] | None:
        read = []
        for one in reader.mapping(entry, self.what, self.example):
            if self.key and not re.fullmatch(self.key, one.key.text):
                message = f"{show(one.key.text)} is not {self.key_what}"
                reader.note(one.key, "bad-name", message)
                continue
            value = self.type.read(one, reader)
            if value is not None:
                read.append((one, value))
        return tuple(read)

    def schema(self) -> Json:
        made: Json = {"type": "object", "additionalProperties": self.type.schema()}
        return {**made, "propertyNames": {"pattern": f"^(?:{self.key})$"}} if self.key else made


@dataclass(frozen=True, slots=True)
class Either(Generic[A, B]):
    """A short form (text or a list) or a mapping, told apart by what stands there."""

    short: Type[A]
    long: Type[B]

    def read(self, entry: Entry, reader: Reader) -> A | B | None:
        is_long = isinstance(entry.value, Mapping)
        return self.long.read(entry, reader) if is_long else self.short.read(entry, reader)

    def schema(self) -> Json:
        return {"anyOf": [self.short.schema(), self.long.schema()]}


@dataclass(frozen=True, slots=True)
class Variables:
    """Environment variables; values are texts as written, an empty one is an empty text."""

    def read(self, entry: Entry, reader: Reader) -> tuple[tuple[Scalar, Scalar], ...] | None:
        read = []
        for one in reader.mapping(entry, "variables to their values", "`NAME: value` below it"):
            if not _VARIABLE.fullmatch(one.key.text):
                message = f"{show(one.key.text)} can not be the name of a variable"
                suggestion = "Letters, digits and `_`, not beginning with a digit."
                reader.note(one.key, "bad-name", message, suggestion)
            elif not isinstance(one.value, Scalar):
                message = f"{show(one.key.text)} must be text, and is {kind(one.value)}"
                reader.note(place(one, one.value), "wrong-type", message)
            elif "\0" in one.value.text:
                reader.note(one.value, "bad-value", "a variable can not hold a NUL")
            else:
                read.append((one.key, _as_text(one.value)))
        return tuple(read)

    def schema(self) -> Json:
        value = {"type": ["string", "number", "boolean", "null"]}
        names = {"pattern": f"^{_VARIABLE.pattern}$"}
        return {"type": "object", "additionalProperties": value, "propertyNames": names}


@dataclass(frozen=True, slots=True)
class Refs:
    """Names, globs or `/regexes/` of branches, tags or paths; one or a list."""

    globs: bool = True
    """`*`, `?` and `[` outside a regex make a glob."""
    check: Callable[[Scalar, Reader], bool] | None = None
    """Notes what can not be the name of such a thing, and says whether it could."""

    def read(self, entry: Entry, reader: Reader) -> tuple[Pattern, ...] | None:
        read = []
        for scalar in few(entry, reader.texts(entry), reader):
            pattern = self.pattern(scalar, reader)
            if pattern is not None:
                read.append(pattern)
        return tuple(dict.fromkeys(read))

    def pattern(self, scalar: Scalar, reader: Reader) -> Pattern | None:
        text = scalar.text
        if len(text) > 2 and text.startswith("/") and text.endswith("/"):
            return self._regex(scalar, text[1:-1], reader)
        if self.check is not None and not self.check(scalar, reader):
            return None
        if not self.globs:
            return Pattern(text)
        doubtful = glob.check(text)
        if doubtful:
            reader.warn(scalar, "doubtful-glob", f"in the glob {show(text)} {doubtful}")
        is_glob = any(character in text for character in "*?[")
        return Pattern(text, Syntax.GLOB if is_glob else Syntax.EXACT)

    def _regex(self, scalar: Scalar, text: str, reader: Reader) -> Pattern | None:
        before, reader.effort = reader.effort, reader.effort + effort(text)
        if reader.effort > EFFORT:
            if before <= EFFORT:
                message = "from here on the regexes of this file take too long to read"
                suggestion = "Write fewer of them, with smaller counts in braces, or use globs."
                reader.note(scalar, "slow-regexes", message, suggestion)
            return None
        wrong = check_regex(text)
        if not wrong:
            return Pattern(text, Syntax.REGEX)
        reader.note(scalar, "bad-regex", f"the regex {show(scalar.text)} can not be read: {wrong}")
        return None

    def schema(self) -> Json:
        return Texts().schema()


@dataclass(frozen=True, slots=True)
class Anything:
    """A value that is accepted and not used, such as a setting of the other service's own."""

    def read(self, entry: Entry, reader: Reader) -> Any:
        return entry.value

    def schema(self) -> Json:
        return {}


def _as_text(scalar: Scalar) -> Scalar:
    if not scalar.is_null:
        return scalar
    return Scalar("" if scalar.text == "" else scalar.text, scalar.line, scalar.column)


def few(entry: Entry, patterns: tuple[Scalar, ...], reader: Reader) -> tuple[Scalar, ...]:
    """The first PATTERNS of them, after noting that there are more."""
    if len(patterns) > PATTERNS:
        message = f"{show(entry.key.text)} has {len(patterns):,} patterns; at most {PATTERNS}"
        reader.note(entry.key, "too-many-patterns", f"{message} are read")
    return patterns[:PATTERNS]
