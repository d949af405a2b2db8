"""A bare HTTP server that says what a test tells it to, down to hanging up: GitHub at its worst."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

Json = Any


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came."""

    verb: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Json


@dataclass(frozen=True, slots=True)
class Say:
    """One answer. A body that is no text is sent as JSON."""

    status: int = 200
    body: Json = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


class HangUp(Exception):
    """Reset the connection without an answer, whatever has happened by then."""


Reply = Say | type[HangUp] | Callable[[Asked], Say]


class RawServer:
    """Answers each (verb, path) with the replies put there, in order; the last one stays."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.connections = 0
        self._replies: dict[tuple[str, str], deque[Reply]] = {}
        self._lock = threading.Lock()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # headers and body in one packet
            disable_nagle_algorithm = True

            def setup(self) -> None:
                super().setup()
                with owner._lock:
                    owner.connections += 1

            def do_GET(self) -> None:
                owner._serve(self)

            do_POST = do_PATCH = do_DELETE = do_GET

            def log_message(self, format: str, *args: object) -> None:
                """pytest shows what matters."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def on(self, verb: str, path: str, *replies: Reply) -> None:
        self._replies[verb, path] = deque(replies)

    def requests(self, verb: str, path: str = "") -> list[Asked]:
        """What was asked with this verb below this path."""
        with self._lock:
            asked = list(self.asked)
        return [one for one in asked if one.verb == verb and one.path.startswith(path)]

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        split = urlsplit(handler.path)
        raw = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        asked = Asked(
            handler.command,
            split.path,
            {name: values[0] for name, values in parse_qs(split.query).items()},
            {name.lower(): text for name, text in handler.headers.items()},
            _body(raw, handler.headers.get("Content-Type", "")),
        )
        with self._lock:
            self.asked.append(asked)
            replies = self._replies.get((asked.verb, asked.path))
            if not replies:
                reply: Reply = Say(404, {"message": "Not Found"})
            else:
                reply = replies.popleft() if len(replies) > 1 else replies[0]
        try:
            said = reply if isinstance(reply, Say) else reply(asked)
        except HangUp:
            said = None
        if not isinstance(said, Say):
            _reset(handler)
            return
        body = said.body if isinstance(said.body, str) else json.dumps(said.body)
        data = b"" if said.status == 204 else body.encode()
        handler.send_response(said.status)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Content-Length": str(len(data)),
        }
        for name, text in (headers | dict(said.headers)).items():
            handler.send_header(name, text)
        handler.end_headers()
        handler.wfile.write(data)
        handler.wfile.flush()
        if "Content-Length" in said.headers:  # a lie: end here, or the client waits for the rest
            handler.close_connection = True


def _reset(handler: BaseHTTPRequestHandler) -> None:
    """Close so that the other side gets a reset and not an orderly end."""
    linger = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    handler.close_connection = True
    handler.connection.close()


def _body(raw: bytes, kind: str) -> Json:
    if "x-www-form-urlencoded" in kind:
        return dict(parse_qsl(raw.decode()))
    return json.loads(raw) if raw else None
