"""GraphQL queries, as far as programs that read need it: fields, arguments, aliases, fragments.

https://spec.graphql.org/October2021/. Mutations, subscriptions and directives are refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["QueryError", "answer"]

TOKEN = re.compile(
    r"(?:[\s,\ufeff]+|#[^\n]*)*"
    r'(\.\.\.|[{}()\[\]:$!=@|]|"(?:[^"\\\n]|\\.)*"|-?\d+(?:\.\d+)?|[A-Za-z_]\w*|\Z)'
)
WORDS = {"true": True, "false": False, "null": None}
DEEPEST = 50

Object = Mapping[str, Any]
"""Names to values, to other objects and lists of them, or to what takes a field's arguments."""


class QueryError(ValueError):
    """The query can not be read, or asks for what is not there."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a selection; `on` is the type that a fragment asks for, empty for any."""

    name: str
    alias: str
    arguments: tuple[tuple[str, Any], ...]
    selection: tuple[Field | Spread, ...] | None


@dataclass(frozen=True, slots=True)
class Spread:
    """A fragment: written here, on a type, or elsewhere under a name."""

    on: str
    name: str
    selection: tuple[Field | Spread, ...]


@dataclass(frozen=True, slots=True)
class Variable:
    name: str


def answer(query: str, variables: Mapping[str, Any], root: Object) -> dict[str, Any]:
    """The data that the query selects; raises QueryError."""
    reader = _Reader(query)
    reader.document()
    return _Selecting(variables, reader.fragments).of(reader.selected, root)


class _Reader:
    def __init__(self, text: str) -> None:
        self._text, self._at, self._depth = text, 0, 0
        self.fragments: dict[str, Spread] = {}
        self.selected: tuple[Field | Spread, ...] = ()
        self._next = self._read()

    def _read(self) -> str:
        found = TOKEN.match(self._text, self._at)
        if found is None:
            raise QueryError(f"Parse error at {self._text[self._at : self._at + 20]!r}")
        self._at = found.end()
        return found[1]

    def _take(self, wanted: str = "") -> str:
        token = self._next
        if not token or (wanted and token != wanted):
            raise QueryError(f"Parse error: expected {wanted or 'more'}, actual: {token or 'end'}")
        self._next = self._read()
        return token

    def _has(self, wanted: str) -> bool:
        if self._next != wanted:
            return False
        self._take()
        return True

    def document(self) -> None:
        while self._next:
            if self._next == "{":
                self.selected = self._selection()
            elif self._has("fragment"):
                name = self._take()
                self._take("on")
                kind = self._take()
                self.fragments[name] = Spread(kind, "", self._selection())
            else:
                self._take("query")
                while self._next not in ("{", "("):
                    self._take()
                if self._has("("):
                    while not self._has(")"):
                        self._take()
                self.selected = self._selection()

    def _selection(self) -> tuple[Field | Spread, ...]:
        self._depth += 1
        if self._depth > DEEPEST:
            raise QueryError(f"Query has depth of more than {DEEPEST}")
        self._take("{")
        found: list[Field | Spread] = []
        while not self._has("}"):
            found.append(self._spread() if self._has("...") else self._field())
        self._depth -= 1
        return tuple(found)

    def _spread(self) -> Spread:
        if self._next == "{":
            return Spread("", "", self._selection())
        name = self._take()
        return Spread(self._take(), "", self._selection()) if name == "on" else Spread("", name, ())

    def _field(self) -> Field:
        name = alias = self._take()
        if self._has(":"):
            name = self._take()
        arguments = []
        if self._has("("):
            while not self._has(")"):
                key = self._take()
                self._take(":")
                arguments.append((key, self._value()))
        selection = self._selection() if self._next == "{" else None
        return Field(name, alias, tuple(arguments), selection)

    def _value(self) -> Any:
        if self._has("$"):
            return Variable(self._take())
        token = self._take()
        if token[0] in '"-' or token[0].isdigit():
            return json.loads(token)
        return WORDS.get(token, token)


class _Selecting:
    def __init__(self, variables: Mapping[str, Any], fragments: Mapping[str, Spread]) -> None:
        self._variables, self._fragments = variables, fragments

    def of(self, selection: tuple[Field | Spread, ...], found: Object) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for one in selection:
            if isinstance(one, Field):
                data[one.alias] = self._field(one, found)
                continue
            spread = self._fragments.get(one.name, one)
            if one.name and spread is one:
                raise QueryError(f"Fragment {one.name} was used, but not defined")
            if spread.on in ("", found["__typename"]):
                data |= self.of(spread.selection, found)
        return data

    def _field(self, one: Field, found: Object) -> Any:
        if one.name not in found:
            raise QueryError(f"Field '{one.name}' doesn't exist on type '{found['__typename']}'")
        value = found[one.name]
        if isinstance(value, Callable):  # type: ignore[arg-type]
            value = value(**{name: self._given(given) for name, given in one.arguments})
        return self._selected(one, value)

    def _given(self, value: Any) -> Any:
        return self._variables.get(value.name) if isinstance(value, Variable) else value

    def _selected(self, one: Field, value: Any) -> Any:
        if isinstance(value, list):
            return [self._selected(one, item) for item in value]
        if value is None or one.selection is None:
            return value
        return self.of(one.selection, value)
