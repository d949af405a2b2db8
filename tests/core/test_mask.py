"""No spelling of a secret leaves, wherever the stream is cut."""

from __future__ import annotations

import base64
import hashlib
import json
import tracemalloc
from urllib.parse import quote

import pytest
from dishwasher.core.mask import MANY, MASK, SIEVED, Masker, needles
from hypothesis import example, given, settings
from hypothesis import strategies as st

SECRET = "s3cr3t/p4ss wörd+"
PEM = "-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END KEY-----\n"


def masked(secrets: list[str], *chunks: bytes) -> bytes:
    masker = Masker(needles(secrets)[0])
    return b"".join(masker.feed(chunk) for chunk in chunks) + masker.finish()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (b"", b""),
        (b"nothing here", b"nothing here"),
        (b"a hunter2hunter2 b", b"a *** b"),
        (b"hunter2hunter2hunter2", b"***"),
        (b"hunter2hunter2 hunter2hunter2", b"*** ***"),
        (b"hunter2hunter", b"hunter2hunter"),
        (b"hunter2hunterhunter2hunter2", b"hunter2hunter***"),
    ],
)
def test_the_plain_spelling(text: bytes, shown: bytes) -> None:
    assert masked(["hunter2hunter2"], text) == shown
    every_byte = [text[at : at + 1] for at in range(len(text))]
    assert masked(["hunter2hunter2"], *every_byte) == shown


@pytest.mark.parametrize("before", ["", "x", "xy", "xyz"])
def test_every_spelling(before: str) -> None:
    whole = (before + SECRET).encode()
    for spelling in (
        SECRET.encode(),
        json.dumps(SECRET).encode(),
        json.dumps(SECRET, ensure_ascii=False).encode(),
        quote(SECRET).encode(),
        quote(SECRET, safe="").encode(),
        SECRET.encode().hex().encode(),
        SECRET.encode().hex().upper().encode(),
        base64.b64encode(whole),
        base64.urlsafe_b64encode(whole + b" and more"),
    ):
        shown = masked([SECRET], b"<" + spelling + b">")
        assert MASK in shown
        # What is left of a base64 text decides at most the bits that it shares with its neighbours.
        assert len(shown) < len(spelling) - 8 or len(shown) <= len(b"<***>") + 2


def test_each_line_of_a_key_is_a_secret() -> None:
    assert masked([PEM], b"> MIIEvQIBADANBgkq\r\n") == b"> ***\r\n"
    assert masked([PEM], PEM.encode()) == MASK


def test_what_is_too_short_is_named_and_left() -> None:
    found, short = needles(["", "a", "true", "12345", "123456"])
    assert short == ("", "a", "true", "12345")
    assert b"123456" in found
    assert not {b"", b"a", b"true", b"12345"} & found
    assert masked(["a", "true"], b"a true tale") == b"a true tale"


def test_without_secrets_nothing_is_held() -> None:
    masker = Masker(())
    assert masker.feed(b"as it comes") == b"as it comes"
    assert masker.finish() == b""


def test_memory_stays_bounded_where_a_secret_overlaps_itself_for_ever() -> None:
    masker = Masker({b"aaaaaa"})
    shown = b"".join(masker.feed(b"a" * 100) for _ in range(100)) + masker.finish()
    assert shown == MASK
    assert len(masker._held) < 6


chunks = st.lists(st.text("abc", max_size=12).map(str.encode), max_size=12)


@given(st.sets(st.text("abc", min_size=2, max_size=6).map(str.encode), max_size=4), chunks)
@example({b"ab", b"abab"}, [b"a", b"ba", b"b"])
@example({b"abc", b"bca"}, [b"ab", b"c", b"a"])
def test_no_cut_lets_a_needle_through(wanted: set[bytes], parts: list[bytes]) -> None:
    masker = Masker(wanted)
    shown = b"".join(map(masker.feed, parts)) + masker.finish()
    assert shown == seen_at_once(wanted, b"".join(parts))


long = st.text("abcdefgh", min_size=SIEVED, max_size=SIEVED + 20).map(str.encode)


@settings(max_examples=50)
@given(st.lists(long, min_size=MANY + 1, max_size=MANY + 4, unique=True), st.data())
def test_no_cut_and_no_place_hides_one_of_many(wanted: list[bytes], data: st.DataObject) -> None:
    piece = st.sampled_from([*wanted, *(one[:-1] for one in wanted)]) | st.binary(max_size=90)
    parts = data.draw(st.lists(piece, max_size=6))
    whole = b"".join(parts)
    cut = data.draw(st.integers(0, len(whole)))
    masker = Masker(wanted)
    shown = masker.feed(whole[:cut]) + masker.feed(whole[cut:]) + masker.finish()
    assert shown == seen_at_once(set(wanted), whole)


def test_a_key_costs_little_memory() -> None:
    """Each of its lines is a secret, and so is the whole."""
    lines = (base64.b64encode(hashlib.sha384(bytes([one])).digest()) for one in range(50))
    key = "\n".join(map(bytes.decode, lines))
    tracemalloc.start()
    masker = Masker(needles([key])[0])
    assert tracemalloc.get_traced_memory()[1] < 2_000_000
    tracemalloc.stop()
    shown = masker.feed(b"x" * 10_000 + key.encode() + b"x") + masker.finish()
    assert shown == b"x" * 10_000 + MASK + b"x"


def seen_at_once(wanted: set[bytes], whole: bytes) -> bytes:
    """What a masker that sees all at once shows, byte for byte."""
    spans = {
        (at, at + len(needle))
        for needle in wanted
        for at in range(len(whole))
        if whole.startswith(needle, at)
    }
    expected = b""
    for at in range(len(whole)):
        if not any(start <= at < stop for start, stop in spans):
            expected += whole[at : at + 1]
        elif not any(start < at < stop for start, stop in spans):
            expected += MASK
    return expected
