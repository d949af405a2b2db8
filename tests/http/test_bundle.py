"""Many files as one archive, from any place in it."""

from __future__ import annotations

import gzip
import io
import tarfile

import pytest
from dishwasher.errors import InfraError
from dishwasher.http.bundle import BLOCK, END, STORED, Bundle, Item
from dishwasher.http.span import Span
from hypothesis import given, settings
from hypothesis import strategies as st

SIZES = (0, 1, 511, 512, 513, STORED - 2048, STORED - 1536, STORED, 3 * STORED, 300_000)
LONG = "n" * 150 + "/" + "é" * 90 + ".txt"


def bundle(files: dict[str, bytes]) -> Bundle:
    items = [Item(path, path, len(data)) for path, data in files.items()]
    return Bundle(items, 1_600_000_000, lambda key, start, end: files[key][start:end])


def unpacked(data: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(data))) as archive:
        return {one.name: archive.extractfile(one).read() for one in archive}  # type: ignore[union-attr]


@pytest.mark.parametrize("size", SIZES)
def test_what_goes_in_comes_out(size: int) -> None:
    files = {"a": b"x" * size, LONG: bytes(range(256)), "dir/b": b"y" * (size // 2)}
    made = bundle(files)
    data = made.get(0, made.size)
    assert len(data) == made.size
    assert unpacked(data) == files


def test_a_bundle_of_nothing_is_an_archive() -> None:
    made = bundle({})
    assert unpacked(made.get(0, made.size)) == {}


@given(st.lists(st.integers(1, 70_000), min_size=1), st.integers(1, 9_000))
@settings(max_examples=30, deadline=None)
def test_it_is_the_same_in_any_pieces_with_steps_back(sizes: list[int], back: int) -> None:
    made = bundle({"a": b"x" * 150_000, "b": b"y" * 70_000})
    whole = bundle({"a": b"x" * 150_000, "b": b"y" * 70_000}).get(0, made.size)
    at, number = 0, 0
    while at < made.size:
        size = sizes[number % len(sizes)]
        first = max(0, at - back)
        assert made.get(first, min(at + size, made.size)) == whole[first : at + size]
        at, number = at + size, number + 1


def test_an_archive_may_end_with_a_full_block() -> None:
    size = BLOCK * STORED - BLOCK - len(END)
    made = Bundle([Item("a", "a", size)], 0, lambda key, start, end: bytes(end - start))
    assert len(gzip.decompress(made.get(0, made.size))) == BLOCK * STORED


def test_its_end_can_be_had_first() -> None:
    made = bundle({"a": b"x" * 200_000})
    whole = bundle({"a": b"x" * 200_000}).get(0, made.size)
    assert made.get(made.size - 20, made.size) == whole[-20:]
    assert made.get(0, made.size) == whole


def test_a_span_of_it_is_a_file() -> None:
    files = {"a": b"x" * 200_000, "b": b"y" * 9}
    made = bundle(files)
    span = Span(made.get, 0, made.size)
    pieces = []
    while data := span.read(10_000):
        # As waitress does: it looks, sends a part, and skips what was sent.
        span.seek(-len(data), io.SEEK_CUR)
        pieces.append(span.read(7_000))
    assert unpacked(b"".join(pieces)) == files


@pytest.mark.parametrize("there", [None, b"", b"short"])
def test_a_blob_that_is_gone_breaks_it(there: bytes | None) -> None:
    made = Bundle([Item("a", "key", 1000)], 0, lambda key, start, end: there)
    with pytest.raises(InfraError, match="not what it was"):
        made.get(0, made.size)
