from __future__ import annotations

import io
import json
from typing import Any, BinaryIO
from zlib import crc32

import pytest
from dishwasher.core.codec import encode
from dishwasher.core.job import Reason
from dishwasher.core.result import Artifact, PhaseResult, Progress, Result
from dishwasher.core.ticket import (
    PROTOCOL,
    Claimed,
    Limits,
    LogAnswer,
    Orders,
    Source,
    Ticket,
    Upload,
    UploadAnswer,
    UploadRequest,
)
from dishwasher.errors import Refused
from dishwasher.http.jobs import CHUNK, Jobs, Uploads
from dishwasher.http.message import Request, Response, text
from dishwasher.http.router import Router

from tests.samples import spec

CLAIMED = Claimed(
    "key",
    Ticket(
        protocol=PROTOCOL,
        job="j",
        attempt=1,
        spec=spec("lint"),
        source=Source("http://git.invalid/a/b.git", "a" * 40),
        environment=(("A", "b"),),
        limits=Limits(),
    ),
)
RESULT = Result(Reason.OK, "All is well.")


class FakeAttempts:
    """Knows one attempt, `j.1`, with the code `code` and the token `key`; remembers its words."""

    def __init__(self) -> None:
        self.heard: list[object] = []

    def _check(self, attempt_id: str, token: str) -> None:
        if (attempt_id, token) != ("j.1", "key"):
            raise Refused("that is not this attempt's key")

    def claim(self, attempt_id: str, code: str) -> Claimed:
        if (attempt_id, code) != ("j.1", "code"):
            raise Refused("that code is not of this attempt")
        return CLAIMED

    def started(self, attempt_id: str, token: str, source_token: str) -> None:
        self._check(attempt_id, token)
        self.heard.append(("started", source_token))

    def beat(self, attempt_id: str, token: str, progress: Progress) -> Orders:
        self._check(attempt_id, token)
        self.heard.append(progress)
        return Orders(cancel=True)

    def log(self, attempt_id: str, token: str, offset: int, data: bytes) -> LogAnswer:
        self._check(attempt_id, token)
        self.heard.append((offset, data))
        return LogAnswer(offset + len(data))

    def uploads(self, attempt_id: str, token: str, request: UploadRequest) -> UploadAnswer:
        self._check(attempt_id, token)
        return UploadAnswer(tuple(Upload(file.path, "http://u") for file in request.artifacts))

    def result(self, attempt_id: str, token: str, result: Result) -> None:
        self._check(attempt_id, token)
        self.heard.append(result)


@pytest.fixture
def attempts() -> FakeAttempts:
    return FakeAttempts()


def send(
    attempts: FakeAttempts,
    method: str,
    path: str,
    body: object,
    token: str = "key",
    query: dict[str, str] | None = None,
) -> Response:
    data = body if isinstance(body, bytes) else json.dumps(encode(body)).encode()
    headers = {"authorization": f"Bearer {token}"} if token else {}
    router = Router(Jobs(attempts, attempts.result).routes(), lambda request: text(404, "none"))
    return router(Request(method, path, io.BytesIO(data), len(data), query or {}, headers))


def content(response: Response) -> Any:
    assert isinstance(response.body, bytes)
    return json.loads(response.body)


def test_claim_needs_the_code_and_no_token(attempts: FakeAttempts) -> None:
    answer = send(attempts, "POST", "/jobs/j.1/claim", {"code": "code"}, token="")
    assert (answer.status, content(answer)) == (200, encode(CLAIMED))
    assert send(attempts, "POST", "/jobs/j.1/claim", {"code": "no"}, token="").status == 403
    assert send(attempts, "POST", "/jobs/j.1/claim", {}, token="").status == 400


def test_started_beat_uploads_result(attempts: FakeAttempts) -> None:
    assert send(attempts, "POST", "/jobs/j.1/started", {"token": "ghs"}).status == 200
    progress = Progress((PhaseResult("checkout"),))
    assert content(send(attempts, "POST", "/jobs/j.1/beat", progress)) == {"cancel": True}
    wanted = UploadRequest((Artifact("a/b.txt", 3, "0" * 64),))
    answer = content(send(attempts, "POST", "/jobs/j.1/uploads", wanted))
    assert answer == {"uploads": [{"path": "a/b.txt", "url": "http://u", "sha256": ""}]}
    assert send(attempts, "POST", "/jobs/j.1/result", RESULT).status == 200
    assert attempts.heard == [("started", "ghs"), progress, RESULT]


@pytest.mark.parametrize("word", ["started", "beat", "uploads", "result"])
def test_a_word_needs_the_token_before_its_body_is_read(attempts: FakeAttempts, word: str) -> None:
    assert send(attempts, "POST", f"/jobs/j.1/{word}", b"{", token="").status == 403
    assert send(attempts, "POST", f"/jobs/j.1/{word}", b"{").status == 400
    assert attempts.heard == []


def test_a_wrong_token_or_attempt_is_refused(attempts: FakeAttempts) -> None:
    assert send(attempts, "POST", "/jobs/j.1/result", RESULT, token="other").status == 403
    assert send(attempts, "POST", "/jobs/j.2/result", RESULT).status == 403
    assert attempts.heard == []


def test_log_chunk(attempts: FakeAttempts) -> None:
    data = b"\x1b[31mred\n\xff"
    query = {"offset": "12", "crc32": f"{crc32(data):08x}"}
    answer = send(attempts, "PUT", "/jobs/j.1/log", data, query=query)
    assert content(answer) == {"offset": 12 + len(data), "cancel": False}
    assert attempts.heard == [(12, data)]


def test_a_damaged_log_chunk_stores_nothing(attempts: FakeAttempts) -> None:
    query = {"offset": "0", "crc32": f"{crc32(b'hello'):08x}"}
    assert send(attempts, "PUT", "/jobs/j.1/log", b"hellO", query=query).status == 422
    assert attempts.heard == []


@pytest.mark.parametrize(
    "query", [{}, {"crc32": "00000000"}, {"offset": "-1", "crc32": "00000000"}]
)
def test_a_log_chunk_must_say_where_it_belongs(
    attempts: FakeAttempts, query: dict[str, str]
) -> None:
    assert send(attempts, "PUT", "/jobs/j.1/log", b"", query=query).status == 400


def test_a_log_chunk_has_a_limit(attempts: FakeAttempts) -> None:
    query = {"offset": "0", "crc32": "0"}
    assert send(attempts, "PUT", "/jobs/j.1/log", b"x" * (CHUNK + 1), query=query).status == 413


def test_uploads_hand_the_stream_on() -> None:
    stored: list[tuple[str, bytes]] = []

    def receive(token: str, stream: BinaryIO) -> None:
        stored.append((token, stream.read()))

    router = Router(Uploads(receive).routes(), lambda request: text(404, "none"))
    answer = router(Request("PUT", "/uploads/abc.def", io.BytesIO(b"data"), 4))
    assert answer.status == 200
    assert stored == [("abc.def", b"data")]
