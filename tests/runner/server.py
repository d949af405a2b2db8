"""A server in this process that speaks the ticket protocol over real HTTP, and may misbehave."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import socket
import threading
from collections.abc import Callable
from dataclasses import fields, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zlib import crc32

from dishwasher.cli.local_caches import LocalCaches
from dishwasher.core.codec import decode, encode
from dishwasher.core.result import Artifact, Progress, Result
from dishwasher.core.ticket import (
    PROTOCOL,
    Bootstrap,
    CacheOffer,
    CacheQuery,
    Claim,
    Claimed,
    Limits,
    LogAnswer,
    Orders,
    Source,
    Started,
    Ticket,
    Upload,
    UploadAnswer,
    UploadRequest,
)

from tests.samples import spec

ATTEMPT, CODE, TOKEN = "job-1.1", "the-one-time-code", "the-attempt-token"
LIMITS = Limits(beat_seconds=0.2, lease_seconds=20.0, job_seconds=60.0)

Fault = Callable[[str, int], int | None]
"""(verb, how often it was said before) → a status to answer instead, 0 to hang up, or None."""


def ticket(source: Source, *steps: str, **changes: Any) -> Ticket:
    plain = Ticket(
        protocol=PROTOCOL,
        job="job-1",
        attempt=1,
        spec=changes.pop("spec", None) or spec("tests", steps=steps),
        source=source,
        environment=(("DISHWASHER_JOB", "tests"),),
        limits=LIMITS,
    )
    own = {field.name for field in fields(Ticket)}
    of_spec = {name: changes.pop(name) for name in list(changes) if name not in own}
    return replace(plain, spec=replace(plain.spec, **of_spec), **changes)


class Server:
    """Knows one attempt. `words` are the verbs in order; `changed` is notified of each."""

    def __init__(
        self,
        ticket: Ticket,
        fault: Fault = lambda verb, before: None,
        attempt: str = ATTEMPT,
    ) -> None:
        self.ticket, self.fault, self.attempt = ticket, fault, attempt
        self.words: list[str] = []
        self.log = b""
        self.heard = b""
        """Every other body of a request, files aside."""
        self.beats: list[Progress] = []
        self.results: list[Result] = []
        self.started: list[str] = []
        self.files: dict[str, bytes] = {}
        self.expected: dict[str, Artifact] = {}
        self.cancel = False
        self.retry_after = ""
        self.fenced = False
        self.changed = threading.Condition()
        self.caches: LocalCaches | None = None
        self.blobs = Path()
        self._offered = Path()
        self.connections: list[socket.socket] = []
        self._claimed = False
        self._http = self._listen(0)

    @property
    def port(self) -> int:
        return int(self._http.server_address[1])

    @property
    def bootstrap(self) -> Bootstrap:
        return Bootstrap(f"http://127.0.0.1:{self.port}", self.attempt, CODE)

    def keep_caches(self, folder: Path) -> None:
        """From now on, in this folder."""
        self.caches, self.blobs = LocalCaches(folder, ("main",)), folder

    def wait(self, condition: Callable[[], object], timeout: float = 30.0) -> None:
        with self.changed:
            assert self.changed.wait_for(condition, timeout), f"not so after {timeout} s"

    def result(self, timeout: float = 30.0) -> Result:
        self.wait(lambda: self.results, timeout)
        return self.results[-1]

    def stop(self) -> None:
        """As a crash does: connections are cut in the middle of a word."""
        self._http.shutdown()
        self._http.server_close()
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.connections.clear()

    def restart(self) -> None:
        """On the same port, as after a crash and a new start."""
        self._http = self._listen(self.port)

    def _listen(self, port: int) -> ThreadingHTTPServer:
        outer = self

        class Handler(_Handler):
            server_of_attempt = outer

        class Listener(ThreadingHTTPServer):
            daemon_threads = True

            def get_request(self) -> tuple[socket.socket, Any]:
                accepted = super().get_request()
                outer.connections.append(accepted[0])
                return accepted

            def handle_error(self, request: object, address: object) -> None:
                """A connection that a restart cut, or that a killed runner left: wanted here."""

        http = Listener(("127.0.0.1", port), Handler)
        threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True).start()
        return http

    def answer(self, verb: str, query: dict[str, str], body: bytes) -> tuple[int, object]:
        match verb:
            case "claim":
                if self._claimed or decode(Claim, json.loads(body)).code != CODE:
                    return 403, "no such code"
                self._claimed = True
                return 200, Claimed(TOKEN, self.ticket)
            case "started":
                self.started.append(decode(Started, json.loads(body)).token)
                return 200, Orders()
            case "beat":
                self.beats.append(decode(Progress, json.loads(body)))
                return 200, Orders(self.cancel)
            case "log":
                return self._log(int(query["offset"]), query["crc32"], body)
            case "uploads":
                wanted = decode(UploadRequest, json.loads(body)).artifacts
                self.expected = {artifact.path: artifact for artifact in wanted}
                urls = (Upload(a.path, f"/files/{i}") for i, a in enumerate(wanted))
                return 200, UploadAnswer(tuple(urls))
            case "find" | "offer" | "keep" if self.caches is not None:
                return 200, self._cache(self.caches, verb, json.loads(body))
            case "result":
                self.results.append(decode(Result, json.loads(body)))
                return 200, Orders()
        return 404, "no such verb"

    def _log(self, offset: int, expected: str, body: bytes) -> tuple[int, object]:
        if f"{crc32(body):08x}" != expected:
            return 422, "damaged on the way"
        if offset <= len(self.log):
            self.log += body[len(self.log) - offset :]
        return 200, LogAnswer(len(self.log), self.cancel)

    def _cache(self, caches: LocalCaches, verb: str, said: object) -> object:
        if verb == "find":
            found = caches.find(decode(CacheQuery, said))
            return replace(found, url=found.url and f"/blobs/{Path(found.url).name}")
        if verb == "offer":
            leave = caches.offer(decode(CacheOffer, said))
            self._offered = Path(leave.url) if leave.url else self._offered
            return replace(leave, url=leave.url and f"/blobs/{self._offered.name}")
        caches.keep(decode(CacheOffer, said))
        return Orders()

    def store(self, index: int, body: bytes) -> tuple[int, object]:
        artifact = list(self.expected.values())[index]
        if (artifact.size, artifact.sha256) != (len(body), hashlib.sha256(body).hexdigest()):
            return 400, "not the file that was announced"
        self.files[artifact.path] = body
        return 200, Orders()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server_of_attempt: Server

    def _serve(self) -> None:
        server = self.server_of_attempt
        body = self.rfile.read(int(self.headers["Content-Length"]))
        parts = urlsplit(self.path)
        *_, before, verb = parts.path.split("/")
        with server.changed:
            fault = server.fault(verb, server.words.count(verb))
            server.words.append(verb)
            server.heard += b"" if verb == "log" or before == "files" else body
            if before == "blobs":
                assert server.caches is not None
                server.caches.put(str(server._offered), io.BytesIO(body))
                status, said = 200, Orders()
            elif before == "files":
                # The URL is the permission; another host must never see the token.
                seen = "Authorization" in self.headers
                status, said = (400, "a token") if seen else server.store(int(verb), body)
            elif server.fenced:
                status, said = 409, "this attempt is over"
            elif verb != "claim" and self.headers["Authorization"] != f"Bearer {TOKEN}":
                status, said = 403, "not the token of this attempt"
            elif fault is not None:
                status, said = fault, "a fault on demand"
            else:
                query = {key: values[0] for key, values in parse_qs(parts.query).items()}
                status, said = server.answer(verb, query, body)
            server.changed.notify_all()
        if status == 0:
            self.close_connection = True
            return
        data = json.dumps(said if isinstance(said, str) else encode(said)).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        if status == 429:
            self.send_header("Retry-After", server.retry_after)
        self.end_headers()
        self.wfile.write(data)

    do_POST = do_PUT = _serve

    def do_GET(self) -> None:
        """A cache that was found."""
        folder = self.server_of_attempt.blobs
        data = (folder / self.path.rpartition("/")[2]).read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""
