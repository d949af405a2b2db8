"""A YAML document as a tree that keeps every scalar as it was written, and where."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Style(StrEnum):
    """How a scalar was quoted."""

    PLAIN = ""
    SINGLE = "'"
    DOUBLE = '"'
    LITERAL = "|"
    FOLDED = ">"


@dataclass(frozen=True, slots=True)
class Scalar:
    """Raw text at a 1-based line and column."""

    text: str
    line: int
    column: int
    style: Style = Style.PLAIN

    @property
    def is_null(self) -> bool:
        return self.style is Style.PLAIN and self.text in ("", "~", "null", "Null", "NULL")


@dataclass(frozen=True, slots=True)
class Sequence:
    items: tuple[Node, ...]
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Entry:
    key: Scalar
    value: Node


@dataclass(frozen=True, slots=True)
class Mapping:
    """Entries in file order, each key once."""

    entries: tuple[Entry, ...]
    line: int
    column: int


Node: TypeAlias = Scalar | Sequence | Mapping
