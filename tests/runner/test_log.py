"""The log and its way to the sink."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import pytest
from dishwasher.core.result import Artifact, Progress, Result
from dishwasher.core.ticket import LogAnswer, Orders, Ticket, Upload
from dishwasher.errors import InfraError, Rejected
from dishwasher.runner.log import SPARE, Log
from dishwasher.runner.output import GAP_BYTES, LINE_BYTES, SHOWN, Output
from dishwasher.runner.shipper import CHUNK, Shipper, slowest
from dishwasher.runner.sink import Fenced, LeaseOver, Sink
from dishwasher.runner.stop import Cause, Stop

Answer = Callable[[int, bytes], LogAnswer]


class MemorySink:
    """Keeps the log; `answers` may say something else first, each once."""

    def __init__(self) -> None:
        self.stored = b""
        self.calls: list[tuple[int, int]] = []
        self.answers: list[Answer | Exception] = []
        self.changed = threading.Condition()

    def log(self, offset: int, data: bytes) -> LogAnswer:
        with self.changed:
            self.calls.append((offset, len(data)))
            self.changed.notify_all()
            answer = self.answers.pop(0) if self.answers else self.store
        if isinstance(answer, Exception):
            raise answer
        return answer(offset, data)

    def store(self, offset: int, data: bytes) -> LogAnswer:
        if offset <= len(self.stored):
            self.stored += data[len(self.stored) - offset :]
        return LogAnswer(len(self.stored))

    def wait(self, condition: Callable[[], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(condition, 20)

    def claim(self, code: str) -> Ticket:
        raise NotImplementedError

    def started(self, token: str) -> None:
        raise NotImplementedError

    def beat(self, progress: Progress) -> Orders:
        raise NotImplementedError

    def uploads(self, artifacts: tuple[Artifact, ...]) -> tuple[Upload, ...]:
        raise NotImplementedError

    def put(self, upload: Upload, file: BinaryIO, size: int) -> None:
        raise NotImplementedError

    def result(self, result: Result) -> None:
        raise NotImplementedError


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    log = Log(tmp_path, 1000)
    yield log
    log.discard()


@pytest.fixture
def large(tmp_path: Path) -> Iterator[Log]:
    log = Log(tmp_path, 100 * CHUNK)
    yield log
    log.discard()


@pytest.fixture
def stop() -> Iterator[Stop]:
    stop = Stop()
    yield stop
    stop.close()


@pytest.fixture
def sink() -> MemorySink:
    return MemorySink()


def text(log: Log) -> str:
    return log.read(0, log.size).decode()


def ship(log: Log, sink: Sink, stop: Stop) -> int:
    shipper = Shipper(log, sink, stop)
    shipper.start()
    return shipper.finish()


def test_our_own_lines_begin_a_line(log: Log) -> None:
    log.line("$ a")
    log.write(b"no newline")
    log.line("$ b")
    log.write(b"x\n")
    log.line("caf\udce9")
    assert text(log) == "$ a\nno newline\n$ b\nx\ncaf?\n"


def test_output_stops_at_the_limit_and_our_lines_a_little_later(log: Log) -> None:
    assert log.write(b"a" * 990) == 0
    assert log.write(b"b" * 20) == 10
    assert log.write(b"c") == 1
    log.line("the end")
    assert text(log) == "a" * 990 + "b" * 10 + "\nthe end\n"
    for _ in range(1000):
        log.line("x" * 100)
    assert log.size <= 1000 + SPARE


def test_a_gap_says_how_much_and_shows_the_end(log: Log) -> None:
    output = Output(log, None)
    for number in range(1000):
        output.feed(f"line {number}\n".encode())
    output.finish()
    head, _, tail = text(log).partition("[dishwasher] ")
    notice, _, tail = tail.partition("\n")
    assert head.startswith("line 0\nline 1\n")
    assert tail.startswith("line 960\n")
    assert tail.endswith("line 999\n")
    written = sum(len(f"line {number}\n") for number in range(1000))
    left_out = int(notice.split()[0])
    assert notice == f"{left_out} bytes are left out here: a log keeps 1000 bytes."
    assert left_out == written - 1000 - len(tail)


def test_the_end_after_a_gap_is_short_also_without_lines(log: Log) -> None:
    output = Output(log, None)
    output.feed(b"x" * 10**6)
    output.finish()
    assert log.size < 1000 + GAP_BYTES + 200


def test_lines_are_scanned_whole_across_reads_and_ends(log: Log) -> None:
    blocks: list[bytes] = []
    output = Output(log, blocks.append)
    for part in (b"on", b"e\ntw", b"o\r\n\nfour\x0b\xe2\x80\xa8still", b" four\nfive"):
        output.feed(part)
    output.finish()
    assert blocks == [
        b"one\n",
        b"two\r\n\n",
        b"four\x0b\xe2\x80\xa8still four\n",
        b"five\n",
    ]


def test_a_long_line_is_scanned_up_to_a_limit(log: Log) -> None:
    blocks: list[bytes] = []
    output = Output(log, blocks.append)
    for _ in range(100):
        output.feed(b"x" * 1000)
    output.feed(b"\nnext\n")
    output.finish()
    assert blocks == [b"x" * LINE_BYTES + b"\nnext\n"]


def test_the_tail_is_as_a_terminal_shows_it(log: Log) -> None:
    output = Output(log, None)
    output.feed(b"\x1b[31mred\x1b[0m\n10%\r50%\r100%\r\n" + b"y" * 5000 + b"\ncaf\xe9\n")
    assert output.tail() == ("red", "100%", "y" * SHOWN + "…", "caf�")


@pytest.mark.parametrize("before", range(4))
def test_the_tail_begins_with_a_whole_character(log: Log, before: int) -> None:
    output = Output(log, None)
    output.feed(b"x" * before + "🚿".encode() * 50_000 + b"x" * (4 - before))
    (line,) = output.tail()
    assert line == "🚿" * SHOWN + "…"


def test_a_full_disk_costs_output_and_nothing_else(log: Log, tmp_path: Path) -> None:
    log.line("$ make")
    full, other = os.open("/dev/full", os.O_RDWR), os.dup(log._fd)
    output = Output(log, None)
    output.feed(b"before\n")
    os.dup2(full, log._fd)
    output.feed(b"lost\n")
    log.line("[dishwasher] lost as well")
    os.dup2(other, log._fd)
    output.feed(b"after\n" * 50)
    output.finish()
    os.close(full)
    os.close(other)
    notice = "[dishwasher] 65 bytes are left out here: the disk of the runner's machine was full.\n"
    assert text(log) == "$ make\nbefore\n" + notice + "after\n" * 40


@pytest.mark.parametrize(
    ("minutes", "pause"), [(0, 1.0), (5, 1.0), (10, 2.0), (20, 4.0), (600, 4.0)]
)
def test_a_long_job_sends_its_log_less_often(minutes: float, pause: float) -> None:
    assert slowest(minutes * 60) == pause


def test_a_log_that_is_over_quickly_is_one_chunk(log: Log, sink: MemorySink, stop: Stop) -> None:
    shipper = Shipper(log, sink, stop)
    shipper.start()
    for _ in range(10):
        log.write(b"some output\n")
    assert shipper.finish() == 0
    assert sink.calls == [(0, 120)]


def test_output_is_shipped_while_it_grows(log: Log, sink: MemorySink, stop: Stop) -> None:
    shipper = Shipper(log, sink, stop)
    shipper.start()
    log.write(b"first")
    sink.wait(lambda: sink.stored == b"first")
    log.write(b" second")
    sink.wait(lambda: sink.stored == b"first second")
    assert shipper.finish() == 0
    assert sink.calls == [(0, 5), (5, 7)]


def test_a_long_log_goes_in_chunks(large: Log, sink: MemorySink, stop: Stop) -> None:
    large.write(b"x" * (3 * CHUNK + 1))
    assert ship(large, sink, stop) == 0
    assert max(size for _, size in sink.calls) == CHUNK
    assert len(sink.stored) == 3 * CHUNK + 1


def test_the_servers_offset_wins(large: Log, sink: MemorySink, stop: Stop) -> None:
    data = bytes(range(256)) * (2 * CHUNK // 256)

    def lose_all(offset: int, chunk: bytes) -> LogAnswer:
        sink.stored = b""
        return LogAnswer(0)

    sink.answers = [sink.store, lose_all, lambda offset, chunk: LogAnswer(10**12)]
    large.write(data)
    sink.answers[2] = sink.store
    assert ship(large, sink, stop) == 0
    assert sink.stored == data
    assert sink.calls == [(0, CHUNK), (CHUNK, CHUNK), (0, CHUNK), (CHUNK, CHUNK)]


@pytest.mark.parametrize("wanted", [10**12, -5])
def test_an_impossible_offset_harms_nobody(
    log: Log, sink: MemorySink, stop: Stop, wanted: int
) -> None:
    sink.answers = [lambda offset, chunk: LogAnswer(wanted)]
    log.write(b"abc")
    assert ship(log, sink, stop) == 0


def test_a_failing_chunk_is_kept_and_goes_again(log: Log, sink: MemorySink, stop: Stop) -> None:
    sink.answers = [InfraError("503 for 20 s"), InfraError("again")]
    shipper = Shipper(log, sink, stop)
    shipper.start()
    log.write(b"abc")
    sink.wait(lambda: sink.stored == b"abc")
    assert shipper.finish() == 0


@pytest.mark.parametrize("error", [Rejected("400"), InfraError("503")])
def test_what_can_not_be_stored_is_counted(
    log: Log, sink: MemorySink, stop: Stop, error: Exception
) -> None:
    log.write(b"abc")
    sink.answers = [sink.store, error]
    shipper = Shipper(log, sink, stop)
    shipper.start()
    sink.wait(lambda: sink.stored == b"abc")
    log.write(b"de")
    assert shipper.finish() == 2
    assert stop.cause is None


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (Fenced("409"), Cause.FENCED),
        (LeaseOver("60 s"), Cause.LEASE_OVER),
        (OSError("a bug"), Cause.BROKEN),
    ],
)
def test_what_ends_the_attempt_stops_the_job(
    log: Log, sink: MemorySink, stop: Stop, error: Exception, cause: Cause
) -> None:
    sink.answers = [error]
    shipper = Shipper(log, sink, stop)
    shipper.start()
    log.write(b"abc")
    sink.wait(lambda: sink.calls != [])
    shipper.finish()
    assert stop.cause is cause


def test_a_cancel_comes_with_the_answer(log: Log, sink: MemorySink, stop: Stop) -> None:
    sink.answers = [lambda offset, data: LogAnswer(offset + len(data), cancel=True)]
    log.write(b"abc")
    assert ship(log, sink, stop) == 0
    assert stop.cause is Cause.CANCELLED
