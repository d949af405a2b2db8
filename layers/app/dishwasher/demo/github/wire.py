"""HTTP/1.1 over threads: keep-alive, chunked both ways, no delay, able to fail on demand."""

from __future__ import annotations

import gzip
import socket
import socketserver
import threading
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from typing import cast
from urllib.parse import parse_qsl

__all__ = ["HangUp", "Request", "Response", "Server"]

MAX_HEADER_BYTES = 64 * 1024
MAX_HEADERS = 100
# A push of a demo or of a test; more than that is a mistake in it.
MAX_BODY_BYTES = 512 * 1024 * 1024
REASONS = {status.value: status.phrase for status in HTTPStatus}


class HangUp(Exception):
    """Close the connection without an answer."""


class BadRequest(Exception):
    """What arrived is not HTTP."""


@dataclass(frozen=True, slots=True)
class Request:
    """`path` is still percent-encoded; header names are lower-case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Response:
    """`body` may come in pieces, which are sent as they come."""

    status: int
    body: bytes | Iterable[bytes] = b""
    headers: tuple[tuple[str, str], ...] = ()


Handler = Callable[[Request], Response]


class Server(socketserver.ThreadingTCPServer):
    """Serves `handler` until `close`; every open connection ends with it."""

    request_queue_size = 1024
    daemon_threads = True
    allow_reuse_address = True
    block_on_close = False

    def __init__(self, host: str, port: int, handler: Handler) -> None:
        super().__init__((host, port), Connection)
        self.handler = handler
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self.shutdown()
        self.server_close()
        with self._open_lock:
            for connection in self._open:
                with_shutdown(connection)
        self._thread.join()

    def track(self, connection: socket.socket, opened: bool) -> None:
        with self._open_lock:
            if opened:
                self._open.add(connection)
            else:
                self._open.discard(connection)


def with_shutdown(connection: socket.socket) -> None:
    """Wake whoever reads from it; it may be closed already."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


def unpacked(body: bytes) -> bytes:
    try:
        return gzip.decompress(body)
    except (OSError, EOFError, zlib.error) as problem:
        raise BadRequest("not gzip, as the header says") from problem


class Connection(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    wbufsize = -1  # buffered: head and body leave in one packet

    def setup(self) -> None:
        super().setup()
        cast(Server, self.server).track(self.request, True)

    def finish(self) -> None:
        cast(Server, self.server).track(self.request, False)
        try:
            super().finish()
        except OSError:
            return

    def handle(self) -> None:
        try:
            while self._one():
                self.wfile.flush()
        except BadRequest as problem:
            self._write(Response(400, f"{problem}\n".encode()), close=True)
        except (HangUp, ConnectionError, TimeoutError):
            return

    def _one(self) -> bool:
        """Answer one request; tell whether another may follow."""
        line = self.rfile.readline(MAX_HEADER_BYTES)
        if not line.strip():
            return False
        words = line.decode("latin-1").split()
        if len(words) != 3 or not words[2].startswith("HTTP/1."):
            raise BadRequest("not an HTTP/1 request line")
        headers = self._headers()
        if headers.get("expect", "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.wfile.flush()
        path, _, query = words[1].partition("?")
        fields = dict(parse_qsl(query, keep_blank_values=True))
        body = self._body(headers)
        response = cast(Server, self.server).handler(Request(words[0], path, fields, headers, body))
        close = headers.get("connection", "").lower() == "close" or words[2] == "HTTP/1.0"
        self._write(response, close, head_only=words[0] == "HEAD")
        return not close

    def _headers(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        while line := self.rfile.readline(MAX_HEADER_BYTES).rstrip(b"\r\n"):
            name, colon, value = line.decode("latin-1").partition(":")
            if not colon or len(headers) >= MAX_HEADERS:
                raise BadRequest("malformed or too many headers")
            headers[name.lower()] = value.strip()
        return headers

    def _body(self, headers: Mapping[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            body = self._chunked()
        else:
            length = headers.get("content-length", "0")
            if not length.isdigit() or int(length) > MAX_BODY_BYTES:
                raise BadRequest("bad Content-Length")
            body = self.rfile.read(int(length))
            if len(body) != int(length):
                raise HangUp
        return unpacked(body) if headers.get("content-encoding") == "gzip" else body

    def _chunked(self) -> bytes:
        pieces: list[bytes] = []
        while True:
            try:
                size = int(self.rfile.readline(MAX_HEADER_BYTES).split(b";")[0], 16)
            except ValueError as problem:
                raise BadRequest("bad chunk") from problem
            if size == 0:
                while self.rfile.readline(MAX_HEADER_BYTES).strip():
                    pass
                return b"".join(pieces)
            pieces.append(self.rfile.read(size))
            self.rfile.readline(MAX_HEADER_BYTES)

    def _write(self, response: Response, close: bool, head_only: bool = False) -> None:
        whole = response.body if isinstance(response.body, bytes) else None
        lines = [f"HTTP/1.1 {response.status} {REASONS.get(response.status, '')}"]
        lines.append(f"Date: {formatdate(usegmt=True)}")
        lines.extend(f"{name}: {value}" for name, value in response.headers)
        if whole is None:
            lines.append("Transfer-Encoding: chunked")
        elif response.status != HTTPStatus.NO_CONTENT:
            lines.append(f"Content-Length: {len(whole)}")
        if close:
            lines.append("Connection: close")
        self.wfile.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        if whole is not None and not head_only:
            self.wfile.write(whole)
        elif not isinstance(response.body, bytes):
            for piece in response.body:
                if piece:
                    self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            self.wfile.write(b"0\r\n\r\n")
