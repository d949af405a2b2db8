"""How a runner gets a file by its URL: whole, in bounded size, and without showing its token."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, BinaryIO, cast

import pytest
from dishwasher.errors import InfraError, Rejected
from dishwasher.runner.http_sink import CACHE, HttpSink

DATA = bytes(range(256)) * 4000


class Files:
    """Answers each GET with the next of `answers`: status, promised length and bytes."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, int, bytes]] = []
        self.asked: list[tuple[str, str | None]] = []
        files = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                files.asked.append((self.path, self.headers["Authorization"]))
                status, length, data = (
                    files.answers.pop(0) if len(files.answers) > 1 else files.answers[0]
                )
                self.send_response(status)
                self.send_header("Content-Length", str(length))
                self.end_headers()
                self.wfile.write(data)
                self.close_connection = length != len(data)

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        class Listener(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: object, address: object) -> None:
                """A client that hangs up in the middle: wanted here."""

        self.http = Listener(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http.server_address[1]}"


@pytest.fixture
def files() -> Iterator[Files]:
    files = Files()
    yield files
    files.http.shutdown()
    files.http.server_close()


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sink(files: Files, clock: Clock) -> Iterator[HttpSink]:
    sink = HttpSink(files.url, "job-1.1", sleep=clock.sleep, chance=lambda: 0.5, clock=clock)
    sink._headers["Authorization"] = "Bearer secret"
    yield sink
    sink.close()


@pytest.mark.parametrize("data", [b"", b"x", DATA])
def test_the_file_is_what_is_there(sink: HttpSink, files: Files, data: bytes) -> None:
    files.answers = [(200, len(data), data)]
    target = io.BytesIO()
    for _ in range(2):
        sink.fetch("/downloads/a?b=c", target, len(data))
        assert target.getvalue() == data
    assert files.asked == [("/downloads/a?b=c", None)] * 2


def test_a_broken_download_begins_anew(sink: HttpSink, files: Files) -> None:
    files.answers = [
        (200, len(DATA), DATA[:1000]),
        (503, 4, b"busy"),
        (200, len(DATA), DATA),
    ]
    target = io.BytesIO()
    sink.fetch(f"{files.url}/a", target, len(DATA))
    assert target.getvalue() == DATA


def test_more_than_was_promised_is_not_taken(sink: HttpSink, files: Files, clock: Clock) -> None:
    files.answers = [(200, len(DATA), DATA)]
    target = io.BytesIO()
    with pytest.raises(InfraError, match="longer than 1000 bytes"):
        sink.fetch("/a", target, 1000)
    assert len(target.getvalue()) <= 1000
    assert clock.now <= (CACHE.seconds or 0)


@pytest.mark.parametrize("status", [403, 404, 410, 206, 302])
def test_another_answer_is_no_file(sink: HttpSink, files: Files, status: int) -> None:
    files.answers = [(status, 4, b"gone")]
    with pytest.raises(Rejected, match=f"{status} gone"):
        sink.fetch("/a", io.BytesIO(), 10)


class Full:
    """A disk that has no room, or a job that must stop."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def seek(self, offset: int) -> int:
        return 0

    def truncate(self) -> int:
        return 0

    def write(self, data: bytes) -> int:
        raise self._error


class MustStop(Exception):
    pass


def test_what_the_file_says_of_itself_ends_it(sink: HttpSink, files: Files) -> None:
    files.answers = [(200, len(DATA), DATA)]
    with pytest.raises(MustStop):
        sink.fetch("/a", cast(BinaryIO, Full(MustStop())), len(DATA))
    with pytest.raises(InfraError, match="No space"):
        sink.fetch("/a", cast(BinaryIO, Full(OSError("No space left"))), len(DATA))
    target = io.BytesIO()
    sink.fetch("/a", target, len(DATA))
    assert target.getvalue() == DATA
