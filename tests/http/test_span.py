"""A part of a blob, read as a server reads a file."""

from __future__ import annotations

import io

import pytest
from dishwasher.errors import InfraError
from dishwasher.http.span import BLOCK, PIECE, Span

DATA = bytes(range(256)) * (BLOCK // 128)


def span(start: int, end: int) -> Span:
    return Span(lambda first, last: DATA[first:last], start, end)


def test_it_comes_in_blocks() -> None:
    blocks = list(span(3, 3 + BLOCK + 5))
    assert [len(block) for block in blocks] == [BLOCK, 5]
    assert b"".join(blocks) == DATA[3 : 3 + BLOCK + 5]


def test_it_is_read_as_a_file() -> None:
    part = span(10, 30)
    assert (part.seekable(), part.tell(), part.read(4)) == (True, 0, DATA[10:14])
    assert (part.seek(0, io.SEEK_END), part.read(4), part.tell()) == (20, b"", 20)
    assert (part.seek(2), part.read()) == (2, DATA[12:30])
    assert (part.seek(-5, io.SEEK_CUR), part.seek(-99), part.seek(99)) == (15, 0, 20)
    part.close()


def test_a_piece_is_small() -> None:
    assert len(span(0, BLOCK).read()) == len(span(0, BLOCK).read(BLOCK)) == PIECE


def test_nothing_is_nothing() -> None:
    assert (list(span(5, 5)), span(5, 5).read()) == ([], b"")


@pytest.mark.parametrize("data", [None, b""])
def test_a_blob_that_has_gone_is_an_error(data: bytes | None) -> None:
    with pytest.raises(OSError, match="not there any more"):
        Span(lambda first, last: data, 0, 5).read()


@pytest.mark.parametrize("error", [InfraError("the disk fails"), OSError(24, "the disk fails")])
def test_a_disk_that_fails_is_an_error_and_told(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(first: int, last: int) -> bytes:
        raise error

    part = Span(fail, 0, 5)
    part.seek(2)
    with pytest.raises(OSError, match="the disk fails"):
        part.read()
    assert "a download ended at byte 2 of 5: " in caplog.text and "disk fails" in caplog.text
