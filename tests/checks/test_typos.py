"""What typos says, and which of it is noise."""

from __future__ import annotations

import pytest
from dishwasher.checks import typos
from dishwasher.errors import InfraError


def test_parse() -> None:
    output = [
        b'{"type":"binary_file","path":"./x.bin"}\n',
        b'{"type":"typo","path":"./a \\"b\\".py","line_num":2,"byte_offset":7,'
        b'"typo":"recieve","corrections":["receive"]}\n',
        b'{"type":"typo","path":"./recieve.py","byte_offset":2,'
        b'"typo":"recieve","corrections":["receive"]}\n',
    ]
    assert list(typos.parse(output)) == [typos.Typo('a "b".py', 2, 7, "recieve", ("receive",))]


def test_an_error_of_the_tool_is_ours() -> None:
    with pytest.raises(InfraError, match="typos failed: no such file"):
        list(typos.parse([b'{"type":"error","msg":"no such file"}\n']))


def noise(marked: str) -> bool:
    """The word stands between < and >."""
    start = marked.index("<")
    word = marked[start + 1 : marked.index(">")]
    return typos.is_noise(marked.replace("<", "").replace(">", ""), start, word)


@pytest.mark.parametrize(
    "line",
    [
        "We <recieve> mail.",
        "def <recieve>_mail():",
        "self.<asssert>_not_called()",
        "| <recieve> | a Markdown table |",
        "|<recieve>|tight|",
        "(we <recieve> mail)",
        "<Recieve> mail (now)",
        "SELECT_<INSRET>",
        "mail@example.org does not <recieve>",
        "https://example.org/ <recieve>",
        "abcdef12 <recieve>",
    ],
)
def test_kept(line: str) -> None:
    assert not noise(line)


@pytest.mark.parametrize(
    "line",
    [
        "<teh> short",
        "see https://example.org/<recieve>?x=1",
        "www.<recieve>.org",
        "write to <recieve>@example.org",
        "commit 12<fadeed>7",
        "key = 'aZ9<Recieve>bQ0xYw8s7d6f5g4h3'",
        "three <INSE>RTs and more",
        "all <ANDed> together",
        "sha <recieve>2",
        "'\\<nreceive>'",
        "'%<srecieve>'",
        "re.compile('(receive|<recieve>)')",
        "grüße, <recieve>",
        "* Fixed it (<Malcom> Smith)",
    ],
)
def test_dropped(line: str) -> None:
    assert noise(line)


def test_a_word_in_a_huge_line_is_judged_by_what_is_near() -> None:
    assert not noise("é " + "x " * 400 + "<recieve>" + " x" * 400 + " é")
