"""Frozen dataclasses to JSON values and back; a wrong shape is a ValueError that says where.

Own code, because the runner that uses it may hold nothing but the standard library. It knows str,
int, float, bool, None, StrEnum, dataclasses, tuples, and unions of these with None.
"""

from __future__ import annotations

import math
import types
import typing
from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")

Decoder = Callable[[Any, str], Any]


def encode(value: object) -> Any:
    """A value of the kinds above as what `json.dumps` takes."""
    if isinstance(value, tuple | list):
        return [encode(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {name: encode(getattr(value, name)) for name in _names(type(value))}
    return value


def decode(kind: type[T], data: object) -> T:
    """The value of this kind that `data`, as parsed from JSON, describes; unknown keys are ignored.

    Keys that are absent take their field's default, so that old rows and old runners stay readable.
    """
    read: Decoder = _decoder(kind)  # type: ignore[arg-type]  # mypy: type[T] is hashable
    result: T = read(data, kind.__name__)
    return result


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


@cache
def _decoder(hint: Any) -> Decoder:
    if is_dataclass(hint) and isinstance(hint, type):
        return _dataclass(hint)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        return _tuple(arguments)
    if origin in (types.UnionType, typing.Union):
        return _union(arguments)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return _enum(hint)
    if hint in (str, int, bool, float, type(None)):
        return _scalar(hint)
    raise TypeError(f"the codec does not know {hint!r}")


def _wrong(expected: str, data: object, where: str) -> ValueError:
    return ValueError(f"{where}: expected {expected}, found {type(data).__name__}")


def _scalar(kind: type) -> Decoder:
    def read(data: Any, where: str) -> Any:
        if kind is float:
            return _finite(data, where)
        # type() and not isinstance: True is an int for isinstance.
        if type(data) is not kind:
            raise _wrong(kind.__name__, data, where)
        return data

    return read


def _finite(data: Any, where: str) -> float:
    if type(data) not in (int, float):
        raise _wrong("float", data, where)
    # Python's JSON knows NaN and Infinity, and integers beyond any float; nothing after us does.
    try:
        number = float(data)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"{where}: expected a finite number")
    return number


def _enum(kind: type[StrEnum]) -> Decoder:
    def read(data: Any, where: str) -> Any:
        try:
            return kind(data)
        except ValueError:
            raise _wrong(" or ".join(kind), data, where) from None

    return read


def _tuple(arguments: tuple[Any, ...]) -> Decoder:
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        item = _decoder(arguments[0])

        def read_many(data: Any, where: str) -> Any:
            if not isinstance(data, list):
                raise _wrong("a list", data, where)
            return tuple(item(value, f"{where}[{index}]") for index, value in enumerate(data))

        return read_many
    items = [_decoder(argument) for argument in arguments]

    def read_fixed(data: Any, where: str) -> Any:
        if not isinstance(data, list) or len(data) != len(items):
            raise _wrong(f"a list of {len(items)}", data, where)
        return tuple(
            read(value, f"{where}[{index}]")
            for index, (read, value) in enumerate(zip(items, data, strict=True))
        )

    return read_fixed


def _union(arguments: tuple[Any, ...]) -> Decoder:
    others = [argument for argument in arguments if argument is not type(None)]
    if len(others) != 1 or len(others) == len(arguments):
        raise TypeError("the codec knows unions with None only")
    inner = _decoder(others[0])
    return lambda data, where: None if data is None else inner(data, where)


def _dataclass(kind: type) -> Decoder:
    hints = typing.get_type_hints(kind)
    plan = [
        (
            field.name,
            _decoder(hints[field.name]),
            field.default is MISSING and field.default_factory is MISSING,
        )
        for field in fields(kind)
    ]

    def read(data: Any, where: str) -> Any:
        if not isinstance(data, dict):
            raise _wrong("an object", data, where)
        values = {}
        for name, decoder, required in plan:
            if name in data:
                values[name] = decoder(data[name], f"{where}.{name}")
            elif required:
                raise ValueError(f"{where}: {name} is missing")
        return kind(**values)

    return read
