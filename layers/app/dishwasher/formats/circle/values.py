"""The types of values that only circle.yml has: as lenient as CircleCI's own builder was."""

from __future__ import annotations

from dataclasses import dataclass

from dishwasher.core.pattern import Pattern
from dishwasher.formats.problems import show
from dishwasher.formats.reader import Reader, kind, place
from dishwasher.formats.schema import Fields, Json, Key, Record
from dishwasher.formats.tree import Entry, Scalar, Sequence
from dishwasher.formats.values import Refs, Text, Texts, few

_GLOB = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Names:
    """A list of texts, one text without its dash, or nothing: an empty list was never a mistake."""

    def read(self, entry: Entry, reader: Reader) -> tuple[Scalar, ...] | None:
        value = entry.value
        items = value.items if isinstance(value, Sequence) else (value,)
        read = []
        for item in items:
            if not isinstance(item, Scalar):
                message = f"{show(entry.key.text)} is a list of texts, and here is {kind(item)}"
                at = item if item is not value else place(entry, item)
                reader.note(at, "wrong-type", message)
            elif not item.is_null and item.text.strip():
                read.append(item)
        return tuple(read)

    def schema(self) -> Json:
        return Texts().schema()


@dataclass(frozen=True, slots=True)
class NamesOrRegexes:
    """Names or `/regexes/` of branches or tags; a star is no wildcard outside a regex."""

    def read(self, entry: Entry, reader: Reader) -> tuple[Pattern, ...] | None:
        refs = Refs(globs=False, check=_plausible)
        names = few(entry, Names().read(entry, reader) or (), reader)
        found = [refs.pattern(scalar, reader) for scalar in names]
        read = tuple(dict.fromkeys(pattern for pattern in found if pattern is not None))
        return None if found and not read else read

    def schema(self) -> Json:
        return Texts().schema()


def _plausible(scalar: Scalar, reader: Reader) -> bool:
    """Warn of a name that was hardly meant as one; always True, as such a name is valid."""
    text = scalar.text
    if text.startswith("/"):
        message = f"{show(text)} begins with a slash and does not end with one: it is no regex"
        reader.warn(scalar, "odd-name", message, f"Write {show(text + '/')} if it is meant as one.")
    elif _GLOB & set(text):
        regex = "/" + text.replace(".", r"\.").replace("*", ".*").replace("?", ".") + "/"
        message = f"{show(text)} matches only a branch or tag of exactly this name"
        reader.warn(scalar, "odd-name", message, f"Write the regex {show(regex)}.")
    return True


VERSION = Key("version", Text(), "The version, as the builder's image named it.", "3.4.2")
_LANGUAGE = Record("of a language", (VERSION,), lenient=True)


@dataclass(frozen=True, slots=True)
class Version:
    """`version: 3.10` below a language's name, as raw text; also the bare version."""

    def read(self, entry: Entry, reader: Reader) -> Scalar | None:
        value = entry.value
        if isinstance(value, Scalar) and not value.is_null:
            message = (
                f"the version of {show(entry.key.text)} belongs below it; it is taken as meant"
            )
            reader.warn(value, "shape", message, f"Write `version: {value.text}` below it.")
            return value
        read: Fields | None = _LANGUAGE.read(entry, reader)
        return None if read is None else read.get(VERSION)

    def schema(self) -> Json:
        return _LANGUAGE.schema()


def at_home(text: str) -> str:
    """A path below the home directory in one spelling, `~/x`; another one as it stands."""
    below = text.removeprefix("/home/ubuntu/").removeprefix("$HOME/").removeprefix("${HOME}/")
    return text if below == text else f"~/{below}"


def stays(path: str) -> bool:
    """Whether it is inside the checkout or below `~/`."""
    outside = path.startswith(("/", "$")) or path.rstrip("/") == "~"
    return not outside and ".." not in path.split("/")
