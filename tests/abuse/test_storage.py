"""Cases 55 to 57: the table and the disk fail, processes die, clocks lie."""

from __future__ import annotations

import contextlib
import json
import resource
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from dishwasher.demo.github import Repo
from dishwasher.local.database import BUSY_SECONDS, FILE

from tests.abuse.skew import Skew
from tests.e2e.world import World

LEASE = 24.0
"""Seconds: a runner has to outlive a server that is away or blocked."""
CONFIG = 'checks: {quick: echo "$DISHWASHER_SHA" >> "$LEDGER"}\n'
ROW_BYTES = 400_000
"""What DynamoDB takes; the same records are stored there."""
JOBS = 50
TEN_MINUTES = 600.0


def effects(world: World, sha: str) -> int:
    return world.bot.ledger.read_text().split().count(sha)


def lost_push(world: World, repo: Repo) -> tuple[str, bytes]:
    """(commit, body) of a push that has not come to us."""
    world.github.hooks.drop("push")
    sha = repo.commit({"n.txt": uuid.uuid4().hex})
    return sha, json.dumps(world.github.deliveries("push")[-1].payload).encode()


def test_case_55_a_write_whose_answer_was_lost_is_known_when_it_is_repeated(world: World) -> None:
    sha, body = lost_push(world, world.repo(CONFIG))
    guid = str(uuid.uuid4())
    headers = {**world.signed(guid, "push", body), "Content-Length": str(len(body))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    with socket.create_connection(("127.0.0.1", world.bot.port)) as connection:
        connection.sendall(f"POST /webhook HTTP/1.1\r\nHost: x\r\n{lines}\r\n".encode() + body)
        # Gone before the answer; it was stored all the same.
    world.table.wait(
        lambda: guid in {row["id"] for row in world.table.rows("delivery")}, "the delivery"
    )
    status, text = world.deliver(guid, "push", body)
    assert (status, text) == (202, f"{guid} is known\n")
    assert world.concluded(sha)["quick"].conclusion == "success"
    assert effects(world, sha) == 1


def test_case_55_no_row_comes_near_the_limit_of_a_table(world: World) -> None:
    names = [f"check number {n} {'x' * 60}" for n in range(JOBS)]
    checks = {names[0]: {"run": "exit 1"}} | {
        name: {"run": "true", "needs": names[0]} for name in names[1:]
    }
    repo = world.repo(json.dumps({"checks": checks}))
    runs = world.build(repo, jobs=JOBS)
    assert [run.conclusion for run in runs.values()].count("cancelled") == JOBS - 1
    with world.table.open() as connection:
        (most,) = connection.execute("SELECT max(length(body)) FROM rows").fetchone()
    assert most < ROW_BYTES / 10


Trouble = Callable[[World], AbstractContextManager[None]]


@contextlib.contextmanager
def locked(world: World) -> Iterator[None]:
    """Another process writes, and takes its time."""
    with world.table.open() as connection:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            connection.execute("ROLLBACK")


@contextlib.contextmanager
def full_disk(world: World) -> Iterator[None]:
    """No file of the bot's can grow any more, and no new one hold anything."""
    hard = resource.prlimit(world.bot.pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(world.bot.pid, resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        # Not if the test has killed it.
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(world.bot.pid, resource.RLIMIT_FSIZE, (hard, hard))


@pytest.mark.parametrize("trouble", [pytest.param(locked, marks=pytest.mark.slow), full_disk])
def test_case_56_nothing_is_told_that_is_not_stored(world: World, trouble: Trouble) -> None:
    gate = world.gate()
    repo = world.repo(f"checks: {{slow: '{gate.script}'}}\n")
    sha = repo.commit({"n.txt": "1"})
    gate.wait()
    pushed, body = lost_push(world, world.repo(CONFIG))
    guid = str(uuid.uuid4())
    with trouble(world):
        gate.open()
        # The answer comes when the bot has waited in vain, and by then the job has ended.
        status, text = world.deliver(guid, "push", body)
        assert status == 503
        assert "sqlite" not in text and FILE not in text
        assert [run.conclusion for run in repo.check_runs(sha)] == [None]
        assert guid not in {row["id"] for row in world.table.rows("delivery")}
    # Nobody has to do anything but make room.
    assert world.concluded(sha)["slow"].conclusion == "success"
    (job,) = world.table.jobs(sha)
    assert (job["attempt"], job["reason"]) == (1, "ok")
    assert world.deliver(guid, "push", body)[0] == 202
    assert world.concluded(pushed)["quick"].conclusion == "success"


def test_case_56_a_killed_server_on_a_full_disk_goes_on_where_it_was(world: World) -> None:
    gate = world.gate()
    repo = world.repo(f'checks: {{slow: \'{gate.script}; echo "$DISHWASHER_SHA" >> "$LEDGER"\'}}\n')
    sha = repo.commit({"n.txt": "1"})
    gate.wait()
    pushed, body = lost_push(world, world.repo(CONFIG))
    with full_disk(world):
        gate.open()
        assert world.deliver(str(uuid.uuid4()), "push", body)[0] == 503
        world.bot.kill()
    world.bot.start()
    assert world.concluded(sha)["slow"].conclusion == "success"
    assert effects(world, sha) == 1
    # GitHub's log has told which deliveries were lost.
    assert world.concluded(pushed)["quick"].conclusion == "success"
    with world.table.open() as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_case_56_a_short_lock_is_waited_for(world: World) -> None:
    sha, body = lost_push(world, world.repo(CONFIG))
    answers = []
    sender = threading.Thread(
        target=lambda: answers.append(world.deliver(str(uuid.uuid4()), "push", body))
    )
    with locked(world):
        sender.start()
        sender.join(BUSY_SECONDS / 10)
        assert sender.is_alive()
    sender.join()
    assert answers[0][0] == 202
    assert world.concluded(sha)["quick"].conclusion == "success"


@pytest.fixture(scope="module")
def skewed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, Skew]]:
    """A bot whose clock is not that of its runners, in a zone that changes it by half an hour."""
    folder = tmp_path_factory.mktemp("skewed")
    skew = Skew(folder / "clock")
    world = World(folder, environment={**skew.environment, "TZ": "Australia/Lord_Howe"})
    try:
        yield world.start(), skew
    finally:
        world.close()
    assert world.github.violations == []


def set_clock(world: World, skew: Skew, seconds: float) -> None:
    """The bot's and GitHub's: GitHub takes no App whose clock is minutes away from its own."""
    skew.set(seconds)
    world.github.clock.advance(seconds - world.github.clock.offset)


@pytest.mark.parametrize("seconds", [-TEN_MINUTES, TEN_MINUTES])
def test_case_57_a_runner_whose_clock_differs_is_neither_lost_nor_doubled(
    skewed: tuple[World, Skew], seconds: float
) -> None:
    world, skew = skewed
    set_clock(world, skew, seconds)
    gate = world.gate()
    repo = world.repo(f'checks: {{slow: \'{gate.script}; echo "$DISHWASHER_SHA" >> "$LEDGER"\'}}\n')
    sha = repo.commit({"n.txt": "1"})
    gate.wait()
    (job,) = world.table.jobs(sha)
    # The runner's beats renew its lease by the bot's clock.
    world.table.wait(lambda: deadline(world, job["id"]) > job["deadline"] + 1, "beats")
    assert abs(deadline(world, job["id"]) - time.time() - seconds) < TEN_MINUTES / 10
    gate.open()
    run = world.concluded(sha)["slow"]
    assert run.conclusion == "success"
    assert run.started_at is not None and run.completed_at is not None
    assert run.started_at <= run.completed_at
    (job,) = world.table.jobs(sha)
    assert (job["attempt"], effects(world, sha)) == (1, 1)


def deadline(world: World, id: str) -> float:
    found = world.table.row("job", id)["deadline"]
    assert isinstance(found, float)
    return found


def test_case_57_a_clock_that_is_set_back_loses_no_runner_and_holds_up_no_verdict(
    skewed: tuple[World, Skew],
) -> None:
    world, skew = skewed
    set_clock(world, skew, 0.0)
    gate = world.gate()
    repo = world.repo(
        f"checks: {{slow: '{gate.script}'}}\n"
        'deployments: {live: {branch: master, run: echo "$DISHWASHER_SHA" >> "$LEDGER"}}\n'
    )
    sha = repo.commit({"n.txt": "1"})
    gate.wait()
    world.github.wait_for(
        lambda: any(run.status == "in_progress" for run in repo.check_runs(sha)), what="a job"
    )
    set_clock(world, skew, -TEN_MINUTES)
    gate.open()
    runs = world.concluded(sha, jobs=2)
    assert {run.conclusion for run in runs.values()} == {"success"}
    assert [job["attempt"] for job in world.table.jobs(sha)] == [1, 1]
    assert effects(world, sha) == 1
