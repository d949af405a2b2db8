from __future__ import annotations

import re

import pytest
from dishwasher.web import log
from dishwasher.web.ansi import PLAIN
from dishwasher.web.log import Mark, Place, follow, window
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.blobs import MemoryBlobs
from tests.fakes.clock import FakeClock

KEY = "attempts/j.1/log"


@pytest.fixture
def blobs() -> MemoryBlobs:
    return MemoryBlobs(FakeClock())


def lines(html: str) -> list[str]:
    return re.findall(r"<div[^>]*>(.*?)</div>", html)


def numbers(html: str) -> list[int]:
    return [int(number) for number in re.findall(r'data-n="(\d+)"', html)]


def test_no_log(blobs: MemoryBlobs) -> None:
    shown = window(blobs, KEY, ())
    assert (shown.size, shown.head, shown.gap, shown.tail, shown.open) == (0, "", 0, "", "")
    assert follow(blobs, KEY, Place(), ()).html == ""


def test_a_short_log_is_shown_whole(blobs: MemoryBlobs) -> None:
    blobs.put(KEY, b"one\n\n\x1b[32mthree\nfour")
    shown = window(blobs, KEY, ())
    assert shown.head == (
        '<div id="L1" data-n="1">one</div><div id="L2" data-n="2"></div>'
        '<div id="L3" data-n="3"><span class="f2">three</span></div>'
    )
    assert shown.open == '<div id="L4" data-n="4"><span class="f2">four</span></div>'
    assert (shown.gap, shown.tail) == (0, "")
    assert shown.next == Place(16, 4, PLAIN.after("32"))


def test_only_a_newline_ends_a_line(blobs: MemoryBlobs) -> None:
    blobs.put(KEY, "a\x0bb\x0cc\x85d\u2028e\rf\r\n".encode())
    assert len(lines(window(blobs, KEY, ()).head)) == 1


def test_bytes_that_are_not_utf8_are_replaced(blobs: MemoryBlobs) -> None:
    blobs.put(KEY, b"caf\xe9\n")
    assert lines(window(blobs, KEY, ()).head) == ["caf\ufffd"]


def test_commands_and_our_own_words_look_different(blobs: MemoryBlobs) -> None:
    blobs.put(KEY, b"$ make\n[dishwasher] note\n")
    assert re.findall(r'class="(\w+)"', window(blobs, KEY, ()).head) == ["cmd", "own"]


def test_steps_have_anchors(blobs: MemoryBlobs) -> None:
    blobs.put(KEY, b"one\ntwo\nthree\n")
    marks = (Mark(8, "s1-2"), Mark(0, "s1-0"), Mark(5, "s1-1"), Mark(99, "s9-9"))
    html = window(blobs, KEY, marks).head
    assert re.sub(r"<div[^>]*>|</div>", "", html) == (
        '<a id="s1-0" class="mark"></a>one'
        "two"
        '<a id="s1-1" class="mark"></a><a id="s1-2" class="mark"></a>three'
    )


def test_an_anchor_in_the_line_that_is_written_now(blobs: MemoryBlobs) -> None:
    blobs.put(KEY, b"one\ntw")
    assert window(blobs, KEY, (Mark(4, "s1-1"),)).head.endswith('<a id="s1-1" class="mark"></a>')


def test_a_long_log_shows_head_and_tail(blobs: MemoryBlobs) -> None:
    data = b"".join(b"line %d\n" % number for number in range(1, 200_001))
    blobs.put(KEY, data)
    shown = window(blobs, KEY, ())
    assert numbers(shown.head)[0] == 1
    assert lines(shown.tail)[-1] == "line 200000" and numbers(shown.tail)[-1] == 200_000
    assert [f"line {n}" for n in numbers(shown.tail)] == lines(shown.tail)
    hidden = numbers(shown.tail)[0] - numbers(shown.head)[-1] - 1
    first = numbers(shown.head)[-1] + 1
    assert shown.gap == sum(len(b"line %d\n" % n) for n in range(first, first + hidden))
    assert len(numbers(shown.head)) == log.HEAD_LINES
    assert len(numbers(shown.tail)) == log.TAIL_LINES


def test_a_log_of_few_bytes_and_many_lines_is_cut_too(blobs: MemoryBlobs) -> None:
    blobs.put(KEY, b"\n" * 400_000 + b"end")
    shown = window(blobs, KEY, ())
    assert shown.gap == 400_000 - log.HEAD_LINES - log.TAIL_LINES
    assert numbers(shown.tail)[-1] == 400_000 and lines(shown.open) == ["end"]
    assert len(numbers(follow(blobs, KEY, Place(), ()).html)) == log.PART_LINES


def test_a_long_log_of_long_lines_is_cut_at_their_ends(blobs: MemoryBlobs) -> None:
    blobs.put(KEY, (b"x" * 999 + b"\n") * 1000)
    shown = window(blobs, KEY, ())
    assert {len(line) for line in lines(shown.head) + lines(shown.tail)} == {999}
    assert shown.gap == 1_000_000 - 1000 * (len(lines(shown.head)) + len(lines(shown.tail)))


def test_counting_lines_has_an_end(blobs: MemoryBlobs, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs.put(KEY, b"0123456789\n" * 100_000)
    monkeypatch.setattr(log, "COUNTED", 1000)
    shown = window(blobs, KEY, ())
    assert numbers(shown.tail) == [] and lines(shown.tail)[-1] == "0123456789"
    assert shown.next.number == 0
    assert follow(blobs, KEY, Place(0, 0), ()).next.number == 0


def test_a_long_log_of_one_line(blobs: MemoryBlobs) -> None:
    blobs.put(KEY, b"x" * (log.HEAD + log.TAIL + 10))
    shown = window(blobs, KEY, ())
    assert shown.gap == log.HEAD + 10 and shown.head == "" and shown.tail == ""
    assert "cut" in shown.open


@settings(max_examples=60)
@given(
    st.lists(
        st.sampled_from([b"a\n", b"\x1b[31m", b"\x1b[0m", b"\n", b"bb", b"$ x\n"]), max_size=30
    ),
    st.lists(st.integers(0, 60), max_size=6),
)
def test_followed_in_pieces_it_looks_as_when_read_at_once(
    pieces: list[bytes], cuts: list[int]
) -> None:
    blobs = MemoryBlobs(FakeClock())
    data = b"".join(pieces)
    place, html, opened = Place(), "", ""
    for end in (*sorted(cuts), len(data)):
        blobs.append(KEY, 0, data[:end])
        part = follow(blobs, KEY, place, ())
        place, html, opened = part.next, html + part.html, part.open
    whole = window(blobs, KEY, ())
    assert (html, opened, place) == (whole.head, whole.open, whole.next)


def test_a_follower_far_behind_gets_parts(
    blobs: MemoryBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "PART", 100)
    data = b"".join(b"line %d\n" % number for number in range(40)) + b"y" * 250 + b"\nend"
    blobs.put(KEY, data)
    place, html, opened, rounds = Place(), "", "", 0
    while place.start + len(opened.encode()) < len(data) and rounds < 20:
        part = follow(blobs, KEY, place, ())
        place, html, rounds = part.next, html + part.html, rounds + 1
        if part.end == len(data):
            break
    assert part.end == len(data) and lines(part.open) == ["end"]
    shown = lines(html)
    assert shown[:40] == [f"line {number}" for number in range(40)]
    assert "".join(shown[40:]) == "y" * 250
    assert place.number == 42


class CountingBlobs(MemoryBlobs):
    """Remembers how much was read."""

    read = 0

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes | None:
        data = super().get(key, start, end)
        self.read += len(data or b"")
        return data


def test_a_huge_log_costs_no_more_than_a_large_one() -> None:
    blobs = CountingBlobs(FakeClock())
    blobs.put(KEY, b"a line of a log\n" * (4 * log.COUNTED // 16))
    assert window(blobs, KEY, ()).gap > 3 * log.COUNTED
    assert blobs.read == log.HEAD + log.TAIL
    follow(blobs, KEY, Place(), ())
    assert blobs.read == log.HEAD + log.TAIL + log.PART
