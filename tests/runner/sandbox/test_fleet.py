"""The fleet of a server at each level: who is let in, and what a killed runner leaves."""

from __future__ import annotations

import os
import select
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dishwasher.core.job import Reason
from dishwasher.core.sandbox import Level
from dishwasher.local.fleet import ProcessFleet
from dishwasher.runner import orphans

from tests.runner.conftest import Serve
from tests.runner.processes import running
from tests.runner.sandbox.levels import WALLED, at

EXIT_SECONDS = 40.0

Open = Callable[[Level], ProcessFleet]


@pytest.fixture
def ended() -> threading.Event:
    return threading.Event()


@pytest.fixture
def fleet(work: Path, ended: threading.Event) -> Iterator[Open]:
    fleets: list[ProcessFleet] = []

    def begin(level: Level) -> ProcessFleet:
        environment = {"PATH": os.environ["PATH"], "DISHWASHER_SANDBOX": level}
        fleets.append(ProcessFleet(work, 1, environment, lambda attempt: ended.set()))
        return fleets[-1]

    yield begin
    for one in fleets:
        one.close(stop=True)


@at(*WALLED, Level.PLAIN)
def test_who_is_not_trusted_is_jailed_or_refused(
    serve: Serve, fleet: Open, ended: threading.Event, level: Level
) -> None:
    server = serve("echo r''an", trusted=False)
    fleet(level).start(server.bootstrap)
    result = server.result()
    assert ended.wait(EXIT_SECONDS)
    if level is Level.JAILED:
        assert result.reason is Reason.OK, result.detail
        assert result.sandbox == level
        return
    assert result.reason is Reason.REFUSED
    assert f"this runner is {level}: " in result.detail
    assert (server.started, b"ran" in server.log) == ([], False)


@at(*WALLED, Level.PLAIN)
def test_what_a_killed_runner_leaves_is_ended_by_its_fleet(
    serve: Serve, fleet: Open, ended: threading.Event, level: Level
) -> None:
    word = f"left-{level}-{os.getpid()}"
    deaf = f"setsid bash -c \"trap '' TERM HUP INT; exec -a {word} sleep 600\" & "
    server = serve(f"{deaf} exec -a {word} sleep 600")
    begun = fleet(level)
    begun.start(server.bootstrap)
    server.wait(lambda: len(running(word)) == 2)
    # Seen before, for numbers are given out again.
    left = [os.pidfd_open(pid) for pid in running(word)]
    (runner,) = orphans.children(begun.pid)
    os.kill(runner, signal.SIGKILL)
    assert ended.wait(EXIT_SECONDS)
    for descriptor in left:
        assert select.select([descriptor], [], [], EXIT_SECONDS)[0]
        os.close(descriptor)
