"""The ticket protocol over HTTP: one method a verb, each with its own patience and the reason."""

from __future__ import annotations

import base64
import json
import random
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import BinaryIO, TypeVar
from urllib.parse import urljoin, urlsplit

from dishwasher.core.codec import decode, encode
from dishwasher.core.result import Artifact, Progress, Result
from dishwasher.core.ticket import (
    CacheFound,
    CacheLeave,
    CacheOffer,
    CacheQuery,
    Claim,
    Claimed,
    LogAnswer,
    Orders,
    Started,
    Ticket,
    Upload,
    UploadAnswer,
    UploadRequest,
)
from dishwasher.errors import InfraError, Rejected
from dishwasher.runner.sink import Fenced, LeaseOver
from dishwasher.runner.wire import Answer, Wire, WireError, origin

T = TypeVar("T")

OVER = frozenset({401, 403, 409, 410})
"""The server will never again take a word from this attempt."""
AGAIN = frozenset({408, 422, 425, 429, 500, 502, 503, 504})
"""About the moment, not about what was said; 422 says that it was damaged on the way."""

ANSWER_SECONDS = 15.0
"""A verb is answered in milliseconds; after this the connection is taken for dead."""
PUT_SECONDS = 120.0
RESULT_BYTES = 3 * 1024 * 1024
"""The server takes 4 MB; findings are left out, and counted, before the verdict is lost."""
FIRST_PAUSE = 0.05
LAST_PAUSE = 2.0
"""A restarted server is found again within this; 200 runners ask it at most 100 times a second."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a verb is repeated; `seconds` None means for as long as the lease lasts."""

    seconds: float | None


# The job waits in `starting` for 60 s; after that the code is worthless anyway. If the answer to a
# claim is lost the code is used up, the repetition is refused, and the server starts anew.
CLAIM = Patience(45.0)
# Nothing has happened yet, and nothing may happen before the server knows.
STARTED = Patience(None)
# The lease is what a beat is for.
BEAT = Patience(None)
# A lost chunk changes no verdict; the shipper comes back with the same bytes after this.
LOG = Patience(20.0)
# The commands are over and only the artifact list waits; a restart of the server fits in.
UPLOADS = Patience(60.0)
PUT = Patience(60.0)
# Without a cache the job takes longer, and so it does while it waits for one.
CACHE = Patience(20.0)
# Losing it loses the whole build, while the heartbeat keeps the lease: the most patient of all.
RESULT = Patience(600.0)


class HttpSink:
    """Safe for several threads: each has its own connection."""

    def __init__(
        self,
        url: str,
        attempt: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._origin = origin(url)
        self._base = f"{urlsplit(url).path.rstrip('/')}/jobs/{attempt}"
        self._headers = {"User-Agent": "dishwasher-runner"}
        self._sleep, self._chance, self._clock = sleep, chance, clock
        self._mine = threading.local()
        self._wires: list[Wire] = []
        self._lock = threading.Lock()
        self._lease = 0.0
        self._lease_end = float("inf")
        self._fenced = ""

    def claim(self, code: str) -> Ticket:
        claimed = self._ask("POST", "/claim", Claim(code), CLAIM, Claimed)
        self._headers["Authorization"] = f"Bearer {claimed.token}"
        self._lease = claimed.ticket.limits.lease_seconds
        self._renew()
        return claimed.ticket

    def started(self, token: str) -> None:
        self._say("POST", "/started", Started(token), STARTED)
        self._renew()

    def beat(self, progress: Progress) -> Orders:
        orders = self._ask("POST", "/beat", progress, BEAT, Orders)
        self._renew()
        return orders

    def log(self, offset: int, data: bytes) -> LogAnswer:
        target = f"/log?offset={offset}&crc32={zlib.crc32(data):08x}"
        return self._ask("PUT", target, data, LOG, LogAnswer)

    def uploads(self, artifacts: tuple[Artifact, ...]) -> tuple[Upload, ...]:
        return self._ask(
            "POST", "/uploads", UploadRequest(artifacts), UPLOADS, UploadAnswer
        ).uploads

    def find_cache(self, query: CacheQuery) -> CacheFound:
        return self._ask("POST", "/caches/find", query, CACHE, CacheFound)

    def offer_cache(self, offer: CacheOffer) -> CacheLeave:
        return self._ask("POST", "/caches/offer", offer, CACHE, CacheLeave)

    def keep_cache(self, offer: CacheOffer) -> None:
        self._say("POST", "/caches/keep", offer, CACHE)

    def result(self, result: Result) -> None:
        while len(_json(result)) > RESULT_BYTES and result.findings:
            result = replace(result, findings=result.findings[: len(result.findings) // 2])
        self._say("POST", "/result", result, RESULT)

    def put(self, upload: Upload, file: BinaryIO, size: int) -> None:
        """The URL is the permission: it may lead to another host, which must not see our token."""
        url, target = self._place(upload.url)
        headers = {"Content-Length": str(size), "Content-Type": "application/octet-stream"}
        if upload.sha256:
            digest = base64.b64encode(bytes.fromhex(upload.sha256)).decode()
            # Signed with the URL, which is void without it; other servers do not look at it.
            # https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
            headers["x-amz-checksum-sha256"] = digest

        def send() -> Answer:
            file.seek(0)
            self._check()
            return self._wire(origin(url), PUT_SECONDS).exchange("PUT", target, headers, file)

        answer = self._repeat(send, PUT, f"PUT {upload.path}")
        if not 200 <= answer.status < 300:
            raise Rejected(f"storing {upload.path} failed: {answer.status} {answer.text}")

    def fetch(self, url: str, file: BinaryIO, size: int) -> None:
        """As `put`, the other way."""
        url, target = self._place(url)

        def receive() -> Answer:
            file.seek(0)
            file.truncate()
            self._check()
            return self._wire(origin(url), PUT_SECONDS).download(target, file, size)

        answer = self._repeat(receive, CACHE, "GET of a cache")
        if answer.status != 200:
            raise Rejected(f"getting a cache failed: {answer.status} {answer.text}")

    def _place(self, url: str) -> tuple[str, str]:
        """The whole URL of a file, and its path with the query."""
        url = urljoin(self._origin, url)
        parts = urlsplit(url)
        return url, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    def close(self) -> None:
        """Close every connection, also those of threads that are in the middle of a word."""
        self._fenced = self._fenced or "this sink is closed"
        with self._lock:
            for wire in self._wires:
                wire.close()

    def _check(self) -> None:
        """What one thread has heard stops the others."""
        if self._fenced:
            raise Fenced(self._fenced)

    def _renew(self) -> None:
        self._lease_end = self._clock() + self._lease

    def _wire(self, base: str, timeout: float) -> Wire:
        wires: dict[str, Wire] = self._mine.__dict__
        if base not in wires:
            wires[base] = Wire(base, timeout)
            with self._lock:
                self._wires.append(wires[base])
        return wires[base]

    def _ask(self, method: str, target: str, body: object, patience: Patience, kind: type[T]) -> T:
        answer = self._say(method, target, body, patience)
        try:
            return decode(kind, json.loads(answer.body))
        except (ValueError, RecursionError) as error:
            raise InfraError(f"the server's answer to {target} makes no sense: {error}") from error

    def _say(self, method: str, target: str, body: object, patience: Patience) -> Answer:
        headers = dict(self._headers)
        if isinstance(body, bytes):
            data, headers["Content-Type"] = body, "application/octet-stream"
        else:
            data = _json(body)
            headers["Content-Type"] = "application/json"

        def send() -> Answer:
            self._check()
            wire = self._wire(self._origin, ANSWER_SECONDS)
            return wire.exchange(method, self._base + target, headers, data)

        answer = self._repeat(send, patience, target)
        if answer.status in OVER:
            self._fenced = f"{target}: {answer.status} {answer.text}"
            raise Fenced(self._fenced)
        if not 200 <= answer.status < 300:
            raise Rejected(f"the server refused {target}: {answer.status} {answer.text}")
        return answer

    def _repeat(self, send: Callable[[], Answer], patience: Patience, what: str) -> Answer:
        """Send until there is an answer that is not about the moment, or patience ends."""
        begun, pause = self._clock(), FIRST_PAUSE
        while True:
            try:
                answer = send()
                if answer.status not in AGAIN:
                    return answer
                problem, wanted = f"{answer.status} {answer.text}", answer.retry_after or 0.0
            except WireError as error:
                problem, wanted = str(error), 0.0
            wait = max(pause * (0.5 + self._chance()), min(wanted, LAST_PAUSE * 5))
            then = self._clock() + wait
            if then >= self._lease_end:
                raise LeaseOver(f"{what}: no answer within the lease; last: {problem}")
            if patience.seconds is not None and then >= begun + patience.seconds:
                raise InfraError(f"{what} failed for {patience.seconds:.0f} s; last: {problem}")
            self._sleep(wait)
            pause = min(pause * 2, LAST_PAUSE)


def _json(value: object) -> bytes:
    text = json.dumps(encode(value), separators=(",", ":"), ensure_ascii=False)
    # A lone surrogate, from a name that was no UTF-8, must not cost the whole message.
    return text.encode("utf-8", "replace")
