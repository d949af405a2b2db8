from __future__ import annotations

import re

import pytest
from dishwasher.web import log
from dishwasher.web.ansi import PLAIN
from dishwasher.web.log import Mark, Piece, Place, Window, follow, window, window_from
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.blobs import MemoryBlobs
from tests.fakes.clock import FakeClock

KEY = "attempts/j.1/log"


@pytest.fixture
def blobs() -> MemoryBlobs:
    return MemoryBlobs(FakeClock())


def lines(html: str) -> list[str]:
    return re.findall(r"<div[^>]*>(?:<a href[^>]*></a>)?(.*?)</div>", html)


def numbers(html: str) -> list[int]:
    return [int(number) for number in re.findall(r'<a href="#L(\d+)"', html)]


def head(shown: Window) -> str:
    return shown.pieces[0].html


def tail(shown: Window) -> str:
    (_, last) = shown.pieces
    assert last.gap_start >= 0
    return last.html


def test_no_log(blobs: MemoryBlobs) -> None:
    shown = window(blobs, KEY, ())
    assert (shown.size, shown.pieces, shown.open) == (0, (Piece(""),), "")
    assert follow(blobs, KEY, Place(), ()).html == ""


def test_a_short_log_is_shown_whole(blobs: MemoryBlobs) -> None:
    blobs.put(KEY, b"one\n\n\x1b[32mthree\nfour")
    shown = window(blobs, KEY, ())
    assert head(shown) == (
        '<div id="L1"><a href="#L1" aria-label="1"></a>one</div>'
        '<div id="L2"><a href="#L2" aria-label="2"></a></div>'
        '<div id="L3"><a href="#L3" aria-label="3"></a><span class="f2">three</span></div>'
    )
    assert (
        shown.open
        == '<div id="L4"><a href="#L4" aria-label="4"></a><span class="f2">four</span></div>'
    )
    assert len(shown.pieces) == 1 and not shown.pieces[0].gap
    assert shown.next == Place(16, 4, PLAIN.after("32"))


def test_only_a_newline_ends_a_line(blobs: MemoryBlobs) -> None:
    blobs.put(KEY, "a\x0bb\x0cc\x85d\u2028e\rf\r\n".encode())
    assert len(lines(head(window(blobs, KEY, ())))) == 1


def test_bytes_that_are_not_utf8_are_replaced(blobs: MemoryBlobs) -> None:
    blobs.put(KEY, b"caf\xe9\n")
    assert lines(head(window(blobs, KEY, ()))) == ["caf\ufffd"]


def test_commands_and_our_own_words_look_different(blobs: MemoryBlobs) -> None:
    blobs.put(KEY, b"$ make\n[dishwasher] note\n")
    assert re.findall(r'class="(\w+)"', head(window(blobs, KEY, ()))) == ["cmd", "own"]


def test_steps_have_anchors(blobs: MemoryBlobs) -> None:
    blobs.put(KEY, b"one\ntwo\nthree\n")
    marks = (Mark(8, "s1-2"), Mark(0, "s1-0"), Mark(5, "s1-1"), Mark(99, "s9-9"))
    html = head(window(blobs, KEY, marks))
    assert re.sub(r"<div[^>]*>(?:<a href[^>]*></a>)?|</div>", "", html) == (
        '<a id="s1-0" class="mark"></a>one'
        "two"
        '<a id="s1-1" class="mark"></a><a id="s1-2" class="mark"></a>three'
    )


def test_an_anchor_in_the_line_that_is_written_now(blobs: MemoryBlobs) -> None:
    blobs.put(KEY, b"one\ntw")
    assert head(window(blobs, KEY, (Mark(4, "s1-1"),))).endswith('<a id="s1-1" class="mark"></a>')


def test_a_long_log_shows_head_and_tail(blobs: MemoryBlobs) -> None:
    data = b"".join(b"line %d\n" % number for number in range(1, 200_001))
    blobs.put(KEY, data)
    shown = window(blobs, KEY, ())
    assert numbers(head(shown))[0] == 1
    assert lines(tail(shown))[-1] == "line 200000" and numbers(tail(shown))[-1] == 200_000
    assert [f"line {n}" for n in numbers(tail(shown))] == lines(tail(shown))
    hidden = numbers(tail(shown))[0] - numbers(head(shown))[-1] - 1
    first = numbers(head(shown))[-1] + 1
    assert shown.pieces[-1].gap == sum(len(b"line %d\n" % n) for n in range(first, first + hidden))
    assert len(numbers(head(shown))) == log.HEAD_LINES
    assert len(numbers(tail(shown))) == log.TAIL_LINES


def test_a_log_of_few_bytes_and_many_lines_is_cut_too(blobs: MemoryBlobs) -> None:
    blobs.put(KEY, b"\n" * 400_000 + b"end")
    shown = window(blobs, KEY, ())
    assert shown.pieces[-1].gap == 400_000 - log.HEAD_LINES - log.TAIL_LINES
    assert numbers(tail(shown))[-1] == 400_000 and lines(shown.open) == ["end"]
    assert len(numbers(follow(blobs, KEY, Place(), ()).html)) == log.PART_LINES


def test_a_long_log_of_long_lines_is_cut_at_their_ends(blobs: MemoryBlobs) -> None:
    blobs.put(KEY, (b"x" * 999 + b"\n") * 1000)
    shown = window(blobs, KEY, ())
    assert {len(line) for line in lines(head(shown)) + lines(tail(shown))} == {999}
    assert shown.pieces[-1].gap == 1_000_000 - 1000 * (
        len(lines(head(shown))) + len(lines(tail(shown)))
    )


def test_counting_lines_has_an_end(blobs: MemoryBlobs, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs.put(KEY, b"0123456789\n" * 100_000)
    monkeypatch.setattr(log, "COUNTED", 1000)
    shown = window(blobs, KEY, ())
    assert numbers(tail(shown)) == [] and lines(tail(shown))[-1] == "0123456789"
    assert shown.next.number == 0
    assert follow(blobs, KEY, Place(0, 0), ()).next.number == 0


def test_a_long_log_of_one_line(blobs: MemoryBlobs) -> None:
    blobs.put(KEY, b"x" * (log.HEAD + log.TAIL + 10))
    shown = window(blobs, KEY, ())
    assert shown.pieces[-1].gap == log.HEAD + 10 and head(shown) == "" and tail(shown) == ""
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
    assert (html, opened, place) == (head(whole), whole.open, whole.next)


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
    assert window(blobs, KEY, ()).pieces[-1].gap > 3 * log.COUNTED
    assert blobs.read == log.HEAD + log.TAIL
    follow(blobs, KEY, Place(), ())
    assert blobs.read == log.HEAD + log.TAIL + log.PART


def test_any_part_of_a_long_log_can_be_shown(blobs: MemoryBlobs) -> None:
    data = b"".join(b"line %d\n" % number for number in range(1, 200_001)) + b"end"
    blobs.put(KEY, data)
    within = data.index(b"line 100000\n") + 3
    shown = window_from(blobs, KEY, (), within)
    (piece,) = shown.pieces
    assert lines(piece.html)[0] == "line 100000" and numbers(piece.html)[0] == 100_000
    assert piece.gap == within - 3 and piece.gap_start == max(piece.gap - log.TAIL, 0)
    assert len(lines(piece.html)) == log.TAIL_LINES and shown.open == ""
    assert shown.left == len(data) - shown.next.start
    after = window_from(blobs, KEY, (), shown.next.start)
    assert numbers(after.pieces[0].html)[0] == numbers(piece.html)[-1] + 1
    last = window_from(blobs, KEY, (), len(data) + 9)
    assert (last.left, lines(last.open)) == (0, ["end"])


def test_walking_on_shows_every_line_once(blobs: MemoryBlobs) -> None:
    data = b"".join(b"%d %s\n" % (number, b"x" * (number % 97)) for number in range(30_000))
    blobs.put(KEY, data)
    seen, start = [], 0
    while True:
        shown = window_from(blobs, KEY, (), start)
        seen += lines(shown.pieces[0].html)
        if not shown.left:
            break
        start = shown.next.start
    assert seen == data.decode().splitlines()


def test_a_part_of_a_line_without_an_end(blobs: MemoryBlobs) -> None:
    blobs.put(KEY, b"x" * (3 * log.TAIL))
    first = window_from(blobs, KEY, (), 0)
    assert first.left == 2 * log.TAIL and "cut" in first.pieces[0].html
    middle = window_from(blobs, KEY, (), first.next.start)
    assert middle.left > 0 and middle.next.start > first.next.start


def test_a_short_log_has_no_parts(blobs: MemoryBlobs) -> None:
    blobs.put(KEY, b"one\ntwo\n")
    assert window_from(blobs, KEY, (), 5) == window(blobs, KEY, ())
