"""What S3 adds to blobs: logs of several objects, conditions, signed URLs."""

from __future__ import annotations

import base64
import hashlib
import io
import random
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from dishwasher.core.ticket import Upload
from dishwasher.errors import Ambiguous, Conflict, InfraError, Refused, Rejected
from dishwasher.runner.http_sink import HttpSink

from tests.aws.emulator import REGION, Emulator
from tests.aws.lossy import Answer, Asked, Line, first, line, lost
from tests.contract.visitor import HttpVisitor

if TYPE_CHECKING:
    from dishwasher.aws.blobs import S3Blobs

pytestmark = pytest.mark.slow

MIB = 1024 * 1024
LOG = "attempts/b1.tests.1/log"
TEXT = random.Random(7).randbytes(3 * MIB + 12_345)


class House:
    def __init__(self, emulator: Emulator, line: Line) -> None:
        from dishwasher.aws.blobs import S3Blobs
        from dishwasher.aws.clients import Clients

        self.emulator, self.line, self.bucket = emulator, line, emulator.bucket()
        self.blobs: S3Blobs = S3Blobs(Clients(REGION, line.url), self.bucket)

    def objects(self) -> dict[str, int]:
        answer = self.emulator.clients.s3.list_objects_v2(Bucket=self.bucket)
        return {one["Key"]: one["Size"] for one in answer.get("Contents", [])}

    def calls(self) -> list[str]:
        """Since the last time: methods of HTTP, and LIST."""
        found = ["LIST" if "list-type" in call else call.split()[0] for call in self.line.calls]
        self.line.calls.clear()
        return found


@pytest.fixture
def house(emulator: Emulator) -> Iterator[House]:
    with line(emulator.url) as found:
        yield House(emulator, found)


@pytest.fixture
def long_log(house: House) -> House:
    house.blobs.append(LOG, 0, TEXT)
    house.calls()
    return house


# Logs


def test_a_short_log_is_one_object_that_costs_two_calls_a_chunk(house: House) -> None:
    for number in range(3):
        house.calls()
        assert house.blobs.append(LOG, number * 4, b"one ") == number * 4 + 4
    assert house.calls() == ["GET", "PUT"]
    assert house.objects() == {LOG: 12}
    assert house.blobs.get(LOG, 2, 6) == b"e on"
    assert house.blobs.size(LOG) == 12
    assert house.calls() == ["GET", "HEAD"]


def test_a_long_log_is_objects_of_a_mebibyte(long_log: House) -> None:
    sizes = {f"{LOG}%%/{number:06d}": MIB for number in (1, 2)}
    assert long_log.objects() == {LOG: MIB, **sizes, f"{LOG}%%/000003": 12_345}
    assert long_log.blobs.size(LOG) == len(TEXT)
    assert long_log.blobs.get(LOG) == TEXT


RANGES: tuple[tuple[int, int | None], ...] = (
    (0, 10),
    (MIB - 1, MIB),
    (MIB - 5, MIB + 5),
    (MIB, MIB + 1),
    (2 * MIB - 1, 3 * MIB + 1),
    (10, None),
    (3 * MIB + 5, None),
    (len(TEXT) - 1, len(TEXT) + 9),
    (len(TEXT), None),
    (len(TEXT), len(TEXT) + 1),
    (len(TEXT) + 5 * MIB, None),
    (5, 5),
    (2 * MIB, 2 * MIB),
)


def test_a_range_of_a_long_log_is_like_a_slice(long_log: House) -> None:
    for start, end in RANGES:
        assert long_log.blobs.get(LOG, start, end) == TEXT[start:end], (start, end)
    assert "LIST" not in long_log.calls()


def test_chunks_that_meet_no_end_of_an_object_make_the_same_log(house: House) -> None:
    at = 0
    while at < len(TEXT):
        wanted = min(at + 700_001, len(TEXT))
        assert house.blobs.append(LOG, at, TEXT[at : at + 700_001]) == wanted
        at = wanted
    assert house.blobs.get(LOG) == TEXT
    assert len(house.objects()) == 4


def test_a_log_that_ends_where_an_object_does_goes_on(house: House) -> None:
    assert house.blobs.append(LOG, 0, TEXT[:MIB]) == MIB
    assert house.blobs.get(LOG, MIB) == b""
    assert house.blobs.append(LOG, MIB, b"") == MIB
    assert house.blobs.append(LOG, MIB, b"more") == MIB + 4
    assert house.blobs.append(LOG, MIB, b"more") == MIB + 4
    assert house.blobs.get(LOG) == TEXT[:MIB] + b"more"


def test_repeated_chunks_and_holes_are_told_where_a_long_log_ends(long_log: House) -> None:
    before, end = long_log.objects(), len(TEXT)
    for offset, size in ((0, 5), (0, MIB), (MIB - 3, 3), (MIB - 3, 9), (2 * MIB, 1), (end - 2, 2)):
        wanted = long_log.blobs.append(LOG, offset, TEXT[offset : offset + size])
        assert wanted == end or wanted == max(offset + size, wanted)
    assert long_log.blobs.append(LOG, end + 1, b"late") == end
    assert long_log.blobs.append(LOG, end + 5 * MIB, b"late") == end
    assert long_log.blobs.append(LOG, 9 * MIB, b"late") == end
    assert long_log.objects() == before


def test_bytes_that_were_stored_and_not_confirmed_are_not_stored_twice(house: House) -> None:
    house.blobs.append(LOG, 0, b"one ")
    house.line.reply = first(1, "PUT", lost)
    assert house.blobs.append(LOG, 4, b"two") == 7
    assert house.blobs.get(LOG) == b"one two"


CONFLICT = Answer(409, b"<Error><Code>ConditionalRequestConflict</Code></Error>")


def test_who_meets_another_writer_reads_again(house: House) -> None:
    house.blobs.append(LOG, 0, b"one ")
    house.line.reply = first(2, "PUT", lambda asked, answer: CONFLICT)
    house.calls()
    assert house.blobs.append(LOG, 4, b"two") == 7
    assert house.calls() == ["GET", "PUT", "GET"]


def test_a_log_that_others_always_write_is_a_conflict(house: House) -> None:
    def refused(asked: Asked, answer: Answer) -> Answer:
        house.emulator.clients.s3.delete_object(Bucket=house.bucket, Key=LOG)
        return CONFLICT

    house.line.reply = first(1000, "PUT", refused)
    with pytest.raises(Conflict, match="written too often"):
        house.blobs.append(LOG, 0, b"one")


def test_a_log_whose_object_vanishes_meanwhile_begins_again(house: House) -> None:
    house.blobs.append(LOG, 0, b"one ")

    def gone(asked: Asked, answer: Answer) -> Answer:
        house.emulator.clients.s3.delete_object(Bucket=house.bucket, Key=LOG)
        return answer

    house.line.reply = first(1, "GET", gone)
    assert house.blobs.append(LOG, 4, b"two") == 0
    assert house.blobs.get(LOG) is None


def test_a_removed_log_leaves_nothing_and_can_begin_again(long_log: House) -> None:
    assert long_log.blobs.link(LOG, "attachment", "text/plain")
    long_log.blobs.put("attempts/b1.tests.1/log2", b"another")
    long_log.blobs.delete(LOG)
    assert long_log.objects() == {"attempts/b1.tests.1/log2": 7}
    long_log.blobs.append(LOG, 0, TEXT[: MIB + 1])
    assert long_log.blobs.get(LOG) == TEXT[: MIB + 1]


def test_a_file_that_was_put_may_go_on_as_a_log(long_log: House) -> None:
    long_log.blobs.put(LOG, b"new ")
    assert long_log.blobs.get(LOG) == b"new "
    assert long_log.blobs.append(LOG, 4, TEXT[:MIB]) == MIB + 4
    assert long_log.blobs.get(LOG) == b"new " + TEXT[:MIB]
    long_log.blobs.put("big", TEXT)
    with pytest.raises(Rejected, match="big is no log"):
        long_log.blobs.append("big", 0, b"x")


# Links for browsers


def test_a_link_to_a_long_log_leads_to_all_of_it_and_is_copied_once(long_log: House) -> None:
    url = long_log.blobs.link(LOG, 'attachment; filename="log.txt"', "text/plain; charset=utf-8")
    assert url is not None
    assert HttpVisitor().get(url) == TEXT
    query = parse_qs(urlsplit(url).query)
    assert query["response-content-disposition"] == ['attachment; filename="log.txt"']
    assert query["response-content-type"] == ["text/plain; charset=utf-8"]
    assert query["X-Amz-Expires"] == ["300"]
    assert f"{LOG}%%@{len(TEXT)}" in long_log.objects()
    long_log.calls()
    again = long_log.blobs.link(LOG, "attachment", "text/plain")
    assert long_log.calls() == ["HEAD", "HEAD", "LIST", "HEAD"]
    assert again is not None
    long_log.blobs.append(LOG, len(TEXT), b"!")
    grown = long_log.blobs.link(LOG, "attachment", "text/plain")
    assert grown is not None
    assert HttpVisitor().get(grown) == TEXT + b"!"
    assert long_log.blobs.size(LOG) == len(TEXT) + 1
    assert long_log.blobs.get(LOG) == TEXT + b"!"


def test_a_link_to_a_file_is_to_the_file_itself(house: House) -> None:
    assert house.blobs.link("a b", "attachment", "text/plain") is None
    house.blobs.put("a b", TEXT)
    url = house.blobs.link("a b", "attachment", "text/plain")
    assert url is not None
    assert HttpVisitor().get(url) == TEXT
    assert house.objects() == {"a%20b": len(TEXT)}


def test_two_who_copy_a_log_at_once_both_get_it(long_log: House) -> None:
    def meanwhile(asked: Asked, answer: Answer) -> Answer:
        long_log.line.reply = lambda asked, answer: answer
        assert long_log.blobs.link(LOG, "attachment", "text/plain")
        return answer

    long_log.line.reply = first(1, "POST", meanwhile)
    url = long_log.blobs.link(LOG, "attachment", "text/plain")
    assert url is not None
    assert HttpVisitor().get(url) == TEXT


def test_a_copy_that_another_reader_has_made_is_as_good(long_log: House) -> None:
    said = Answer(412, b"<Error><Code>PreconditionFailed</Code></Error>")

    def too_late(asked: Asked, answer: Answer) -> Answer:
        return said if asked.what.startswith("POST") and "uploadId" in asked.what else answer

    long_log.line.reply = too_late
    url = long_log.blobs.link(LOG, "attachment", "text/plain")
    assert url is not None
    assert HttpVisitor().get(url) == TEXT


def test_a_log_that_goes_while_it_is_copied_is_no_copy(long_log: House) -> None:
    def gone(asked: Asked, answer: Answer) -> Answer:
        long_log.line.reply = lambda asked, answer: answer
        long_log.blobs.delete(LOG)
        return answer

    long_log.line.reply = first(1, "POST", gone)
    with pytest.raises(InfraError, match="is not what it was"):
        long_log.blobs.link(LOG, "attachment", "text/plain")


def test_a_copy_that_fails_leaves_no_upload_behind(long_log: House) -> None:
    long_log.line.reply = first(100, "PUT", lost)
    with pytest.raises(Ambiguous):
        long_log.blobs.link(LOG, "attachment", "text/plain")
    uploads = long_log.emulator.clients.s3.list_multipart_uploads(Bucket=long_log.bucket)
    assert uploads.get("Uploads", []) == []


# Signed URLs


def test_size_and_sum_of_an_upload_are_signed(house: House) -> None:
    digest = hashlib.sha256(b"abc").hexdigest()
    query = parse_qs(urlsplit(house.blobs.upload_url("x", 3, digest)).query)
    assert query["X-Amz-SignedHeaders"] == ["content-length;host;x-amz-checksum-sha256"]
    assert query["X-Amz-Expires"] == ["3600"]


@pytest.mark.parametrize("size, digest", [(-1, "a" * 64), (5 * 1024**3 + 1, "a" * 64), (3, "xyz")])
def test_what_can_not_be_agreed_gets_no_url(house: House, size: int, digest: str) -> None:
    with pytest.raises(Refused):
        house.blobs.upload_url("x", size, digest)


def test_a_runner_brings_its_file_with_the_sum_that_was_signed(house: House) -> None:
    digest = hashlib.sha256(b"abc").hexdigest()
    upload = Upload("x", house.blobs.upload_url("caches/x", 3, digest), digest)
    seen: list[dict[str, str]] = []

    def look(asked: Asked, answer: Answer) -> Answer:
        seen.append(asked.headers)
        return answer

    house.line.reply = look
    sink = HttpSink("http://127.0.0.1:1", "b1.tests.1")
    sink.put(upload, io.BytesIO(b"abc"), 3)
    sink.close()
    assert seen[0]["Content-Length"] == "3"
    assert base64.b64decode(seen[0]["x-amz-checksum-sha256"]).hex() == digest
    assert house.blobs.get("caches/x") == b"abc"


# When it goes wrong


@pytest.mark.parametrize(
    "call", ["get", "size", "put", "append", "delete", "link"], ids=lambda call: str(call)
)
def test_a_bucket_that_fails_is_an_infra_error(house: House, call: str) -> None:
    house.blobs.put("x", b"there")
    denied = Answer(403, b"<Error><Code>AccessDenied</Code><Message>No.</Message></Error>")
    house.line.reply = lambda asked, answer: denied
    words: dict[str, tuple[Any, ...]] = {
        "put": (b"x",),
        "append": (0, b"x"),
        "link": ("attachment", "text/plain"),
    }
    with pytest.raises(InfraError, match=r"AccessDenied|403"):
        getattr(house.blobs, call)("x", *words.get(call, ()))
