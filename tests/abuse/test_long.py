"""Case 60: a log of 200 MB, 50,000 jobs, odd requests and slow readers."""

from __future__ import annotations

import contextlib
import http.client
import socket
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from dishwasher.core.event import Repository
from dishwasher.daemon.server import THREADS
from dishwasher.demo.github import Repo
from dishwasher.local.database import Database

from bench import history
from tests.abuse.reader import Reader
from tests.e2e.table import Row
from tests.e2e.world import World
from tests.soak.measure import sample

LINE = b"%010d a line of a long log, as long as those of a test runner mostly are ...........\n"
LINES = 200_000_000 // len(LINE % 0)
LAMBDA = 6_000_000
"""Bytes of an answer: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
BUILDS = 25_000
"""With two jobs each."""
TIMES = 40
P95 = 1.0
"""Seconds, which 95 of 100 answers keep to on a machine that does other things as well. Alone they
take milliseconds; `bench.history` holds them to what they take with little behind them."""
SIP = 1 << 16
"""Bytes that a slow reader takes now and then."""
PART = 16_000_000
"""Bytes, some times what the system keeps for a reader that takes none, and not so many that its
waiting for one, when all sockets together have too much, adds up to a minute."""
MEMORY = 40e6
"""Bytes by which the server may grow while it serves what is five times as long."""


@dataclass(frozen=True)
class Long:
    world: World
    repo: Repo
    job: Row
    small: Row
    """Of another repository, with nothing long behind it."""

    @property
    def page(self) -> str:
        return f"/jobs/{self.job['id']}"


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Long]:
    folder = tmp_path_factory.mktemp("long")
    # What was built long ago is to stay here.
    world = World(folder, environment={"DISHWASHER_KEEP_DAYS": "0", "DISHWASHER_KEEP_GB": "0"})
    try:
        world.start()
        repo, other = (public(world, owner) for owner in ("long", "small"))
        jobs = []
        for one in (repo, other):
            sha = one.commit({"n": "1"})
            world.concluded(sha)
            world.wait_settled(sha)
            jobs += world.table.jobs(sha)
        made = Long(world, repo, *jobs)
        log_of(world, made.job).write_bytes(b"".join(LINE % number for number in range(LINES)))
        world.bot.stop()
        fill(world.bot.data, repo)
        world.bot.start()
        yield made
    finally:
        world.close()


def public(world: World, owner: str) -> Repo:
    files = {".dishwasher.yml": "checks: {tests: {run: echo words}}\n"}
    repo = world.github.add_repo(f"{owner}/site", files, private=False)
    world.github.install(world.app, owner)
    return repo


def log_of(world: World, job: Row) -> Path:
    return world.bot.data / "blobs/attempts" / f"{job['id']}.{job['attempt']}" / "=log"


def fill(data: Path, repo: Repo) -> None:
    """50,000 jobs that are over, in builds from before the one that is there."""
    place = Repository(repo.id, "long", "site", "master", False, 1)
    with contextlib.closing(Database(data)) as database:
        history.fill(database, place, BUILDS, due=0)


def p95(ask: Callable[[], object], between: Callable[[], object] = lambda: None) -> float:
    """The seconds of an answer. What is done between two answers may take as long as it likes."""
    took = []
    for _ in range(TIMES):
        began = time.perf_counter()
        ask()
        took.append(time.perf_counter() - began)
        between()
    return statistics.quantiles(took, n=20)[-1]


@pytest.mark.parametrize("rest", ["", "?from=100000000", "/follow?start=199000000&line=0"])
def test_case_60_a_page_shows_a_part_of_a_long_log(long: Long, rest: str) -> None:
    reader = Reader(long.world)
    answer = reader.ask(long.page + rest)
    assert answer.status == 200 and len(answer.body) < LAMBDA
    took = p95(lambda: reader.ask(long.page + rest))
    assert took < P95, took


def test_case_60_a_log_is_paged_by_its_bytes(long: Long) -> None:
    reader, size = Reader(long.world), LINES * len(LINE % 0)
    at = size // 2 // len(LINE % 0)
    start = at * len(LINE % 0)
    answer = reader.ask(f"{long.page}/log?start={start}&end={start + 2 * len(LINE % 0)}")
    assert answer.body == LINE % at + LINE % (at + 1)
    assert answer.header("x-log-size") == str(size)
    for beyond in (f"start={size}", f"start={10**17}", f"start={size}&end=1", "start=9&end=3"):
        answer = reader.ask(f"{long.page}/log?{beyond}")
        assert (answer.status, answer.body, answer.header("content-length")) == (200, b"", "0")
    for wrong in ("start=-1", "start=x", "end=1e9", f"start={10**18}", "start=%C2%B2"):
        assert reader.ask(f"{long.page}/log?{wrong}").status == 400
    assert reader.ask(f"{long.page}?from=-1").status == 400
    assert reader.ask(f"{long.page}?from={10**17}").status == 200


@pytest.mark.parametrize(
    "range", ["bytes=5-2", "bytes=999999999999-", "bytes=-0", "items=0-1", "bytes=a-b", "b" * 9000]
)
def test_case_60_a_bad_range_is_none(long: Long, range: str) -> None:
    """A server may leave a Range aside (RFC 9110, section 14.2): then all of it comes."""
    with listening(long, "GET", f"/jobs/{long.small['id']}/log", {"Range": range}) as answer:
        assert answer.status == 200
        assert b"words" in answer.read()


@contextlib.contextmanager
def listening(
    long: Long, method: str, target: str, headers: dict[str, str] | None = None
) -> Iterator[http.client.HTTPResponse]:
    connection = http.client.HTTPConnection("127.0.0.1", long.world.bot.port, timeout=30)
    with contextlib.closing(connection):
        connection.request(method, target, headers=headers or {})
        yield connection.getresponse()


def test_case_60_head_tells_the_length_and_sends_nothing(long: Long) -> None:
    build = long.job["build"]
    many = "&".join(f"a{number}=" for number in range(40))
    targets = [long.page, f"{long.page}/log", f"/builds/{build}", f"/repositories/{long.repo.id}"]
    targets += [f"/repositories/{long.repo.id}/badge.svg", "/", "/nothing", "/metrics", "/healthz"]
    targets += [f"{long.page}/log?start=x", f"/?{many}", "/webhook", "/downloads/x"]
    with socket.create_connection(("127.0.0.1", long.world.bot.port), timeout=30) as connection:
        # On one connection: a byte of a body would be the beginning of the next answer.
        for target in targets:
            connection.sendall(f"HEAD {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            said = b""
            while b"\r\n\r\n" not in said:
                data = connection.recv(65536)
                assert data, (target, said)
                said += data
            head, _, rest = said.partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 ") and b"\nContent-Length: " in head, (target, head)
            assert rest == b"", target
    with listening(long, "HEAD", f"{long.page}/log") as answer:
        assert answer.headers["content-length"] == str(LINES * len(LINE % 0))


def test_case_60_fifty_thousand_jobs_slow_nobody_down(long: Long) -> None:
    reader = Reader(long.world)
    for target in (
        f"/repositories/{long.repo.id}",
        f"/repositories/{long.repo.id}?before={history.line(BUILDS // 2)}",
        f"/repositories/{long.repo.id}/badge.svg",
        f"/builds/{history.build_id(BUILDS // 2)}",
        f"/jobs/{history.build_id(BUILDS // 2)}-1",
        "/",
        "/metrics",
    ):
        answer = reader.ask(target)
        assert answer.status == 200 and len(answer.body) < LAMBDA, target
        took = p95(partial(reader.ask, target))
        assert took < P95, (target, took)


def test_case_60_slow_readers_cost_no_thread_and_no_memory(long: Long) -> None:
    bot = long.world.bot
    before = sample(bot.pid, bot.data).memory
    with contextlib.ExitStack() as stack:
        slow = []
        for number in range(4 * THREADS):
            one = stack.enter_context(socket.create_connection(("127.0.0.1", bot.port), timeout=30))
            part = "" if number else f"?start=0&end={PART}"
            one.sendall(f"GET {long.page}/log{part} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            assert one.recv(9) == b"HTTP/1.1 "
            slow.append(one)
        size = 0

        def sip() -> None:
            """Who takes nothing is hung up on."""
            nonlocal size
            size += len(slow[0].recv(SIP))

        for target in ("/healthz", f"/builds/{long.job['build']}"):
            took = p95(partial(Reader(long.world).ask, target), between=sip)
            assert took < P95, (target, took)
        assert sample(bot.pid, bot.data).memory - before < MEMORY
        while size < PART:
            data = slow[0].recv(1 << 20)
            assert data, size
            size += len(data)
    assert sample(bot.pid, bot.data).memory - before < MEMORY
