"""Keys and the types of their values, declared once: they read, they complain, they document.

A format declares a `Record` of `Key`s. Reading a tree with it gives `Fields`, notes every mistake
with its place, and the same declaration is printed as JSON Schema and held against the docs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar, cast

from dishwasher.formats.problems import show
from dishwasher.formats.reader import Reader, kind, listing, place
from dishwasher.formats.tree import Entry, Mapping, Scalar

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Json = dict[str, Any]

# Text that YAML reads as itself, also inside a list in one line, and that is no word of its own.
_PLAIN = re.compile(r"(?:[A-Za-z_./~$]|\d+[hms])(?:[\w ./~$@=*+-]|:(?=[^ ]))*")
_WORD = re.compile(r"~|true|false|yes|no|on|off|null|\.inf|\.nan|[.\d_]+", re.IGNORECASE)


class Type(Protocol[T_co]):
    """What may stand below a key."""

    def read(self, entry: Entry, reader: Reader) -> T_co | None:
        """The value, or None after noting why there is none."""
        ...

    def schema(self) -> Json:
        """As JSON Schema, draft 2020-12."""
        ...


@dataclass(frozen=True, slots=True)
class Key(Generic[T]):
    """One key of a mapping."""

    name: str
    type: Type[T]
    description: str
    """One or two sentences, in the user's words."""
    example: Any
    """A JSON value that is valid here."""
    required: bool = False


class Fields:
    """The keys that were found and could be read."""

    def __init__(self, entry: Entry, found: dict[str, tuple[Entry, Any]]) -> None:
        self.place = entry.key
        """Where the mapping's own name stands."""
        self.node = entry.value
        """The mapping itself, or an empty value."""
        self._found = found

    @property
    def says_nothing(self) -> bool:
        """Neither a known nor an unknown key."""
        return not (isinstance(self.node, Mapping) and self.node.entries)

    def __contains__(self, key: Key[Any]) -> bool:
        """Whether the key stands in the file, readable or not."""
        return key.name in self._found

    def get(self, key: Key[T]) -> T | None:
        found = self._found.get(key.name)
        return None if found is None else cast("T | None", found[1])

    def or_else(self, key: Key[T], default: T) -> T:
        value = self.get(key)
        return default if value is None else value

    def entry(self, key: Key[Any]) -> Entry:
        """Where the key stands; raises KeyError where it does not."""
        return self._found[key.name][0]

    def __iter__(self) -> Iterator[Entry]:
        """The entries of known keys, in file order."""
        return (entry for entry, _ in self._found.values())


@dataclass(frozen=True, slots=True)
class Record:
    """A mapping with known keys."""

    where: str
    """Ends `… is not a key`: `of a check`, `at the top`."""
    keys: tuple[Key[Any], ...]
    lenient: bool = False
    """An unknown key is a warning: the format's own builder ignored it."""
    hints: tuple[tuple[str, str], ...] = ()
    """Keys that people bring from elsewhere, and what to write here."""

    def read(self, entry: Entry, reader: Reader) -> Fields | None:
        value = entry.value
        if isinstance(value, Scalar) and value.is_null:
            return self._fields(entry, (), reader)
        if not isinstance(value, Mapping):
            names = listing([key.name for key in self.keys][:8])
            message = f"{show(entry.key.text)} must be a mapping, and is {kind(value)}"
            reader.note(place(entry, value), "wrong-type", message, f"Its keys are {names}.")
            return None
        return self._fields(entry, value.entries, reader)

    def _fields(self, entry: Entry, entries: tuple[Entry, ...], reader: Reader) -> Fields:
        by_name = {key.name: key for key in self.keys}
        found: dict[str, tuple[Entry, Any]] = {}
        for one in entries:
            key = by_name.get(one.key.text)
            if key is None:
                self._unknown(one, by_name, reader)
            else:
                found[key.name] = (one, key.type.read(one, reader))
        for key in self.keys:
            if key.required and key.name not in found:
                message = f"{show(entry.key.text)} has no `{key.name}`"
                suggestion = f"Add `{key.name}: {brief(key.example)}`."
                reader.note(entry.key, f"missing-{key.name}", message, suggestion)
        return Fields(entry, found)

    def _unknown(self, entry: Entry, known: dict[str, Key[Any]], reader: Reader) -> None:
        name = entry.key.text
        message = f"{show(name)} is not a key {self.where}; known are {listing(known)}"
        note = reader.warn if self.lenient else reader.note
        suggestion = dict(self.hints).get(name) or reader.problems.nearest(name, known)
        note(entry.key, "unknown-key", message, suggestion)

    def schema(self) -> Json:
        properties = {
            key.name: {
                **key.type.schema(),
                "description": key.description,
                "examples": [key.example],
            }
            for key in self.keys
        }
        made: Json = {"type": "object", "properties": properties}
        if not self.lenient:
            made["additionalProperties"] = False
        required = [key.name for key in self.keys if key.required]
        return {**made, "required": required} if required else made


def brief(example: Any) -> str:
    """An example as YAML in one line, for a suggestion."""
    if isinstance(example, bool):
        return "true" if example else "false"
    if isinstance(example, dict):
        return "{" + ", ".join(f"{name}: {brief(value)}" for name, value in example.items()) + "}"
    if isinstance(example, list):
        return "[" + ", ".join(map(brief, example)) + "]"
    text = str(example)
    plain = not isinstance(example, str) or (_PLAIN.fullmatch(text) and not _WORD.fullmatch(text))
    return text if plain else json.dumps(text, ensure_ascii=False)
