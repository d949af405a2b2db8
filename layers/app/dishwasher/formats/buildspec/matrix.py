"""`build-matrix`: every combination of images, variables' values and buildspec files."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice, product
from math import prod

from dishwasher.core.config import JOBS
from dishwasher.formats.buildspec import keys
from dishwasher.formats.buildspec.recipe import NAME
from dishwasher.formats.jobs import NAME_LENGTH
from dishwasher.formats.schema import Fields
from dishwasher.formats.tree import Scalar

IMAGE, BUILDSPEC = "image", "buildspec"
COUNTED = 1_000_000
"""Builds beyond which nobody counts: a number of thousands of digits can not even be written."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One build of the matrix."""

    name: Scalar
    identifier: str
    axes: tuple[tuple[str, str], ...]
    variables: tuple[tuple[Scalar, Scalar], ...]
    image: Scalar | None = None
    buildspec: Scalar | None = None
    compute: Scalar | None = None


@dataclass(frozen=True, slots=True)
class _Axis:
    name: Scalar
    values: tuple[Scalar, ...]
    is_variable: bool


def cells(dynamic: Fields | None, place: Scalar) -> tuple[list[Cell], int]:
    """The first JOBS of them, the last axis changing first, and how many there are in all."""
    axes = _axes(dynamic) if dynamic else []
    total = min(prod(len(axis.values) for axis in axes), COUNTED)
    chosen = list(islice(product(*(axis.values for axis in axes)), JOBS))
    names = [_name(values) for values in chosen]
    if len({name.casefold() for name in names}) < len(names) or not all(map(_is_name, names)):
        names = [f"{NAME} ({number})" for number in range(1, len(names) + 1)]
    return [
        _cell(axes, values, Scalar(name, place.line, place.column), number)
        for number, (values, name) in enumerate(zip(chosen, names, strict=True))
    ], total


def _axes(dynamic: Fields) -> list[_Axis]:
    env = dynamic.get(keys.DYNAMIC_ENV)
    axes = []
    for fields, key in ((dynamic, keys.BUILDSPECS), (env, keys.IMAGES), (env, keys.COMPUTES)):
        values = fields.get(key) if fields is not None else None
        if fields is not None and values:
            axes.append(_Axis(fields.entry(key).key, values, False))
    for entry, values in (env.get(keys.AXES) if env else None) or ():
        axes.append(_Axis(entry.key, values, True))
    return [axis for axis in axes if axis.values]


def _cell(axes: list[_Axis], values: tuple[Scalar, ...], name: Scalar, number: int) -> Cell:
    pairs = list(zip(axes, values, strict=True))
    others = {axis.name.text: value for axis, value in pairs if not axis.is_variable}
    return Cell(
        name,
        f"{NAME}{number}",
        tuple((axis.name.text, value.text) for axis, value in pairs),
        tuple((axis.name, value) for axis, value in pairs if axis.is_variable),
        others.get(IMAGE),
        others.get(BUILDSPEC),
        others.get(keys.COMPUTES.name),
    )


def _name(values: tuple[Scalar, ...]) -> str:
    """`build (standard:7.0, 3.12)`: of a path, its last part."""
    shown = ", ".join(value.text.rstrip("/").rsplit("/", 1)[-1] for value in values)
    return f"{NAME} ({shown})" if shown else NAME


def _is_name(name: str) -> bool:
    return len(name) <= NAME_LENGTH and name.isprintable()
