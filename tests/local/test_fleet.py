"""The fleet with real runners: forked, counted, killed, orphaned, and cut off from the server."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from dishwasher.core.job import Reason
from dishwasher.core.ticket import Bootstrap, Source
from dishwasher.errors import InfraError
from dishwasher.local.fleet import ProcessFleet
from dishwasher.runner.orphans import children

from tests.runner.conftest import MEASURED, PACKAGES
from tests.runner.forge import Forge
from tests.runner.processes import running
from tests.runner.server import Server, ticket

WAIT = 20.0


class Exits:
    """Remembers whose runner ended."""

    def __init__(self) -> None:
        self.attempts: list[str] = []
        self._changed = threading.Condition()

    def __call__(self, attempt: str) -> None:
        with self._changed:
            self.attempts.append(attempt)
            self._changed.notify_all()

    def wait(self, count: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.attempts) >= count, WAIT)


@pytest.fixture
def exits() -> Exits:
    return Exits()


@pytest.fixture
def work(tmp_path: Path) -> Path:
    return tmp_path / "work"


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """serve(*steps) → a server whose attempt is named by its number."""
    forge = Forge(tmp_path / "forge")
    forge.folder.mkdir()
    source = Source(forge.url, forge.commit({"README": "hello\n"}))
    servers: list[Server] = []

    def begin(*steps: str) -> Server:
        servers.append(Server(ticket(source, *steps), attempt=f"job.{len(servers) + 1}"))
        return servers[-1]

    yield begin
    for server in servers:
        server.stop()
    forge.close()


Begin = Callable[..., Server]


@pytest.fixture
def fleet(work: Path, exits: Exits, serve: Begin) -> Iterator[ProcessFleet]:
    # Asked for `serve`, so that the servers are still there when the last runners report.
    host = {**os.environ, "AWS_SECRET_ACCESS_KEY": "canary", "DISHWASHER_GITHUB_APP_ID": "canary"}
    host["DISHWASHER_JOB_ENV"] = " ".join(MEASURED)
    # What a job can do to others is shown here, so no exhausted keeps it from trying.
    host["DISHWASHER_SANDBOX"] = "plain"
    fleet = ProcessFleet(work, 2, host, exits)
    yield fleet
    fleet.close(stop=True)


def wait_for(pid: int) -> None:
    """Return when that process has ended."""
    with contextlib.suppress(ProcessLookupError):
        descriptor = os.pidfd_open(pid)
        try:
            assert select.select([descriptor], [], [], WAIT)[0], f"{pid} is still there"
        finally:
            os.close(descriptor)


def kill_and_wait(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    wait_for(pid)


def test_runners_are_forked_and_their_end_is_told(
    fleet: ProcessFleet, serve: Begin, exits: Exits, work: Path
) -> None:
    for count in (1, 2, 3):
        server = serve("cat README")
        assert fleet.wait_for_slot(WAIT)
        fleet.start(server.bootstrap)
        assert server.result().reason is Reason.OK
        exits.wait(count)
    assert exits.attempts == ["job.1", "job.2", "job.3"]
    assert fleet.free_slots() == 2
    assert list(work.iterdir()) == []


def test_no_more_runners_than_slots(fleet: ProcessFleet, serve: Begin, exits: Exits) -> None:
    first, second, third = (serve("until [ -e $HOME/go ]; do sleep .02; done") for _ in range(3))
    fleet.start(first.bootstrap)
    fleet.start(second.bootstrap)
    assert not fleet.wait_for_slot(0.0)
    with pytest.raises(InfraError, match="all 2 runners are busy"):
        fleet.start(third.bootstrap)
    first.wait(lambda: first.started)
    fleet.stop("job.1")
    assert first.result().reason is Reason.CANCELLED
    assert fleet.wait_for_slot(WAIT)
    fleet.start(third.bootstrap)
    third.wait(lambda: third.started)


def test_a_killed_runner_is_noticed_at_once_and_leaves_nothing(
    fleet: ProcessFleet, serve: Begin, exits: Exits, work: Path
) -> None:
    server = serve("(setsid sleep 86231 &) ; echo up; sleep 86231")
    fleet.start(server.bootstrap)
    server.wait(lambda: b"up" in server.log)
    (runner,) = children(fleet.pid)
    os.kill(runner, signal.SIGKILL)
    exits.wait(1)
    assert running("86231") == []
    after = serve("true")
    fleet.start(after.bootstrap)
    assert after.result().reason is Reason.OK
    exits.wait(2)
    fleet.close(stop=True)
    assert list(work.iterdir()) == []


def test_a_runner_outlives_its_zygote_and_keeps_its_slot(
    fleet: ProcessFleet, serve: Begin, exits: Exits, work: Path
) -> None:
    server = serve("until [ -e $HOME/go ]; do sleep .02; done")
    fleet.start(server.bootstrap)
    server.wait(lambda: server.started)
    kill_and_wait(fleet.pid)
    after = serve("true")
    fleet.start(after.bootstrap)
    assert after.result().reason is Reason.OK
    exits.wait(1)
    assert exits.attempts == ["job.2"]
    assert fleet.free_slots() == 1
    (work / "job.1" / "home" / "go").touch()
    assert server.result().reason is Reason.OK
    exits.wait(2)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_runner_whose_zygote_dies_can_be_stopped(
    fleet: ProcessFleet, serve: Begin, exits: Exits, work: Path, when: str
) -> None:
    server = serve("sleep 86232")
    fleet.start(server.bootstrap)
    server.wait(lambda: server.started)
    zygote = fleet.pid
    if when == "before":
        kill_and_wait(zygote)
    else:
        # It takes the order with it into its grave.
        os.kill(zygote, signal.SIGSTOP)
    fleet.stop("job.1")
    if when == "after":
        os.kill(zygote, signal.SIGKILL)
    assert server.result().reason is Reason.CANCELLED
    exits.wait(1)


def test_a_bootstrap_that_no_zygote_read_counts_as_ended(
    fleet: ProcessFleet, serve: Begin, exits: Exits, work: Path
) -> None:
    server = serve("true")
    zygote = fleet.pid
    os.kill(zygote, signal.SIGSTOP)
    fleet.start(server.bootstrap)
    os.kill(zygote, signal.SIGKILL)
    exits.wait(1)
    assert server.words == []
    assert fleet.free_slots() == 2


SERVER = """
import json, os, sys
from pathlib import Path
from dishwasher.core.ticket import Bootstrap
from dishwasher.local.fleet import ProcessFleet
fleet = ProcessFleet(Path(sys.argv[1]), 2, dict(os.environ), print)
fleet.start(Bootstrap(*sys.argv[2:]))
sys.stdin.read()
"""


def test_a_zygote_that_is_stopped_is_replaced(work: Path, exits: Exits, serve: Begin) -> None:
    fleet = ProcessFleet(work, 1, os.environ, exits, silence=0.2)

    def free() -> None:
        """As the loop that dispatches does it, until there is a slot again."""
        end = time.monotonic() + WAIT
        while not fleet.wait_for_slot(0.05):
            assert time.monotonic() < end

    try:
        working = serve("until [ -e $HOME/go ]; do echo up; sleep .02; done")
        fleet.start(working.bootstrap)
        working.wait(lambda: b"up" in working.log)
        os.kill(stopped := fleet.pid, signal.SIGSTOP)
        assert not fleet.wait_for_slot(0.5), "its runner works, and keeps the slot"
        working.cancel = True
        assert working.result().reason is Reason.CANCELLED
        free()
        unread = serve("true")
        fleet.start(unread.bootstrap)
        assert fleet.pid != stopped
        exits.wait(2)
        os.kill(stopped := fleet.pid, signal.SIGSTOP)
        fleet.start(serve("true").bootstrap)
        free()
        last = serve("true")
        fleet.start(last.bootstrap)
        assert fleet.pid != stopped
        assert last.result().reason is Reason.OK
    finally:
        fleet.close(stop=True)
    assert exits.attempts == ["job.1", "job.2", "job.3", "job.4"]


def test_a_stopped_runner_without_a_zygote_is_killed(
    work: Path, exits: Exits, serve: Begin
) -> None:
    fleet = ProcessFleet(work, 1, os.environ, exits, kill_seconds=0.2)
    server = serve("echo up; sleep 86232")
    fleet.start(server.bootstrap)
    server.wait(lambda: b"up" in server.log)
    (runner,) = children(fleet.pid)
    os.kill(runner, signal.SIGSTOP)
    kill_and_wait(fleet.pid)
    fleet.stop("job.1")
    exits.wait(1)
    assert fleet.free_slots() == 1
    for pid in running("86232"):
        os.kill(pid, signal.SIGKILL)
    fleet.close(stop=True)


def test_a_job_that_removes_the_folder_of_all_jobs_harms_itself_alone(
    fleet: ProcessFleet, serve: Begin, exits: Exits, work: Path
) -> None:
    for step in (f"rm -rf {work}", "true"):
        server = serve(step)
        assert fleet.wait_for_slot(WAIT)
        fleet.start(server.bootstrap)
        assert server.result().reason is Reason.OK
    exits.wait(2)


def test_runners_outlive_the_server_and_bring_home_their_results(serve: Begin, work: Path) -> None:
    server = serve("until [ -e $HOME/go ]; do sleep .02; done; (setsid sleep 86233 &)")
    words: Bootstrap = server.bootstrap
    mother = subprocess.Popen(
        (sys.executable, "-c", SERVER, str(work), words.url, words.attempt, words.code),
        env={**os.environ, "PYTHONPATH": PACKAGES},
        stdin=subprocess.PIPE,
    )
    with mother:
        server.wait(lambda: server.started)
        mother.kill()
    (work / "job.1" / "home" / "go").touch()
    assert server.result().reason is Reason.OK
    for pid in running(str(work)):
        wait_for(pid)
    assert running("86233") == []
    assert list(work.iterdir()) == []


def test_a_workspace_that_nobody_holds_is_removed_at_the_start(
    tmp_path: Path, exits: Exits
) -> None:
    work = tmp_path / "leftovers"
    sealed = work / "job.9" / "checkout" / "sealed"
    sealed.mkdir(parents=True)
    (sealed / "file").touch()
    sealed.chmod(0o500)
    fleet = ProcessFleet(work, 1, os.environ, exits)
    fleet.close(stop=True)
    assert list(work.iterdir()) == []


def test_a_second_close_and_a_late_start_are_told(
    fleet: ProcessFleet, serve: Begin, exits: Exits
) -> None:
    fleet.close(stop=True)
    fleet.close()
    with pytest.raises(InfraError, match="closed"):
        fleet.start(replace(serve("true").bootstrap, attempt="job.1"))
    assert exits.attempts == []


def test_the_servers_secrets_reach_neither_zygote_nor_runner(
    fleet: ProcessFleet, serve: Begin
) -> None:
    server = serve("env")
    fleet.start(server.bootstrap)
    server.result()
    assert b"PATH=" in server.log
    assert b"canary" not in server.log
    assert b"PYTHONPATH" not in server.log
    environment = Path(f"/proc/{fleet.pid}/environ").read_bytes()
    assert b"PATH=" in environment
    assert b"canary" not in environment


def test_a_runner_that_is_hurried_asks_for_its_orders_at_once(
    fleet: ProcessFleet, serve: Begin, exits: Exits
) -> None:
    server = serve("sleep 86233")
    limits = replace(server.ticket.limits, beat_seconds=300.0, lease_seconds=600.0)
    server.ticket = replace(server.ticket, limits=limits)
    fleet.start(server.bootstrap)
    server.wait(lambda: server.started)
    server.cancel = True
    fleet.hurry("job.1")
    assert server.result().reason is Reason.CANCELLED
    exits.wait(1)
    # Nobody is there any more to be hurried.
    fleet.hurry("job.1")


def test_a_runner_that_can_not_hear_yet_does_not_die_of_being_hurried(
    fleet: ProcessFleet, serve: Begin
) -> None:
    server = serve("cat README")
    fleet.start(server.bootstrap)
    for _ in range(50):
        fleet.hurry("job.1")
    assert server.result().reason is Reason.OK
