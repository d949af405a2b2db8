"""The types of values that only `.dishwasher.yml` has."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dishwasher.core.pattern import Filter, Pattern
from dishwasher.formats.problems import show
from dishwasher.formats.reader import Reader, kind, place
from dishwasher.formats.schema import Fields, Json, Record
from dishwasher.formats.tree import Entry, Mapping, Scalar, Sequence
from dishwasher.formats.values import NAME, Choice, Refs, Text, Texts, few

SUFFIX = ".json"
"""What the name of a file with problem matchers ends with, and no tool's does."""
LABEL = 50
"""Characters of a label's name on GitHub, whose form takes no more."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_PREFIXES = ("refs/heads/", "refs/tags/", "origin/")
"""What people write before a name who have it from git."""
# https://git-scm.com/docs/git-check-ref-format, without what makes a glob.
_NO_REF = re.compile(r"[\x00-\x20\x7f~^:\\]|\.\.|//|@\{|^[-/.]|/\.|[/.]$|\.lock(/|$)|^@$")


@dataclass(frozen=True, slots=True)
class Names:
    """Names of environment variables; one or a list, each once."""

    def read(self, entry: Entry, reader: Reader) -> tuple[Scalar, ...] | None:
        found: dict[str, Scalar] = {}
        for scalar in reader.texts(entry):
            if not re.fullmatch(NAME, scalar.text):
                message = f"{show(scalar.text)} can not be the name of a variable"
                suggestion = "Letters, digits and `_`, not beginning with a digit."
                reader.note(scalar, "bad-name", message, suggestion)
            else:
                found.setdefault(scalar.text, scalar)
        return tuple(found.values())

    def schema(self) -> Json:
        item = {"type": "string", "pattern": f"^{NAME}$"}
        return {"anyOf": [item, {"type": "array", "items": item, "minItems": 1}]}


@dataclass(frozen=True, slots=True)
class Inside:
    """Paths or globs relative to the checkout; one or a list."""

    example: str
    home: bool = False
    """Paths below `~/` are allowed too."""
    excludes: bool = False
    """`!` before a glob takes away what it matches."""

    def read(self, entry: Entry, reader: Reader) -> tuple[str, ...] | None:
        kept = [scalar.text for scalar in reader.texts(entry) if self.is_inside(scalar, reader)]
        if kept and all(path.startswith("!") for path in kept):
            message = f"{show(entry.key.text)} only takes away"
            reader.note(entry.key, "conflict", message, "Write what it takes away from.")
        return tuple(dict.fromkeys(kept))

    def one(self, entry: Entry, reader: Reader) -> str | None:
        scalar = reader.text(entry)
        return scalar.text if scalar is not None and self.is_inside(scalar, reader) else None

    def is_inside(self, scalar: Scalar, reader: Reader) -> bool:
        text = scalar.text.removeprefix("!") if self.excludes else scalar.text
        relative = text.removeprefix("~/") if self.home else text
        outside = relative.startswith(("/", "~", "$", "!")) or ".." in text.split("/")
        if relative and not outside:
            return True
        message = f"{show(text)} does not stay inside the checkout"
        suggestion = f"Write a path or glob relative to it, such as `{self.example}`."
        if self.home:
            message += " or below `~/`"
            suggestion = f"Write a path such as `{self.example}` or `~/.cache/pip`."
        reader.note(scalar, "bad-path", message, suggestion)
        return False

    def schema(self) -> Json:
        return Texts().schema()


@dataclass(frozen=True, slots=True)
class File:
    """The path of one file in the checkout."""

    example: str

    def read(self, entry: Entry, reader: Reader) -> str | None:
        return Inside(self.example).one(entry, reader)

    def schema(self) -> Json:
        return {"type": "string"}


@dataclass(frozen=True, slots=True)
class Matchers:
    """Tools whose output is known, and files with problem matchers; one or a list."""

    tools: Choice
    example: str

    def read(self, entry: Entry, reader: Reader) -> tuple[str, ...] | None:
        chosen = [scalar.text for scalar in reader.texts(entry) if self._is_one(scalar, reader)]
        return tuple(dict.fromkeys(chosen)) or None

    def _is_one(self, scalar: Scalar, reader: Reader) -> bool:
        if scalar.text.endswith(SUFFIX):
            return Inside(self.example).is_inside(scalar, reader)
        return self.tools.chosen(scalar, reader) is not None

    def schema(self) -> Json:
        item = {"anyOf": [self.tools.schema(), {"type": "string", "pattern": r"\.json$"}]}
        return {"anyOf": [item, {"type": "array", "items": item, "minItems": 1}]}


@dataclass(frozen=True, slots=True)
class Admits:
    """Names, globs or `/regexes/` that are let through, and with `!` before them those that are
    not; one or a list."""

    what: str
    """`branch`, `tag`, `path` or `label`."""

    def read(self, entry: Entry, reader: Reader) -> Filter | None:
        checks = {"path": _is_path, "label": _is_label}
        refs = Refs(check=checks.get(self.what, self._is_ref))
        only: list[Pattern] = []
        ignore: list[Pattern] = []
        for scalar in few(entry, reader.texts(entry), reader):
            negated = scalar.text.startswith("!")
            if scalar.text == "!":
                suggestion = f"Write the {self.what} after it."
                reader.note(scalar, "empty", "this `!` keeps nothing out", suggestion)
                continue
            name = Scalar(scalar.text.removeprefix("!"), scalar.line, scalar.column, scalar.style)
            pattern = refs.pattern(name, reader)
            if pattern is not None:
                (ignore if negated else only).append(pattern)
        both = set(only) & set(ignore)
        if both:
            message = f"{show(str(min(both, key=str)))} is both let through and kept out"
            reader.note(entry.key, "conflict", message, "Delete one of the two.")
        if not only and not ignore:
            return None
        return Filter(tuple(dict.fromkeys(only)), tuple(dict.fromkeys(ignore)))

    def _is_ref(self, scalar: Scalar, reader: Reader) -> bool:
        text = scalar.text
        if text and not _NO_REF.search(text):
            self._warn_of_prefix(scalar, reader)
            return True
        suggestion = "Write a name, a glob such as `release/*`, or `/regex/` between two slashes."
        message = f"{show(text)} can not be the name of a {self.what}"
        reader.note(scalar, f"bad-{self.what}", message, suggestion)
        return False

    def _warn_of_prefix(self, scalar: Scalar, reader: Reader) -> None:
        prefix = next((one for one in _PREFIXES if scalar.text.startswith(one)), "")
        if prefix:
            message = f"{show(scalar.text)} matches no usual {self.what}: its name is meant, "
            message += f"without {show(prefix)}"
            suggestion = f"Write {show(scalar.text.removeprefix(prefix))}."
            reader.warn(scalar, "odd-name", message, suggestion)

    def schema(self) -> Json:
        item = {"type": ["string", "number"]}
        return {"anyOf": [item, {"type": "array", "items": item, "minItems": 1}]}


def _is_path(scalar: Scalar, reader: Reader) -> bool:
    text = scalar.text
    message, suggestion = f"{show(text)} matches no file of a repository", ""
    relative = text.removeprefix("./").lstrip("/")
    if text.endswith("/") and relative:
        suggestion = f"Write {show(relative + '**')} for all files below it."
    elif text.startswith(("/", "./")) and relative:
        suggestion = f"Paths begin at the root of the repository: {show(relative)}."
    elif relative and not text.startswith("~") and ".." not in text.split("/"):
        return True
    reader.note(scalar, "bad-path", message, suggestion)
    return False


def _is_label(scalar: Scalar, reader: Reader) -> bool:
    text = scalar.text
    if text and text.strip() == text and not _CONTROL.search(text) and len(text) <= LABEL:
        return True
    message = f"{show(text)} can not be the name of a label"
    suggestion = f"Its name as GitHub shows it, of at most {LABEL} characters in one line."
    reader.note(scalar, "bad-label", message, suggestion)
    return False


@dataclass(frozen=True, slots=True)
class Branch:
    """The exact name of one branch."""

    def read(self, entry: Entry, reader: Reader) -> Scalar | None:
        scalar = reader.text(entry)
        if scalar is None or not (_NO_REF.search(scalar.text) or re.search(r"[*?\[]", scalar.text)):
            return scalar
        message = f"{show(scalar.text)} can not be the name of a branch"
        reader.note(scalar, "bad-branch", message, "Write its exact name.")
        return None

    def schema(self) -> Json:
        return {"type": "string"}


@dataclass(frozen=True, slots=True)
class Brands:
    """Right spellings to wrong ones; nothing, one or a list for each."""

    def read(
        self, entry: Entry, reader: Reader
    ) -> tuple[tuple[Scalar, tuple[Scalar, ...]], ...] | None:
        example = "`GitHub: [Github, git-hub]` below it"
        read = []
        for one in reader.mapping(entry, "right spellings to wrong ones", example):
            if not one.key.text.strip():
                reader.note(one.key, "empty", "a brand's name is empty")
                continue
            wrong = _optional_texts(one, reader)
            for scalar in wrong:
                if scalar.text == one.key.text:
                    message = f"{show(scalar.text)} is the right spelling and a wrong one"
                    reader.note(scalar, "conflict", message, "Delete it from the wrong ones.")
            read.append((one.key, wrong))
        return tuple(read)

    def schema(self) -> Json:
        item = Text().schema()
        wrong = {"anyOf": [item, {"type": "array", "items": item}, {"type": "null"}]}
        return {"type": "object", "additionalProperties": wrong}


def _optional_texts(entry: Entry, reader: Reader) -> tuple[Scalar, ...]:
    value = entry.value
    nothing = value.is_null if isinstance(value, Scalar) else value == Sequence((), *_at(value))
    return () if nothing else reader.texts(entry)


def _at(node: Sequence | Mapping) -> tuple[int, int]:
    return node.line, node.column


@dataclass(frozen=True, slots=True)
class Url:
    """Where something can be looked at; may hold variables."""

    def read(self, entry: Entry, reader: Reader) -> str | None:
        scalar = reader.text(entry)
        if scalar is None or re.fullmatch(r"(https?://|\$)\S+", scalar.text):
            return None if scalar is None else scalar.text
        suggestion = "It begins with `https://` or with a variable, and holds no space."
        reader.note(scalar, "bad-value", f"{show(scalar.text)} is not an address", suggestion)
        return None

    def schema(self) -> Json:
        return {"type": "string", "pattern": r"^(https?://|\$)\S+$"}


@dataclass(frozen=True, slots=True)
class Commands:
    """A script, or a list of steps: scalars with their lines."""

    def read(self, entry: Entry, reader: Reader) -> tuple[Scalar, ...] | None:
        commands = reader.texts(entry)
        for scalar in commands:
            if "\0" in scalar.text:
                reader.note(scalar, "bad-value", "a command can not hold a NUL")
        return commands or None

    def schema(self) -> Json:
        return Texts().schema()


@dataclass(frozen=True, slots=True)
class Options:
    """A list of at least two different texts to choose from."""

    def read(self, entry: Entry, reader: Reader) -> tuple[str, ...] | None:
        if not isinstance(entry.value, Sequence):
            message = f"{show(entry.key.text)} must be a list, and is {kind(entry.value)}"
            reader.note(place(entry, entry.value), "wrong-type", message, "Write `[a, b]`.")
            return None
        texts = tuple(dict.fromkeys(scalar.text for scalar in reader.texts(entry)))
        if len(texts) == 1:
            message = f"{show(entry.key.text)} leaves nothing to choose"
            reader.note(entry.key, "bad-value", message, "Write at least two.")
        return texts or None

    def schema(self) -> Json:
        return {"type": "array", "items": Text().schema(), "minItems": 2}


@dataclass(frozen=True, slots=True)
class Job:
    """A job's keys; or, where they are allowed, its commands alone.

    A job that can not be read is there nonetheless, so that those that need it are right.
    """

    record: Record
    required: tuple[str, ...]
    """Keys of which it has at least one."""
    short: bool = False

    def read(self, entry: Entry, reader: Reader) -> tuple[Scalar, ...] | Fields:
        value = entry.value
        if isinstance(value, Mapping) or (isinstance(value, Scalar) and value.is_null):
            return self.record.read(entry, reader) or ()
        if self.short and isinstance(value, Scalar):
            return Commands().read(entry, reader) or ()
        message = f"{show(entry.key.text)} must map keys to values, and is {kind(value)}"
        suggestion = "Write `run:` below it, and the commands below that."
        reader.note(place(entry, value), "wrong-type", message, suggestion)
        return ()

    def schema(self) -> Json:
        some = {"anyOf": [{"required": [name]} for name in self.required]}
        long = {**self.record.schema(), **some}
        return {"anyOf": [Text().schema(), long]} if self.short else long
