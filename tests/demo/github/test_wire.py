"""HTTP that is not as it should be."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import pytest
from dishwasher.demo.github import Repo, StandIn
from dishwasher.demo.github.wire import HangUp, Request, Response, Server

NAMED = b"User-Agent: test\r\n"


def status_of(github: StandIn, raw: bytes) -> int:
    """The status of what comes back, or 0 where the connection is just closed."""
    address = urlsplit(github.url)
    with socket.create_connection((str(address.hostname), int(address.port or 0)), 5) as wire:
        wire.sendall(raw)
        wire.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := wire.recv(4096):
            answer += piece
    return int(answer.split()[1]) if answer else 0


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"", 0),
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"POST /x HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400),
        (b"POST /x HTTP/1.1\r\nContent-Length: 9\r\n\r\nshort", 0),
        (b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"POST /x HTTP/1.1\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx", 400),
        (b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", 404),
        (b"GET /api/v3/repos/%ff/x HTTP/1.1\r\n" + NAMED + b"\r\n", 404),
        (b"GET /a/b.git/info/refs HTTP/1.1\r\nAuthorization: Basic !\r\n\r\n", 401),
        (b"GET /api/v3/app HTTP/1.1\r\n" + NAMED + b"Authorization: Bearer a.b.c\r\n\r\n", 401),
    ],
)
def test_odd_requests(github: StandIn, raw: bytes, status: int) -> None:
    assert status_of(github, raw) == status


def test_two_requests_in_one_packet(github: StandIn, repo: Repo) -> None:
    address = urlsplit(github.url)
    one = b"GET /acme/site HTTP/1.1\r\n\r\n"
    with socket.create_connection((str(address.hostname), int(address.port or 0)), 5) as wire:
        wire.sendall(one + one.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        answer = b""
        while piece := wire.recv(65536):
            answer += piece
    assert answer.count(b"HTTP/1.1 200 OK") == 2


def test_pieces_and_hanging_up() -> None:
    def handler(request: Request) -> Response:
        if request.path == "/gone":
            raise HangUp
        return Response(200, iter([b"one ", b"", b"two"]))

    server = Server("127.0.0.1", 0, handler)
    server.start()
    try:
        for path, end in ((b"/", b"4\r\none \r\n3\r\ntwo\r\n0\r\n\r\n"), (b"/gone", b"")):
            with socket.create_connection(("127.0.0.1", server.port), 5) as wire:
                wire.sendall(b"GET " + path + b" HTTP/1.1\r\nConnection: close\r\n\r\n")
                answer = b""
                while piece := wire.recv(4096):
                    answer += piece
            assert answer.endswith(end) and bool(answer) == bool(end)
    finally:
        server.close()


def test_half_a_character_is_refused(github: StandIn, token: str) -> None:
    body = b'{"name": "\\ud800", "head_sha": "0"}'
    head = b"POST /api/v3/repos/acme/site/check-runs HTTP/1.1\r\n" + NAMED
    head += f"Authorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    assert status_of(github, head + body) == 400
