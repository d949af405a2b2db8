"""A line to AWS on which answers get lost, are old, or are others than the server's."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Asked:
    """One call: its name (`PutItem`), or for S3 its method and path, and its body."""

    what: str
    body: bytes
    headers: dict[str, str]

    @property
    def words(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes

    @classmethod
    def fault(cls, word: str, **detail: object) -> Answer:
        return cls(400, json.dumps({"__type": f"com.amazonaws#{word}", **detail}).encode())


Reply = Callable[[Asked, Answer], Answer | None]
"""What was asked and what the server has answered → the answer that arrives; None for none."""


@dataclass
class Line:
    url: str
    """Of the near end."""
    calls: list[str] = field(default_factory=list)
    reply: Reply = lambda asked, answer: answer


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        # Who has hung up is what these tests are about.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def line(server: str) -> Iterator[Line]:
    """Each call reaches the server before anything is done to its answer."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _relay(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            target = self.headers.get("X-Amz-Target", "")
            asked = Asked(
                target.rpartition(".")[2] or f"{self.command} {self.path}", body, dict(self.headers)
            )
            found.calls.append(asked.what)
            with closing(HTTPConnection(urlsplit(server).netloc, timeout=60)) as far:
                far.request(self.command, self.path, body, dict(self.headers))
                answer = far.getresponse()
                said, headers = Answer(answer.status, answer.read()), answer.getheaders()
            arriving = found.reply(asked, said)
            if arriving is None:
                self.close_connection = True
                return
            self.send_response(arriving.status)
            for name, value in headers if arriving is said else ():
                if name.lower() not in ("connection", "content-length", "transfer-encoding"):
                    self.send_header(name, value)
            length = answer.getheader("Content-Length") if self.command == "HEAD" else None
            self.send_header("Content-Length", length or str(len(arriving.body)))
            # Who has waited too long has hung up.
            with suppress(ConnectionError):
                self.end_headers()
                self.wfile.write(arriving.body)

        do_POST = do_PUT = do_GET = do_HEAD = do_DELETE = _relay

        def log_message(self, format: str, *args: object) -> None:
            """pytest shows what fails; every request would be noise."""

    near = _Server(("127.0.0.1", 0), Handler)
    found = Line(f"http://127.0.0.1:{near.server_port}")
    thread = threading.Thread(target=near.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield found
    finally:
        near.shutdown()
        near.server_close()
        thread.join()


def first(times: int, what: str, then: Callable[[Asked, Answer], Answer | None]) -> Reply:
    """Do this to the first answers to this call, and leave all others alone."""
    left = [times]

    def reply(asked: Asked, answer: Answer) -> Answer | None:
        if asked.what.startswith(what) and left[0]:
            left[0] -= 1
            return then(asked, answer)
        return answer

    return reply


def lost(asked: Asked, answer: Answer) -> Answer | None:
    return None
