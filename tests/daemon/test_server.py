from __future__ import annotations

import gc
import http.client
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from dishwasher.core.delivery import MAX_BODY
from dishwasher.daemon import limits
from dishwasher.daemon.server import Server
from dishwasher.errors import Lost, UserError
from dishwasher.http.message import Request, Response, text


def echo(request: Request) -> Response:
    """Says what it saw, or does what the path asks for."""
    match request.path:
        case "/bug":
            raise KeyError("secret-in-a-traceback")
        case "/lost":
            raise Lost("secret-in-a-message")
        case "/user":
            raise UserError("write it so")
        case "/stream":
            size = request.number("size")
            chunks = (b"x" * 65536 for _ in range(size // 65536))
            return Response(200, (("content-length", str(size)),), chunks)
        case "/endless":
            return Response(200, (), iter([b"a", b"b"]))
    body = request.body(MAX_BODY)
    said = f"{request.method} {request.path} {dict(request.query)} {len(body)}"
    return text(200, said, *((f"x-saw-{k}", v) for k, v in request.headers.items() if k != "host"))


@contextmanager
def serving(app: object = echo, **options: object) -> Iterator[Server]:
    server = Server(app, **options)  # type: ignore[arg-type]
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


def connect(server: Server) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)


def ask(
    server: Server, method: str, path: str, body: bytes | None = None, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    with closing(connect(server)) as connection:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()


def raw(server: Server, data: bytes) -> bytes:
    """Everything that the server answers to these bytes until it closes the connection."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(data)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_a_request_arrives_as_it_was_sent(server: Server) -> None:
    status, headers, body = ask(
        server, "POST", "/a%C3%A9%2Fb?x=1&y=%26", b"hello", **{"X-Hub": "s", "Content-Type": "t/p"}
    )
    assert status == 200
    assert body.decode() == "POST /aé/b {'x': '1', 'y': '&'} 5\n"
    assert (headers["x-saw-x-hub"], headers["x-saw-content-type"]) == ("s", "t/p")
    assert headers["x-saw-content-length"] == "5"
    assert "server" not in headers


def test_the_port_is_known(server: Server) -> None:
    assert server.port > 0
    assert server.url == f"http://127.0.0.1:{server.port}"


def test_a_connection_is_kept_for_the_next_request(server: Server) -> None:
    with closing(connect(server)) as connection:
        for number in range(3):
            connection.request("PUT", f"/{number}", b"x")
            local = connection.sock.getsockname() if connection.sock else None
            answer = connection.getresponse()
            assert answer.read().startswith(f"PUT /{number} ".encode())
            assert connection.sock is not None and connection.sock.getsockname() == local


def test_a_chunked_body_has_a_length(server: Server) -> None:
    with closing(connect(server)) as connection:
        connection.request("POST", "/", iter([b"abc", b"de"]), encode_chunked=True)
        assert connection.getresponse().read() == b"POST / {} 5\n"


@pytest.mark.parametrize("size", [MAX_BODY, MAX_BODY + 1])
def test_the_cap_of_a_route_is_answered(server: Server, size: int) -> None:
    status, _, body = ask(server, "POST", "/webhook", b"x" * size)
    assert status == (200 if size == MAX_BODY else 413), body


def test_a_body_beyond_all_caps_is_not_read(server: Server) -> None:
    head = b"POST /webhook HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n"
    assert raw(server, head % limits.BODY).startswith(b"HTTP/1.1 413 ")
    chunk = b"%x\r\n" % limits.BODY + b"x" * limits.BODY + b"\r\n0\r\n\r\n"
    chunked = b"POST /webhook HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert raw(server, chunked + chunk).startswith(b"HTTP/1.1 413 ")


def test_nobody_fills_the_disk_with_an_upload_that_was_not_asked_for() -> None:
    size = limits.BODY + 100
    head = b"PUT %s HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n"
    with serving(promised=lambda path: size if path == "/uploads/ours" else 0) as server:
        for path, length in ((b"/uploads/x", limits.BODY), (b"/uploads/ours", size + 1)):
            assert raw(server, head % (path, length)).startswith(b"HTTP/1.1 413 ")


def test_a_large_upload_is_handed_on_as_a_stream() -> None:
    seen: list[int] = []

    def receive(request: Request) -> Response:
        seen.append(sum(len(data) for data in iter(lambda: request.stream.read(1 << 20), b"")))
        return text(200, "ok")

    size = limits.BODY + 5
    with serving(receive, promised=lambda path: size) as server:
        assert ask(server, "PUT", "/uploads/x", b"x" * size)[0] == 200
    assert seen == [size]


@pytest.mark.parametrize(
    "lines",
    [
        b"X-Hub-Signature-256: a\r\nx-hub-signature-256: b",
        b"Content-Length: 1\r\nContent-Length: 1",
        b"Content-Length: +1",
        b"no colon",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    ],
)
def test_doubtful_headers_are_refused(server: Server, lines: bytes) -> None:
    answer = raw(server, b"POST / HTTP/1.1\r\nHost: a\r\n" + lines + b"\r\n\r\nx")
    # HTTP/1.0 where the error comes before the version is known.
    assert answer[5:].startswith((b"1.0 400 ", b"1.1 400 ")), answer


def test_lists_may_be_repeated(server: Server) -> None:
    head = b"GET / HTTP/1.1\r\nConnection: close\r\nVia: a\r\nVia: b\r\n\r\n"
    assert b"X-Saw-Via: a, b\r\n" in raw(server, head)


def test_more_headers_than_anybody_sends(server: Server) -> None:
    head = b"GET / HTTP/1.1\r\nX: " + b"x" * limits.HEADERS + b"\r\n\r\n"
    assert raw(server, head).startswith(b"HTTP/1.0 431 ")


@pytest.mark.parametrize("path", ["/bug", "/lost"])
def test_a_bug_is_logged_once_and_never_shown(
    server: Server, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        status, _, body = ask(server, "GET", path)
    assert status == 500
    assert b"secret" not in body and b"Traceback" not in body
    (record,) = caplog.records
    assert record.exc_info is not None
    assert record.getMessage() == f"GET {path} failed"


def test_faults_outside_the_routes_are_answered(server: Server) -> None:
    assert ask(server, "GET", "/user")[0] == 400
    many = "&".join(f"a{n}=1" for n in range(100))
    assert ask(server, "GET", f"/?{many}")[0] == 400


def test_a_fault_has_no_body_for_head(server: Server) -> None:
    """Which the next answer on the connection would begin with."""
    many = "&".join(f"a{n}=1" for n in range(100))
    for target in (f"/?{many}", "/user", "/bug"):
        head = f"HEAD {target} HTTP/1.1\r\nConnection: close\r\n\r\n".encode()
        answer = raw(server, head)
        assert b"\r\nContent-Length: " in answer and answer.endswith(b"\r\n\r\n"), target


def test_a_good_request_is_not_logged(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        ask(server, "GET", "/")
    assert caplog.records == []


def test_iterators_are_streamed(server: Server) -> None:
    status, headers, body = ask(server, "GET", "/stream?size=1048576")
    assert (status, len(body), headers["content-length"]) == (200, 1048576, "1048576")
    assert ask(server, "GET", "/endless")[2] == b"ab"


def test_slow_readers_do_not_stand_in_the_way() -> None:
    with serving(threads=1) as server, closing(connect(server)) as slow:
        slow.request("GET", "/stream?size=8388608")
        assert ask(server, "GET", "/quick")[0] == 200
        assert len(slow.getresponse().read()) == 8388608


def test_stopping_closes_the_files_that_unsent_answers_wait_in() -> None:
    """A file that is not closed is a warning, and a warning an error."""
    with serving(threads=2) as server, closing(connect(server)) as slow:
        slow.request("GET", "/stream?size=8388608")
        assert ask(server, "GET", "/quick")[0] == 200
        server.stop()
        gc.collect()


def test_two_hundred_at_once_are_all_answered(server: Server) -> None:
    results: list[int] = []
    gate = threading.Barrier(200)

    def one() -> None:
        gate.wait()
        results.append(ask(server, "POST", "/", b"x" * 10_000)[0])

    threads = [threading.Thread(target=one) for _ in range(200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [200] * 200


def test_stopping_lets_a_request_in_progress_finish() -> None:
    entered, leave = threading.Event(), threading.Event()

    def app(request: Request) -> Response:
        entered.set()
        assert leave.wait(10)
        return text(200, "finished")

    answers: list[bytes] = []
    server = Server(app)
    server.start()
    client = threading.Thread(target=lambda: answers.append(ask(server, "GET", "/")[2]))
    client.start()
    assert entered.wait(10)
    stopper = threading.Thread(target=server.stop)
    stopper.start()
    _wait_until_refused(server)
    leave.set()
    stopper.join(10)
    client.join(10)
    assert answers == [b"finished\n"]
    server.stop()


def _wait_until_refused(server: Server) -> None:
    for _ in range(1000):
        try:
            socket.create_connection(("127.0.0.1", server.port), timeout=1).close()
        except OSError:
            return
    raise AssertionError("the server still listens")


def test_stopping_takes_less_than_a_second_even_when_a_request_hangs() -> None:
    entered, leave = threading.Event(), threading.Event()

    def app(request: Request) -> Response:
        entered.set()
        assert leave.wait(10)
        return text(200, "too late")

    server = Server(app)
    server.start()
    with closing(connect(server)) as connection:
        connection.request("GET", "/")
        assert entered.wait(10)
        before = time.monotonic()
        server.stop()
        assert time.monotonic() - before < 1
        leave.set()


def test_a_loop_that_can_not_be_woken_ends_all_the_same() -> None:
    server = Server(echo)
    server.start()
    drain = server._drain

    def drained() -> None:
        drain()
        server._waitress.trigger.close()

    server._drain = drained
    server.stop()
    assert not server._thread.is_alive()


def test_a_server_that_never_started_stops() -> None:
    server = Server(echo)
    server.stop()
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", server.port), timeout=1)


def test_a_port_that_is_taken_is_a_user_error(server: Server) -> None:
    with pytest.raises(UserError, match="choose another port"):
        Server(echo, port=server.port)
    with pytest.raises(UserError, match="from 0 to 65535"):
        Server(echo, port=70000)


@pytest.mark.parametrize(
    ("host", "url"), [("0.0.0.0", "http://127.0.0.1:"), ("localhost", "http://localhost:")]
)
def test_the_url_is_one_that_this_machine_reaches(host: str, url: str) -> None:
    server = Server(echo, host=host)
    assert server.url == f"{url}{server.port}"
    server.stop()


def test_it_is_crowded_while_requests_wait_for_a_thread() -> None:
    entered, leave = threading.Event(), threading.Event()

    def app(request: Request) -> Response:
        entered.set()
        assert leave.wait(10)
        return text(200, "ok")

    with serving(app, threads=1) as server, closing(connect(server)) as first:
        assert not server.is_crowded()
        first.request("GET", "/")
        assert entered.wait(10)
        assert not server.is_crowded()
        with closing(connect(server)) as second:
            second.request("GET", "/")
            for _ in range(1000):
                if server.is_crowded():
                    break
                time.sleep(0.005)
            assert server.is_crowded()
            leave.set()
            assert (first.getresponse().status, second.getresponse().status) == (200, 200)
        assert not server.is_crowded()
