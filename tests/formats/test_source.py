"""Bytes to text: what is read, and what is refused at its place."""

from __future__ import annotations

import pytest
from dishwasher.errors import Problem
from dishwasher.formats import source
from dishwasher.formats.problems import Problems


def refused(data: bytes) -> Problem:
    problems = Problems()
    assert source.read(data, problems) is None
    (problem,) = problems.in_file_order()
    return problem


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""),
        (b"a: b\n", "a: b\n"),
        (b"\xef\xbb\xbfa: b", "a: b"),
        (b"a: b\r\nc: d\r\n", "a: b\nc: d\n"),
        (b"a\rb", "a\nb"),
        ("é 日本 🎉\t\xa0".encode(), "é 日本 🎉\t\xa0"),
        (b"#" * source.SIZE, "#" * source.SIZE),
    ],
)
def test_read(data: bytes, text: str) -> None:
    problems = Problems()
    assert source.read(data, problems) == text
    assert not problems


@pytest.mark.parametrize(
    ("data", "line", "column", "code", "message"),
    [
        (b"#" * (source.SIZE + 1), 1, 1, "too-large", "the file has 1,048,577 bytes"),
        ("a: b\n".encode("utf-16"), 1, 1, "encoding", "the file is UTF-16, not UTF-8"),
        ("a: b\n".encode("utf-16-be"), 1, 1, "encoding", "the file is UTF-16, not UTF-8"),
        ("a: b\n".encode("utf-16-le"), 1, 1, "encoding", "the file is UTF-16, not UTF-8"),
        ("a: b\n".encode("utf-32"), 1, 1, "encoding", "the file is UTF-16, not UTF-8"),
        ("a: b\né: Ä\n".encode("latin-1"), 2, 1, "encoding", "the byte 0xe9 is not UTF-8"),
        ("a: é ".encode() + b"\xff", 1, 6, "encoding", "the byte 0xff is not UTF-8"),
        (b"a: b\nc: \xed\xa0\x80", 2, 4, "encoding", "the byte 0xed is not UTF-8"),
        (b"a: b\nc: d\0\n", 2, 5, "character", "a NUL (U+0000) can not stand"),
        (b"a: \x1b[0m", 1, 4, "character", "a control character (U+001B) can not"),
        ("a\n\ufeffb".encode(), 2, 1, "character", "a byte order mark (U+FEFF) can not"),
        ("a: \u2028b".encode(), 1, 4, "character", "a control character (U+2028)"),
        ("a: \x85b".encode(), 1, 4, "character", "a control character (U+0085)"),
    ],
)
def test_refused(data: bytes, line: int, column: int, code: str, message: str) -> None:
    problem = refused(data)
    assert (problem.line, problem.column, problem.code) == (line, column, code)
    assert problem.message.startswith(message)
    assert problem.suggestion
