"""What every Blobs does, and the upload URLs that it gives."""

from __future__ import annotations

import hashlib
import io

import pytest
from dishwasher.errors import Gone, Refused
from dishwasher.ports import Blobs

from tests.contract.conftest import BASE_URL
from tests.contract.race import race
from tests.contract.visitor import Receiving, visitor
from tests.fakes.clock import FakeClock

KEY = "attempts/b1.tests.1/artifacts/docs/index.html"
TAKEN = hashlib.sha256(b"x" * 255).hexdigest()
"""What an adapter may choose to call the key of 255 x."""
FILE = b"<h1>Guide</h1>\n" * 100


def leave(blobs: Blobs, data: bytes = FILE, key: str = KEY) -> str:
    """A URL for exactly this file."""
    return blobs.upload_url(key, len(data), hashlib.sha256(data).hexdigest())


def token(blobs: Blobs) -> str:
    base, _, token = leave(blobs).rpartition("/")
    assert base == f"{BASE_URL}/uploads"
    return token


def test_what_is_put_is_there(blobs: Blobs) -> None:
    assert (blobs.get("log"), blobs.size("log")) == (None, None)
    blobs.put("log", b"one\0\xff")
    assert (blobs.get("log"), blobs.size("log")) == (b"one\0\xff", 5)
    blobs.put("log", b"")
    assert (blobs.get("log"), blobs.size("log")) == (b"", 0)


@pytest.mark.parametrize(
    "start, end", [(0, 4), (2, 4), (2, None), (8, 20), (10, None), (99, None), (4, 4), (99, 100)]
)
def test_a_range_is_like_a_slice(blobs: Blobs, start: int, end: int | None) -> None:
    blobs.put("log", b"0123456789")
    assert blobs.get("log", start, end) == b"0123456789"[start:end]


def test_appending_tells_the_offset_wanted_next(blobs: Blobs) -> None:
    assert blobs.append("log", 0, b"one ") == 4
    assert blobs.append("log", 4, b"two") == 7
    assert blobs.get("log") == b"one two"


@pytest.mark.parametrize("offset, data", [(0, b"one "), (0, b"on"), (2, b"e "), (0, b""), (4, b"")])
def test_appending_what_is_there_is_harmless(blobs: Blobs, offset: int, data: bytes) -> None:
    blobs.append("log", 0, b"one ")
    assert blobs.append("log", offset, data) == 4
    assert blobs.get("log") == b"one "


def test_appending_adds_only_what_is_new(blobs: Blobs) -> None:
    blobs.append("log", 0, b"one ")
    assert blobs.append("log", 2, b"E two") == 7
    assert blobs.get("log") == b"one two"


def test_a_hole_is_not_made(blobs: Blobs) -> None:
    assert blobs.append("log", 5, b"late") == 0
    assert blobs.get("log") is None
    blobs.append("log", 0, b"one")
    assert blobs.append("log", 4, b"late") == 3
    assert blobs.get("log") == b"one"


def test_keys_that_look_alike_are_different(blobs: Blobs) -> None:
    keys = [
        "a", "A", "a/b", "a/b/c", "=a", "a=", "a b", "a%20b", "a%2Fb", "a\\b", "é", "e\u0301",
        "%new", "...", "a/...", ".a", "-", "x" * 255, "x" * 254 + "y", "%" * 300, "\udcff", "a\nb",
        TAKEN, f"%%{TAKEN}", "d/" * 300 + "d",
    ]  # fmt: skip
    for number, key in enumerate(keys):
        blobs.put(key, b"%d" % number)
    assert [blobs.get(key) for key in keys] == [b"%d" % number for number in range(len(keys))]


@pytest.mark.parametrize(
    "key",
    ["", "/", "/etc/passwd", "a/", "a//b", ".", "..", "../a", "a/../b", "a/.", "a\0b", "x" * 1025],
)
def test_what_is_no_key_is_refused(blobs: Blobs, key: str) -> None:
    with pytest.raises(Refused):
        blobs.put(key, b"")
    with pytest.raises(Refused):
        blobs.get(key)
    with pytest.raises(Refused):
        blobs.size(key)
    with pytest.raises(Refused):
        blobs.append(key, 0, b"")
    with pytest.raises(Refused):
        blobs.upload_url(key, 0, "")


def test_the_agreed_file_can_be_uploaded_again_and_again(blobs: Blobs) -> None:
    url = leave(blobs)
    assert blobs.get(KEY) is None
    for _ in range(2):
        visitor(blobs).put(url, FILE)
        assert blobs.get(KEY) == FILE


@pytest.mark.parametrize("size", [0, 1, 256 * 1024, 1_000_003])
def test_files_of_any_size_can_be_uploaded_and_downloaded(blobs: Blobs, size: int) -> None:
    data = bytes(index % 251 for index in range(size))
    there = blobs.download_url(KEY)
    visitor(blobs).put(leave(blobs, data), data)
    assert blobs.get(KEY) == data
    assert visitor(blobs).get(there) == data


@pytest.mark.parametrize("sent", [b"", FILE[:-1], FILE + b"\n", FILE[:-1] + b"!"])
def test_another_file_is_refused_and_not_kept(strict_blobs: Blobs, sent: bytes) -> None:
    with pytest.raises(Refused, match="upload"):
        visitor(strict_blobs).put(leave(strict_blobs), sent)
    assert strict_blobs.get(KEY) is None


def test_a_refused_upload_leaves_the_file_that_is_there(strict_blobs: Blobs) -> None:
    visitor(strict_blobs).put(leave(strict_blobs), FILE)
    with pytest.raises(Refused):
        visitor(strict_blobs).put(leave(strict_blobs), b"other")
    assert strict_blobs.get(KEY) == FILE


def test_an_upload_must_come_in_time(receiving: Receiving, clock: FakeClock) -> None:
    mine = token(receiving)
    clock.advance(3600)
    receiving.receive(mine, io.BytesIO(FILE))
    clock.advance(1)
    with pytest.raises(Gone):
        receiving.receive(mine, io.BytesIO(FILE))


@pytest.mark.parametrize("text", ["", ".", "a.b", "é", "=.=", "e30.e30", "x" * 10_000])
def test_other_tokens_are_refused(receiving: Receiving, text: str) -> None:
    with pytest.raises(Refused):
        receiving.receive(text, io.BytesIO(FILE))


def test_what_is_deleted_is_gone(blobs: Blobs) -> None:
    blobs.put(KEY, FILE)
    blobs.put("attempts/b1", b"another")
    for _ in range(2):
        blobs.delete(KEY)
        assert (blobs.get(KEY), blobs.size(KEY)) == (None, None)
    assert blobs.get("attempts/b1") == b"another"
    blobs.put(KEY, b"new")
    assert blobs.get(KEY) == b"new"


@pytest.mark.parametrize("key", ["", "../a", "/etc/passwd", "x" * 1025])
def test_what_is_no_key_is_neither_deleted_nor_shown(blobs: Blobs, key: str) -> None:
    with pytest.raises(Refused):
        blobs.delete(key)
    with pytest.raises(Refused):
        blobs.download_url(key)


def test_a_download_url_names_one_file_for_a_while(receiving: Receiving, clock: FakeClock) -> None:
    base, _, leave = receiving.download_url(KEY).rpartition("/")
    assert base == f"{BASE_URL}/downloads"
    clock.advance(3600)
    assert receiving.shown(leave) == KEY
    clock.advance(1)
    with pytest.raises(Gone):
        receiving.shown(leave)


def test_no_other_token_is_a_download(receiving: Receiving) -> None:
    upload = token(receiving)
    for text in ("", ".", "a.b", "é", "e30.e30", upload):
        with pytest.raises(Refused):
            receiving.shown(text)
    with pytest.raises(Refused):
        receiving.receive(receiving.download_url(KEY).rpartition("/")[2], io.BytesIO(FILE))


def test_many_who_append_the_same_stream_make_it_once(shared_blobs: Blobs) -> None:
    stream = b"".join(b"line %d\n" % number for number in range(2000))

    def send(thread: int) -> None:
        piece, offset = 61 + 7 * thread, 0
        while offset < len(stream):
            offset = shared_blobs.append("log", offset, stream[offset : offset + piece])

    race(4, send)
    assert shared_blobs.get("log") == stream


def test_readers_see_whole_files_only(shared_blobs: Blobs) -> None:
    files = [bytes([number]) * 100_000 for number in range(4)]
    shared_blobs.put(KEY, files[0])

    def act(thread: int) -> None:
        for _ in range(20):
            if thread < 2:
                shared_blobs.put(KEY, files[thread])
            else:
                assert shared_blobs.get(KEY) in files

    race(4, act)
