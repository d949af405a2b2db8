from __future__ import annotations

import random
import re

import pytest
from dishwasher.core.markdown import printable
from dishwasher.web import search as rooms
from dishwasher.web.search import search

from tests.fakes.blobs import MemoryBlobs
from tests.fakes.clock import FakeClock

KEY = "attempts/b1-0.1/log"


@pytest.fixture
def blobs() -> MemoryBlobs:
    return MemoryBlobs(FakeClock())


def test_lines_are_found_in_any_case_and_between_colours(blobs: MemoryBlobs) -> None:
    blobs.put(KEY, b"one\nAn \x1b[31mErr\x1b[0mor here\nno\nerror ERROR")
    found = search(blobs, KEY, " error ")
    assert (found.text, found.total) == ("error", 2)
    assert [(hit.number, hit.offset) for hit in found.shown] == [(2, 4), (4, 30)]
    assert found.shown[0].html == "An <mark>Error</mark> here"
    assert found.shown[1].html == "<mark>error</mark> <mark>ERROR</mark>"


def test_what_is_found_and_looked_for_is_only_text(blobs: MemoryBlobs) -> None:
    blobs.put(KEY, b"a <script>x</script> (.*) b\n")
    assert "&lt;script&gt;" in search(blobs, KEY, "(.*)").shown[0].html
    assert search(blobs, KEY, ".*x").total == 0
    assert search(blobs, KEY, "<script>").shown[0].html.startswith("a <mark>&lt;script&gt;</mark>")


def test_letters_outside_ascii(blobs: MemoryBlobs) -> None:
    blobs.put(KEY, "ÜBER\nstraße\n\xff".encode() + b"\xff\n")
    assert [hit.number for hit in search(blobs, KEY, "über").shown] == [1]
    assert search(blobs, KEY, "STRASSE").total == 0


@pytest.mark.parametrize("text", ["", "   "])
def test_nothing_to_look_for(blobs: MemoryBlobs, text: str) -> None:
    blobs.put(KEY, b"one\n")
    assert search(blobs, KEY, text) == rooms.Hits("", 0, ())
    assert search(blobs, "attempts/none", "one").total == 0


def test_many_hits_are_counted_and_the_first_are_shown(blobs: MemoryBlobs) -> None:
    blobs.put(KEY, b"again\n" * (rooms.HITS_SHOWN + 5))
    found = search(blobs, KEY, "again")
    assert (found.total, len(found.shown)) == (rooms.HITS_SHOWN + 5, rooms.HITS_SHOWN)


def test_a_long_line_is_shown_around_its_hit(blobs: MemoryBlobs) -> None:
    blobs.put(KEY, b"x" * 5000 + b"needle" + b"y" * 5000 + b"\nneedle\n")
    first, second = search(blobs, KEY, "needle").shown
    assert len(re.sub("<[^>]*>", "", first.html)) == 2 * rooms.AROUND + len("needle") + 2
    assert first.html.startswith("…x") and first.html.endswith("y…")
    assert (second.number, second.offset) == (2, 10_007)


def test_numbers_and_places_are_right_across_blocks(
    blobs: MemoryBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "BLOCK", 7)
    monkeypatch.setattr(rooms, "LINE_LIMIT", 12)
    chance = random.Random(7)
    for _ in range(300):
        words = [b"a" * chance.randrange(20) for _ in range(chance.randrange(9))]
        text = b"\n".join(words)
        blobs.put(KEY, text)
        found = search(blobs, KEY, "a")
        expected = [number for number, word in enumerate(words, 1) if word]
        assert [hit.number for hit in found.shown] == expected
        for hit in found.shown:
            assert text[hit.offset : hit.offset + 1] == b"a"
            assert hit.offset == sum(len(word) + 1 for word in words[: hit.number - 1])


PIECES = [b"a", b"B", b"\n", b"\n", "é".encode(), "É".encode(), "ß".encode(), b"\xff", b"\xc3"]
PIECES += [b"\x1b[31m", b"\x1b]0;a\x07", b"\x1b]8;;\n", b"\x07", b"\t", b"xyz"]


def naive(text: bytes, wanted: str) -> list[tuple[int, int]]:
    """Number and first byte of each line that has it, line by line."""
    found, offset = [], 0
    for number, line in enumerate(text.split(b"\n"), 1):
        words = printable(rooms.ESCAPES.sub(b"", line).decode("utf-8", "replace"))
        if re.search(re.escape(wanted), words, re.IGNORECASE):
            found.append((number, offset))
        offset += len(line) + 1
    return found


@pytest.mark.parametrize("wanted", ["a", "ab", "é", "éa", "ß", "xyza", "\x07", "("])
def test_what_is_found_is_what_a_look_at_each_line_finds(
    blobs: MemoryBlobs, monkeypatch: pytest.MonkeyPatch, wanted: str
) -> None:
    monkeypatch.setattr(rooms, "BLOCK", 11)
    monkeypatch.setattr(rooms, "HITS_SHOWN", 5)
    chance = random.Random(wanted)
    for _ in range(400):
        text = b"".join(chance.choices(PIECES, k=chance.randrange(40)))
        blobs.put(KEY, text)
        found, expected = search(blobs, KEY, wanted), naive(text, wanted)
        assert [(hit.number, hit.offset) for hit in found.shown] == expected[:5], text
        assert found.total == len(expected), text
