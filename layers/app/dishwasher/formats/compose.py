"""YAML text to the tree of its one document.

Composed from PyYAML's events without recursion and without its resolver: `3.10`, `on` and `1:30`
stay what the user typed, deep nesting meets a cap instead of a RecursionError, and an alias bomb
is counted by what it expands to before anybody walks it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import yaml

from dishwasher.formats import source, syntax
from dishwasher.formats.problems import Problems, show
from dishwasher.formats.tree import Entry, Mapping, Node, Scalar, Sequence, Style

NODES = 20_000
"""Values in one file, aliases counted by what they stand for."""
CHARACTERS = 100
"""Of a text that count as one value more: twenty aliases of half a megabyte are as large."""
DEPTH = 40
"""Levels of nesting, aliases counted by what they stand for."""

_STANDARD_TAG = "tag:yaml.org,2002:"
_STANDARD_TAGS = {"str", "int", "float", "bool", "null", "seq", "map", "timestamp"}
# libyaml where PyYAML was built with it: about ten times faster, the same events.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parse(data: bytes, problems: Problems) -> Node | None:
    """The file's one document, or None where it is empty or can not be read at all."""
    text = source.read(data, problems)
    if text is None:
        return None
    composer = _Composer(problems)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            if not composer.take(event):
                return None
    except yaml.MarkedYAMLError as error:
        found = syntax.problem(error, text)
        problems.add(found.line, found.column, found.code, found.message, found.suggestion)
        return None
    return composer.root


@dataclass(slots=True)
class _Frame:
    """A collection whose end has not been seen."""

    is_mapping: bool
    line: int
    column: int
    anchor: str | None
    count_before: int
    nodes: list[Node] = field(default_factory=list)
    """A mapping's keys and values in turn."""
    height: int = 1


@dataclass(frozen=True, slots=True)
class _Anchor:
    node: Node
    count: int
    height: int


class _Composer:
    def __init__(self, problems: Problems) -> None:
        self.root: Node | None = None
        self._problems = problems
        self._stack: list[_Frame] = []
        self._anchors: dict[str, _Anchor] = {}
        self._count = 0
        self._documents = 0

    def take(self, event: Any) -> bool:
        """Go on by one event; False when reading should stop, the reason being noted."""
        kind = type(event)
        if kind is yaml.ScalarEvent:
            self._scalar(event)
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            self._open(event)
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            self._close()
        elif kind is yaml.AliasEvent:
            self._alias(event)
        elif kind is yaml.DocumentStartEvent:
            return self._document(event)
        return self._within_caps(event)

    def _document(self, event: Any) -> bool:
        self._documents += 1
        if self._documents > 1:
            message = "a second document starts here; only one is read"
            self._note(event, "documents", message, "Delete the line `---` and join the two.")
        return self._documents == 1

    def _within_caps(self, event: Any) -> bool:
        if self._count > NODES:
            message = f"the file has more than {NODES:,} values, aliases counted in full"
            self._note(event, "too-large", message)
            return False
        if len(self._stack) + (self._stack[-1].height if self._stack else 0) > DEPTH + 1:
            self._note(event, "depth", f"values are nested more than {DEPTH} deep")
            return False
        return True

    def _scalar(self, event: Any) -> None:
        self._check_tag(event)
        mark = event.start_mark
        style = Style(event.style or "")
        node = Scalar(event.value, mark.line + 1, mark.column + 1, style)
        count = 1 + len(event.value) // CHARACTERS
        self._count += count
        self._remember(event.anchor, _Anchor(node, count, 0))
        self._append(node, 0)

    def _open(self, event: Any) -> None:
        self._check_tag(event)
        mark = event.start_mark
        is_mapping = type(event) is yaml.MappingStartEvent
        self._stack.append(
            _Frame(is_mapping, mark.line + 1, mark.column + 1, event.anchor, self._count)
        )
        self._count += 1
        # Until its end the name stands for nothing, which is how `&a [*a]` is found.
        self._anchors.pop(event.anchor or "", None)

    def _close(self) -> None:
        frame = self._stack.pop()
        node: Node
        if frame.is_mapping:
            node = Mapping(tuple(self._entries(frame.nodes)), frame.line, frame.column)
        else:
            node = Sequence(tuple(frame.nodes), frame.line, frame.column)
        anchor = _Anchor(node, self._count - frame.count_before, frame.height)
        self._remember(frame.anchor, anchor)
        self._append(node, frame.height)

    def _alias(self, event: Any) -> None:
        mark = event.start_mark
        anchor = self._anchors.get(event.anchor)
        if anchor is None:
            self._note_alias(event)
            # Not an empty value, which would be a second mistake.
            anchor = _Anchor(Scalar(f"*{event.anchor}", 1, 1), 1, 0)
        node = anchor.node
        if isinstance(node, Scalar):
            # A mistake is where the text is used, not where it was named.
            node = replace(node, line=mark.line + 1, column=mark.column + 1)
        self._count += anchor.count
        self._append(node, anchor.height)

    def _note_alias(self, event: Any) -> None:
        if any(frame.anchor == event.anchor for frame in self._stack):
            message = f"the alias {show('*' + event.anchor)} stands inside what it names"
            self._note(event, "alias", message)
            return
        message = f"no anchor {show('&' + event.anchor)} stands before this alias"
        suggestion = self._problems.nearest(event.anchor, self._anchors)
        self._note(event, "alias", message, suggestion)

    def _append(self, node: Node, height: int) -> None:
        if self._stack:
            frame = self._stack[-1]
            frame.nodes.append(node)
            frame.height = max(frame.height, height + 1)
        else:
            self.root = node

    def _remember(self, name: str | None, anchor: _Anchor) -> None:
        if name:
            self._anchors[name] = anchor

    def _entries(self, nodes: list[Node]) -> Iterator[Entry]:
        """Pairs with text keys, each key once; then what `<<` merges and no key overrides."""
        seen: dict[str, int] = {}
        merged: list[Entry] = []
        for key, value in zip(nodes[::2], nodes[1::2], strict=True):
            if not isinstance(key, Scalar):
                self._note_at(key, "key", "a key must be text, not a list or a mapping")
            elif key.text == "<<" and key.style is Style.PLAIN:
                merged.extend(self._merge(key, value))
            elif key.text in seen:
                message = f"{show(key.text)} is written twice, on lines {seen[key.text]} and "
                message += f"{key.line}"
                self._note_at(key, "duplicate-key", message, "Join the two, or rename one.")
            else:
                seen[key.text] = key.line
                yield Entry(key, value)
        for entry in merged:
            if entry.key.text not in seen:
                seen[entry.key.text] = entry.key.line
                yield entry

    def _merge(self, key: Scalar, value: Node) -> Iterator[Entry]:
        """https://yaml.org/type/merge.html: one mapping or a list of them, the first wins."""
        for source_node in value.items if isinstance(value, Sequence) else (value,):
            if isinstance(source_node, Mapping):
                yield from source_node.entries
            else:
                # An empty value has no place of its own: YAML puts it where the next token stands.
                is_there = not (isinstance(source_node, Scalar) and source_node.is_null)
                place = source_node if is_there else key
                self._note_at(place, "merge", "`<<` takes a mapping, such as `<<: *name`")

    def _check_tag(self, event: Any) -> None:
        tag = event.tag
        if tag in (None, "!") or tag.removeprefix(_STANDARD_TAG) in _STANDARD_TAGS:
            return
        written = tag.replace(_STANDARD_TAG, "!!")
        suggestion = "Delete it, or put the text in quotes if the `!` is a part of it."
        self._note(event, "tag", f"the tag {show(written)} means nothing here", suggestion)

    def _note(self, event: Any, code: str, message: str, suggestion: str = "") -> None:
        mark = event.start_mark
        self._problems.add(mark.line + 1, mark.column + 1, code, message, suggestion)

    def _note_at(self, node: Node, code: str, message: str, suggestion: str = "") -> None:
        self._problems.add(node.line, node.column, code, message, suggestion)
