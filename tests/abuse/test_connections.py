"""Connections that only wait keep nobody out: the server hangs up on them, not on GitHub."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator

import pytest
from dishwasher.daemon.limits import SPARE
from dishwasher.daemon.server import CONNECTIONS, THREADS, Server
from dishwasher.http.message import Request, Response, text
from dishwasher.http.span import Span

HEAD = b"POST /webhook HTTP/1.1\r\nHost: a\r\n"
TIMEOUT = 20.0
LARGE = 64 * 1024 * 1024
"""Bytes of an answer that no socket's buffers hold."""


def answer(request: Request) -> Response:
    if request.path == "/large":
        body = Span(lambda start, end: b"x" * (end - start), 0, LARGE)
        return Response(200, (("content-length", str(LARGE)),), body)
    return text(200, f"{len(request.body(1000))} bytes")


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server(answer)
    server.start()
    yield server
    server.stop()


def connect(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT)


def ask(connection: socket.socket, request: bytes = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n") -> bytes:
    connection.sendall(request)
    said = b""
    while not said.endswith(b"bytes\n"):
        data = connection.recv(4096)
        assert data, said
        said += data
    return said


@pytest.mark.parametrize("sent", [b"", HEAD, HEAD + b"Content-Length: 100\r\n\r\nabc"])
def test_a_crowd_that_says_nothing_keeps_nobody_out(server: Server, sent: bytes) -> None:
    with contextlib.ExitStack() as stack:
        crowd = [stack.enter_context(connect(server)) for _ in range(CONNECTIONS + SPARE)]
        for connection in crowd:
            # Those that came first may be gone by now.
            with contextlib.suppress(ConnectionError):
                connection.sendall(sent)
        begun = time.monotonic()
        assert b"200 OK" in ask(stack.enter_context(connect(server)))
        assert time.monotonic() - begun < 5


def test_whoever_speaks_and_whoever_sends_a_body_stays(server: Server) -> None:
    with contextlib.ExitStack() as stack:
        upload, speaker = (stack.enter_context(connect(server)) for _ in range(2))
        upload.sendall(HEAD + b"Content-Length: 6\r\n\r\nabc")
        for _ in range(CONNECTIONS // 100):
            for _ in range(100):
                stack.enter_context(connect(server))
            assert b"200 OK" in ask(speaker)
        assert b"6 bytes" in ask(upload, b"def")


def large(server: Server) -> socket.socket:
    """A connection that has asked for much and takes only its beginning."""
    connection = connect(server)
    connection.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
    assert connection.recv(9) == b"HTTP/1.1 "
    return connection


def test_readers_that_do_not_read_keep_no_thread(server: Server) -> None:
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(large(server)) for _ in range(2 * THREADS)]
        assert b"200 OK" in ask(stack.enter_context(connect(server)))
        size = 0
        while data := slow[0].recv(1 << 20):
            size += len(data)
            if size >= LARGE:
                break
        assert size >= LARGE


def test_a_crowd_that_does_not_read_keeps_nobody_out(server: Server) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(CONNECTIONS + SPARE):
            stack.enter_context(large(server))
        assert b"200 OK" in ask(stack.enter_context(connect(server)))
