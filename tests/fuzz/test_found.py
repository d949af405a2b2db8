"""What the search has found stays mended; the corpus and near it, every promise holds."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.corpus.case import ROOT as CORPUS
from tests.fuzz.targets import TARGETS

HERE = Path(__file__).parent
NEAR = 40
"""Files made of the corpus, of each target: `make fuzz` tries millions."""


def kept(folder: str, target: str) -> list[Path]:
    return sorted((HERE / folder / target).glob("*"))


def seeds(target: str) -> list[Path]:
    return [*sorted((CORPUS / target).glob("*.yml")), *kept("seeds", target)]


@pytest.mark.parametrize(
    ("target", "path"),
    [(target, path) for target in TARGETS for path in kept("found", target)],
    ids=lambda value: value.name if isinstance(value, Path) else value,
)
def test_what_once_broke_a_promise_does_not_any_more(target: str, path: Path) -> None:
    TARGETS[target](path.read_bytes())


@pytest.mark.parametrize("target", TARGETS)
def test_every_seed_keeps_every_promise(target: str) -> None:
    for path in seeds(target):
        TARGETS[target](path.read_bytes())


@pytest.mark.parametrize("target", TARGETS)
def test_so_does_what_is_near(target: str) -> None:
    for data in spoilt(seeds(target), random.Random(target)):
        TARGETS[target](data)


def spoilt(paths: list[Path], chance: random.Random) -> Iterator[bytes]:
    """Files in which pieces were lost, doubled, moved from another, or overwritten."""
    files = [path.read_bytes() for path in paths] or [b"a: b\n"]
    for _ in range(NEAR):
        data, other = bytearray(chance.choice(files)), chance.choice(files)
        for _ in range(chance.randint(1, 4)):
            start = chance.randint(0, len(data))
            end = min(len(data), start + chance.randint(0, 30))
            begin = chance.randint(0, len(other))
            piece = other[begin : begin + chance.randint(0, 60)]
            pieces = [b"", piece, bytes(data[start:end]) * 2, b"\n", b"\xff"]
            data[start:end] = chance.choice(pieces)
        yield bytes(data)
