"""The ticket routes: how a runner takes a job, tells how it goes and brings home a result."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol
from zlib import crc32

from dishwasher.core.result import Progress, Result
from dishwasher.core.ticket import (
    Claim,
    Claimed,
    LogAnswer,
    Orders,
    Started,
    UploadAnswer,
    UploadRequest,
)
from dishwasher.http.message import Request, Response, Unreadable, parse, reply
from dishwasher.http.router import Route

WORD = 64 * 1024
"""Bytes of a claim or a start."""
CHUNK = 4 * 1024 * 1024
"""Bytes of one log chunk; API Gateway and Lambda take 6 MB, a third more in base64."""
DOCUMENT = 4 * 1024 * 1024
"""Bytes of a beat, an upload request or a result: 1,000 findings and 1,000 artifacts fit."""


class Attempts(Protocol):
    """`flow.attempt`, as these routes see it; every method refuses a wrong token or old attempt."""

    def claim(self, attempt_id: str, code: str) -> Claimed: ...
    def started(self, attempt_id: str, token: str, source_token: str) -> None: ...
    def beat(self, attempt_id: str, token: str, progress: Progress) -> Orders: ...
    def log(self, attempt_id: str, token: str, offset: int, data: bytes) -> LogAnswer: ...
    def uploads(self, attempt_id: str, token: str, request: UploadRequest) -> UploadAnswer: ...


Settle = Callable[[str, str, Result], None]
"""`flow.settle`: attempt id, token, result."""


@dataclass(frozen=True, slots=True)
class Jobs:
    attempts: Attempts
    settle: Settle

    def routes(self) -> Iterator[Route]:
        yield Route("POST", "/jobs/{attempt}/claim", self.claim)
        yield Route("POST", "/jobs/{attempt}/started", self.started)
        yield Route("POST", "/jobs/{attempt}/beat", self.beat)
        yield Route("PUT", "/jobs/{attempt}/log", self.log)
        yield Route("POST", "/jobs/{attempt}/uploads", self.uploads)
        yield Route("POST", "/jobs/{attempt}/result", self.result)

    def claim(self, request: Request, attempt: str) -> Response:
        return reply(self.attempts.claim(attempt, parse(request, Claim, WORD).code))

    def started(self, request: Request, attempt: str) -> Response:
        token = request.bearer()
        self.attempts.started(attempt, token, parse(request, Started, WORD).token)
        # Not 204: waitress closes the connection after an answer without a Content-Length.
        return reply({})

    def beat(self, request: Request, attempt: str) -> Response:
        token = request.bearer()
        return reply(self.attempts.beat(attempt, token, parse(request, Progress, DOCUMENT)))

    def log(self, request: Request, attempt: str) -> Response:
        """`?offset=` in bytes, `&crc32=` of the body in eight hexadecimal digits."""
        token = request.bearer()
        offset, expected = request.number("offset"), request.query.get("crc32", "")
        data = request.body(CHUNK)
        if f"{crc32(data):08x}" != expected:
            raise Unreadable("the log chunk was damaged on the way; send it again")
        return reply(self.attempts.log(attempt, token, offset, data))

    def uploads(self, request: Request, attempt: str) -> Response:
        token = request.bearer()
        wanted = parse(request, UploadRequest, DOCUMENT)
        return reply(self.attempts.uploads(attempt, token, wanted))

    def result(self, request: Request, attempt: str) -> Response:
        token = request.bearer()
        self.settle(attempt, token, parse(request, Result, DOCUMENT))
        return reply({})


Receive = Callable[[str, BinaryIO], None]
"""Store a stream as the file that an upload token names; raises Refused for another."""


@dataclass(frozen=True, slots=True)
class Uploads:
    """PUT /uploads/{token}: the embedded mode's stand-in for presigned URLs."""

    receive: Receive

    def routes(self) -> Iterator[Route]:
        yield Route("PUT", "/uploads/{token}", self.put)

    def put(self, request: Request, token: str) -> Response:
        self.receive(token, request.stream)
        return reply({})
