"""A job's matrix: axes of values, counted before they are expanded to combinations."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from dishwasher.core.config import JOBS
from dishwasher.core.environment import RESERVED
from dishwasher.formats.native.version import Version
from dishwasher.formats.problems import show
from dishwasher.formats.reader import Reader, kind, listing, place
from dishwasher.formats.schema import Json
from dishwasher.formats.tree import Entry, Mapping, Scalar, Sequence
from dishwasher.formats.values import NAME, Text

VERSIONS = ("python", "node")
"""Axes that set a language's version."""
INCLUDE, EXCLUDE = "include", "exclude"
PRODUCT = 20 * JOBS
"""Combinations that are looked at before `exclude` takes some away."""
AXES = 10
"""Of one matrix: each is part of the name of all its jobs."""

Combination = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Axis:
    name: Scalar
    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    place: Scalar
    """The word `matrix` in the file."""
    axes: tuple[Scalar, ...]
    combinations: tuple[Combination, ...]


@dataclass(frozen=True, slots=True)
class Axes:
    """The type of the key `matrix`."""

    def read(self, entry: Entry, reader: Reader) -> Matrix | None:
        """None, after noting it, where something is wrong or there are too many combinations."""
        return _Matrix(entry, reader).read()

    def schema(self) -> Json:
        value = Text().schema()
        versions = {"type": "array", "items": Version().schema(), "minItems": 1}
        partial = {"type": "object", "additionalProperties": value, "minProperties": 1}
        some = {"anyOf": [partial, {"type": "array", "items": partial, "minItems": 1}]}
        known = {
            "python": {
                "anyOf": [Version().schema(), versions],
                "description": "Versions of Python.",
                "examples": [["3.12", "3.13"]],
            },
            "node": {
                "anyOf": [Version().schema(), versions],
                "description": "Versions of Node.",
                "examples": [["20", "22"]],
            },
            INCLUDE: {
                **some,
                "description": "Combinations to add; each names every axis.",
                "examples": [[{"python": "3.14", "DJANGO": "6.0"}]],
            },
            EXCLUDE: {
                **some,
                "description": "Combinations to take away: all that hold these values.",
                "examples": [[{"python": "3.12", "DJANGO": "4.2"}]],
            },
        }
        return {
            "type": "object",
            "properties": known,
            "propertyNames": {"pattern": f"^{NAME}$"},
            "additionalProperties": {
                "anyOf": [value, {"type": "array", "items": value, "minItems": 1}]
            },
            "minProperties": 1,
            "maxProperties": AXES + 2,
        }


class _Matrix:
    def __init__(self, entry: Entry, reader: Reader) -> None:
        self._entry = entry
        self._reader = reader
        self._fine = True

    def read(self) -> Matrix | None:
        example = '`python: ["3.12", "3.13"]` below it'
        entries = self._reader.mapping(self._entry, "axes to their values", example)
        if not entries and not self._is_empty():
            return None
        by_name = {one.key.text: one for one in entries}
        axes = [self._axis(one) for name, one in by_name.items() if name not in (INCLUDE, EXCLUDE)]
        included = self._partials(by_name.get(INCLUDE))
        if not axes and included:
            # A matrix of included combinations alone takes its axes from the first of them.
            axes = [Axis(one.key, ()) for one in included[0].entries]
            if not all(self._is_axis(axis.name) for axis in axes):
                return None
        if not axes:
            if self._fine:
                message, suggestion = "the matrix has no axis", f"Write {example}."
                self._note(self._entry.key, "empty", message, suggestion)
            return None
        excluded = self._partials(by_name.get(EXCLUDE))
        if len(axes) > AXES:
            message = f"the matrix has {len(axes):,} axes; at most {AXES} are read"
            self._note(axes[AXES].name, "too-many-axes", message)
        for key, partials, most in ((INCLUDE, included, JOBS), (EXCLUDE, excluded, PRODUCT)):
            if len(partials) > most:
                message = f"{show(key)} has {len(partials):,} items; at most {most} are read"
                self._note(by_name[key].key, "too-many-items", message)
        if not self._fine:
            return None
        found = self._expanded(axes, included, excluded, any(axis.values for axis in axes))
        if found is None or not self._fine:
            return None
        return Matrix(self._entry.key, tuple(axis.name for axis in axes), found)

    def _is_empty(self) -> bool:
        value = self._entry.value
        return value.is_null if isinstance(value, Scalar) else isinstance(value, Mapping)

    def _note(self, node: Scalar | Mapping, code: str, message: str, suggestion: str = "") -> None:
        self._fine = False
        self._reader.note(node, code, message, suggestion)

    def _axis(self, entry: Entry) -> Axis:
        if not self._is_axis(entry.key):
            return Axis(entry.key, ())
        texts = self._reader.texts(entry)
        written = len(entry.value.items) if isinstance(entry.value, Sequence) else 1
        self._fine = self._fine and 0 < len(texts) == written
        values: dict[str, Scalar] = {}
        for scalar in texts:
            self._value(entry.key.text, scalar)
            if scalar.text in values:
                message = f"{show(scalar.text)} stands twice in {show(entry.key.text)}"
                self._note(scalar, "duplicate-value", message, "Delete one of the two.")
            values[scalar.text] = scalar
        return Axis(entry.key, tuple(values.values()))

    def _is_axis(self, name: Scalar) -> bool:
        if name.text in VERSIONS:
            return True
        if not re.fullmatch(NAME, name.text):
            message = f"the axis {show(name.text)} can not be the name of a variable"
            self._note(name, "bad-name", message, "Letters, digits and `_`, such as `DJANGO`.")
        elif name.text.startswith(RESERVED):
            message = f"variables that begin with `{RESERVED}` are set by Dishwasher"
            self._note(name, "reserved", message, "Choose another name.")
        elif name.text.casefold() in VERSIONS:
            message = f"the axis {show(name.text)} would be a variable, and set no version"
            self._note(name, "bad-name", message, f"Did you mean {show(name.text.casefold())}?")
        else:
            return True
        return False

    def _value(self, axis: str, scalar: Scalar) -> None:
        if axis in VERSIONS:
            entry = Entry(scalar, scalar)
            self._fine = Version().read(entry, self._reader) is not None and self._fine
        elif not scalar.text.isprintable():
            message = f"the value {show(scalar.text)} holds an invisible character"
            self._note(scalar, "bad-value", f"{message} and is part of a job's name")

    def _partials(self, entry: Entry | None) -> list[Mapping]:
        """The mappings below `include` or `exclude`."""
        if entry is None:
            return []
        value = entry.value
        found = []
        for item in value.items if isinstance(value, Sequence) else (value,):
            if isinstance(item, Mapping) and item.entries:
                found.append(item)
                continue
            where = place(entry, item) if item is value else item
            message = f"each item of {show(entry.key.text)} must map axes to values"
            suffix = "is an empty mapping" if isinstance(item, Mapping) else f"is {kind(item)}"
            note = f"{message}, and this {suffix}"
            self._fine = False
            self._reader.note(where, "wrong-type", note, 'Write `- {python: "3.12"}`.')
        if isinstance(value, Sequence) and not value.items:
            self._note(entry.key, "empty", f"{show(entry.key.text)} is an empty list")
        return found

    def _expanded(
        self,
        axes: list[Axis],
        included: list[Mapping],
        excluded: list[Mapping],
        has_values: bool,
    ) -> tuple[Combination, ...] | None:
        lengths = [len(axis.values) for axis in axes]
        count = math.prod(lengths)
        if count > (PRODUCT if excluded else JOBS):
            times = " × ".join(map(str, lengths))
            message = f"the matrix has {times} = {count:,} combinations; a file has at most {JOBS}"
            self._note(self._entry.key, "too-many-jobs", f"{message} jobs")
            return None
        names = [axis.name.text for axis in axes]
        values = [[value.text for value in axis.values] for axis in axes]
        found = dict.fromkeys(tuple(zip(names, one, strict=True)) for one in product(*values))
        for partial in excluded:
            self._exclude(partial, axes, found)
        for partial in included:
            self._include(partial, axes, found, has_values)
        if not self._fine:
            return None
        if not 0 < len(found) <= JOBS:
            message = f"{len(found)} combinations are left; a file has at most {JOBS} jobs"
            if not found:
                message = "`exclude` leaves no combination"
            self._note(self._entry.key, "too-many-jobs" if found else "empty", message)
            return None
        return tuple(found)

    def _exclude(self, partial: Mapping, axes: list[Axis], found: dict[Combination, None]) -> None:
        given = frozenset(self._given(partial, axes, must_be_known=True))
        if len(given) < len(partial.entries):
            return
        gone = [one for one in found if given.issubset(one)]
        if not gone:
            message = "this takes no combination away that is still there"
            self._note(partial, "conflict", message, "Delete it.")
        for one in gone:
            del found[one]

    def _include(
        self,
        partial: Mapping,
        axes: list[Axis],
        found: dict[Combination, None],
        has_values: bool,
    ) -> None:
        given = dict(self._given(partial, axes, must_be_known=False))
        lacking = [axis.name.text for axis in axes if axis.name.text not in given]
        if len(given) < len(partial.entries):
            return
        if lacking:
            message = f"this combination has no value for {listing(lacking)}"
            self._note(partial, "missing-axis", message, "Each names every axis.")
            return
        one = tuple((axis.name.text, given[axis.name.text]) for axis in axes)
        if one in found:
            why = "the axes already give it" if has_values else "it stands here twice"
            self._note(
                partial, "duplicate-value", f"this combination is there: {why}", "Delete it."
            )
        found[one] = None

    def _given(
        self, partial: Mapping, axes: list[Axis], *, must_be_known: bool
    ) -> Iterator[tuple[str, str]]:
        by_name = {axis.name.text: axis for axis in axes}
        for entry in partial.entries:
            name, value = entry.key.text, entry.value
            if name not in by_name:
                message = f"{show(name)} is not an axis of this matrix; known are "
                suggestion = self._reader.problems.nearest(name, by_name)
                self._note(entry.key, "unknown-axis", message + listing(by_name), suggestion)
                continue
            scalar = self._reader.text(entry)
            if scalar is None:
                self._fine = False
                continue
            known = [one.text for one in by_name[name].values]
            if must_be_known and scalar.text not in known:
                message = f"{show(scalar.text)} is not a value of {show(name)}; known are "
                suggestion = self._reader.problems.nearest(scalar.text, known)
                self._note(scalar, "unknown-value", message + listing(known), suggestion)
                continue
            if isinstance(value, Scalar):
                self._value(name, value)
            yield name, scalar.text
