"""A tree's nodes as the kinds of value that a format expects; what differs becomes a problem."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import islice

from dishwasher.formats.problems import WARNING, Problems, show
from dishwasher.formats.tree import Entry, Mapping, Node, Scalar, Sequence

LISTED = 40
"""Names that a message repeats; no mapping has so many known keys."""


class Reader:
    """Each method gives the value, or nothing after noting why, so that reading goes on."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self.effort = 0
        """Of the regexes that were read so far."""

    def note(self, node: Node, code: str, message: str, suggestion: str = "") -> None:
        self.problems.add(node.line, node.column, code, message, suggestion)

    def warn(self, node: Node, code: str, message: str, suggestion: str = "") -> None:
        """Valid, and hardly what its author wants."""
        self.problems.add(node.line, node.column, code, message, suggestion, WARNING)

    def mapping(self, entry: Entry, what: str, example: str) -> tuple[Entry, ...]:
        """The entries below a key that must hold a mapping; an absent value has none."""
        value = entry.value
        if isinstance(value, Mapping):
            return value.entries
        if isinstance(value, Scalar) and value.is_null:
            return ()
        message = f"{show(entry.key.text)} must map {what}, and is {kind(value)}"
        self.note(place(entry, value), "wrong-type", message, f"Write {example}.")
        return ()

    def known(
        self, entries: Iterable[Entry], where: str, known: Collection[str], later: Collection[str]
    ) -> dict[str, Entry]:
        """Entries by key; a key that is unknown, or not supported yet, is noted."""
        found = {}
        for entry in entries:
            name = entry.key.text
            if name in known:
                found[name] = entry
            elif name in later:
                message = f"{show(name)} {where} is not supported by this version of Dishwasher yet"
                self.note(entry.key, "unsupported-key", message, "Delete it for now.")
            else:
                message = f"{show(name)} is not a key {where}; known are {listing(known)}"
                suggestion = self.problems.nearest(name, [*known, *later])
                self.note(entry.key, "unknown-key", message, suggestion)
        return found

    def text(self, entry: Entry) -> Scalar | None:
        """One value that is not empty."""
        value = entry.value
        if not isinstance(value, Scalar):
            message = f"{show(entry.key.text)} must be text, and is {kind(value)}"
            self.note(place(entry, value), "wrong-type", message)
            return None
        return self._filled(entry, value)

    def texts(self, entry: Entry) -> tuple[Scalar, ...]:
        """One value, or a list of them; none of them empty, and at least one."""
        value = entry.value
        if isinstance(value, Scalar):
            filled = self._filled(entry, value)
            return () if filled is None else (filled,)
        if isinstance(value, Mapping):
            message = f"{show(entry.key.text)} must be text or a list, and is a mapping"
            self.note(place(entry, value), "wrong-type", message, quoting(value))
            return ()
        if not value.items:
            self.note(entry.key, "empty", f"{show(entry.key.text)} is an empty list")
        items = (self._item(entry, item) for item in value.items)
        return tuple(item for item in items if item is not None)

    def _item(self, entry: Entry, item: Node) -> Scalar | None:
        if isinstance(item, Scalar):
            return self._filled(entry, item)
        message = f"each item of {show(entry.key.text)} must be text, and this is {kind(item)}"
        self.note(item, "wrong-type", message, quoting(item))
        return None

    def _filled(self, entry: Entry, value: Scalar) -> Scalar | None:
        if not value.is_null and value.text.strip():
            return value
        # An empty value has no place of its own: YAML puts it wherever the next token stands.
        place = entry.key if value is entry.value else value
        self.note(place, "empty", f"{show(entry.key.text)} is empty")
        return None


def place(entry: Entry, value: Node) -> Node:
    """Where a problem of a key's value is shown: at the value, or at its key further up."""
    return value if value.line == entry.key.line else entry.key


def kind(node: Node) -> str:
    """What a node is, in words that end a sentence."""
    if isinstance(node, Mapping):
        return "a mapping"
    if isinstance(node, Sequence):
        return "a list"
    return "empty" if node.is_null else f"the text {show(node.text)}"


def quoting(node: Node) -> str:
    """`- echo a: b` is a mapping to YAML and a command to people."""
    if isinstance(node, Mapping) and len(node.entries) == 1 and " " in node.entries[0].key.text:
        return "Put the command in quotes: `: ` inside it makes YAML read a mapping."
    return ""


def listing(names: Collection[str]) -> str:
    """Names as a message repeats them, the first LISTED of them."""
    shown = ", ".join(show(name) for name in islice(names, LISTED))
    beyond = len(names) - LISTED
    return f"{shown} and {beyond:,} more" if beyond > 0 else shown
