"""The client of the ticket protocol: each verb's patience, on a clock that only it moves."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from dishwasher.core.findings import Finding, Level
from dishwasher.core.job import Reason
from dishwasher.core.result import Artifact, Progress, Result
from dishwasher.core.ticket import Source, Upload
from dishwasher.errors import InfraError, Rejected
from dishwasher.runner.http_sink import CLAIM, LOG, RESULT_BYTES, HttpSink
from dishwasher.runner.sink import Fenced, LeaseOver

from tests.runner.server import CODE, LIMITS, Server, ticket

SOURCE = Source("http://git.invalid/a/b.git", "a" * 40)
LEASE = LIMITS.lease_seconds


class Clock:
    """Moves only by the sink's own pauses."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.pauses: list[float] = []
        self.then: Callable[[], None] = lambda: None

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.pauses.append(seconds)
        self.then()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server(ticket(SOURCE, "true"))
    yield server
    server.stop()


@pytest.fixture
def sink(server: Server, clock: Clock) -> Iterator[HttpSink]:
    """With pauses that are not jittered: chance 0.5 multiplies by 1."""
    sink = connect(server, clock)
    yield sink
    sink.close()


def connect(server: Server, clock: Clock) -> HttpSink:
    words = server.bootstrap
    return HttpSink(words.url, words.attempt, sleep=clock.sleep, chance=lambda: 0.5, clock=clock)


def failing(verb: str, status: int, times: int = 10**6) -> Callable[[str, int], int | None]:
    return lambda said, before: status if said == verb and before < times else None


def test_the_claim_brings_the_ticket_and_the_token(sink: HttpSink, server: Server) -> None:
    assert sink.claim(CODE) == server.ticket
    sink.started("ghs_source")
    assert not sink.beat(Progress()).cancel
    assert sink.log(0, b"abc").offset == 3
    sink.result(Result(Reason.OK, ""))
    assert server.words == ["claim", "started", "beat", "log", "result"]
    assert len(server.connections) == 1


@pytest.mark.parametrize("status", [0, 408, 425, 429, 500, 502, 503, 504])
def test_what_is_about_the_moment_is_said_again(
    sink: HttpSink, server: Server, clock: Clock, status: int
) -> None:
    server.fault = failing("claim", status, times=3)
    assert sink.claim(CODE) == server.ticket
    assert clock.pauses == [0.05, 0.1, 0.2]


@pytest.mark.parametrize("status", [401, 403, 409, 410])
def test_who_is_fenced_says_nothing_more(sink: HttpSink, server: Server, status: int) -> None:
    sink.claim(CODE)
    server.fault = failing("beat", status)
    with pytest.raises(Fenced, match=f"/beat: {status}"):
        sink.beat(Progress())
    with pytest.raises(Fenced):
        sink.result(Result(Reason.OK, ""))
    assert server.words == ["claim", "beat"]


@pytest.mark.parametrize("status", [400, 404, 413])
def test_what_the_server_can_not_take_is_not_said_again(
    sink: HttpSink, server: Server, clock: Clock, status: int
) -> None:
    server.fault = failing("claim", status)
    with pytest.raises(Rejected, match=f"refused /claim: {status}"):
        sink.claim(CODE)
    assert clock.pauses == []


def test_a_claim_outlasts_a_restart(sink: HttpSink, server: Server, clock: Clock) -> None:
    server.fault = failing("claim", 503)
    with pytest.raises(InfraError, match="/claim failed for 45 s; last: 503"):
        sink.claim(CODE)
    assert clock.now - 1000.0 <= (CLAIM.seconds or 0)
    assert max(clock.pauses) == 2.0


@pytest.mark.parametrize("verb", ["started", "beat"])
def test_beats_go_on_until_the_lease_is_over(
    sink: HttpSink, server: Server, clock: Clock, verb: str
) -> None:
    sink.claim(CODE)
    server.fault = failing(verb, 503)
    with pytest.raises(LeaseOver):
        sink.started("") if verb == "started" else sink.beat(Progress())
    assert LEASE - 3 < clock.now - 1000.0 < LEASE


def test_a_beat_renews_the_lease_and_a_log_does_not(
    sink: HttpSink, server: Server, clock: Clock
) -> None:
    sink.claim(CODE)
    clock.now += LEASE - 1
    sink.beat(Progress())
    clock.now += LEASE - 1
    sink.log(0, b"x")
    server.fault = failing("beat", 503)
    with pytest.raises(LeaseOver):
        sink.beat(Progress())
    assert sum(clock.pauses) < 1


def test_a_log_chunk_has_its_own_patience(sink: HttpSink, server: Server, clock: Clock) -> None:
    server.ticket = replace(server.ticket, limits=replace(LIMITS, lease_seconds=600.0))
    sink.claim(CODE)
    server.fault = failing("log", 422)
    with pytest.raises(InfraError, match=r"/log.* failed for 20 s"):
        sink.log(0, b"x")
    assert clock.now - 1000.0 <= (LOG.seconds or 0)


def test_a_server_that_is_gone_is_looked_for_until_it_is_back(
    server: Server, sink: HttpSink, clock: Clock
) -> None:
    sink.claim(CODE)
    server.stop()
    clock.then = lambda: server.restart() if len(clock.pauses) == 3 else None
    sink.beat(Progress())
    assert len(clock.pauses) == 3
    assert server.words == ["claim", "beat"]


def test_a_wait_that_the_server_asks_for_is_kept(
    sink: HttpSink, server: Server, clock: Clock
) -> None:
    server.retry_after = "7"
    server.fault = failing("claim", 429, times=1)
    sink.claim(CODE)
    assert clock.pauses == [7.0]


def test_an_answer_that_makes_no_sense_is_not_believed(sink: HttpSink, server: Server) -> None:
    server.fault = failing("claim", 200)
    with pytest.raises(InfraError, match="answer to /claim makes no sense: Claimed: expected an"):
        sink.claim(CODE)


def test_a_file_goes_up_without_the_token(sink: HttpSink, server: Server) -> None:
    sink.claim(CODE)
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    (upload,) = sink.uploads((Artifact("docs/é.txt", 3, digest),))
    server.fault = failing("0", 503, times=1)
    sink.put(upload, io.BytesIO(b"abc"), 3)
    assert server.files == {"docs/é.txt": b"abc"}
    with pytest.raises(Rejected, match=r"storing docs/é\.txt failed: 400 .*not the file"):
        sink.put(upload, io.BytesIO(b"xyz"), 3)


def test_an_upload_may_go_to_another_host(sink: HttpSink, server: Server, clock: Clock) -> None:
    other = Server(server.ticket)
    sink.claim(CODE)
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    other.expected = {"x": Artifact("x", 3, digest)}
    sink.put(Upload("x", f"{other.bootstrap.url}/files/0"), io.BytesIO(b"abc"), 3)
    assert other.files == {"x": b"abc"}
    other.stop()


def test_findings_are_left_out_before_a_verdict_is_lost(sink: HttpSink, server: Server) -> None:
    sink.claim(CODE)
    long = Finding("x.py", 1, 1, Level.WARNING, "é" * 4000)
    sink.result(Result(Reason.FAILED, "no", findings=(long,) * 1000, findings_total=1000))
    (result,) = server.results
    assert 0 < len(result.findings) < 1000
    assert result.findings_total == 1000
    assert RESULT_BYTES < 4 * 1024 * 1024


def test_names_that_are_not_unicode_do_not_cost_the_result(sink: HttpSink, server: Server) -> None:
    sink.claim(CODE)
    sink.result(Result(Reason.OK, "caf\udce9"))
    assert server.results[0].detail == "caf?"


def test_a_closed_sink_says_nothing(sink: HttpSink, server: Server) -> None:
    sink.claim(CODE)
    sink.close()
    with pytest.raises(Fenced):
        sink.beat(Progress())
    assert server.words == ["claim"]


@pytest.mark.parametrize("url", ["ftp://host", "host:80", "http://"])
def test_only_http_urls_are_servers(url: str) -> None:
    with pytest.raises(InfraError, match="not an http URL"):
        HttpSink(url, "j.1")
