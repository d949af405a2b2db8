"""What every fleet does, asked of real runners that claim their tickets from a real server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from dishwasher.core.job import Reason
from dishwasher.core.size import ANY, Size
from dishwasher.core.ticket import Source
from dishwasher.errors import InfraError
from dishwasher.local.fleet import ProcessFleet
from dishwasher.ports import Fleet

from tests.aws.emulator import REGION, environment, require
from tests.aws.listener import Handler, Listener
from tests.fakes.clock import FakeClock
from tests.runner.conftest import MEASURED, PACKAGES
from tests.runner.forge import Forge
from tests.runner.processes import running
from tests.runner.server import CODE, Server, ticket

SMALL = Size("small", seconds=60.0, docker=False, jail=False)
WAIT = 60.0


@dataclass
class Place:
    """A fleet, the size to ask it for, and how to have it refuse."""

    fleet: Fleet
    size: Size
    refuse: Callable[[], object]


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Source]:
    forge = Forge(tmp_path / "forge")
    forge.folder.mkdir()
    forge.commit({"README": "hello\n"})
    yield Source(forge.url, forge.git("rev-parse", "HEAD"))
    forge.close()


@pytest.fixture
def serve(source: Source) -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def begin(attempt: str, *steps: str, **changes: Any) -> Server:
        servers.append(Server(ticket(source, *steps, **changes), attempt=attempt))
        return servers[-1]

    yield begin
    for server in servers:
        server.stop()


@contextmanager
def process(folder: Path) -> Iterator[Place]:
    environment = {"PATH": os.environ["PATH"], **MEASURED}
    fleet = ProcessFleet(folder, 2, environment, lambda attempt: None)
    try:
        yield Place(fleet, ANY, fleet.close)
    finally:
        fleet.close()


@contextmanager
def function(folder: Path) -> Iterator[Place]:
    """Lambda's API, whose function is a runner; nobody can end what it has begun."""
    from dishwasher.aws.clients import Clients
    from dishwasher.aws.function import LambdaFleet

    begun: list[subprocess.Popen[bytes]] = []
    refused = threading.Event()

    class Api(Handler):
        def do_POST(self) -> None:
            body = self.body()
            if not refused.is_set():
                begun.append(_runner(body, folder))
            self.tell(403 if refused.is_set() else 202)

    listener = Listener("Lambda", Api)
    listener.start()
    try:
        yield Place(
            LambdaFleet(Clients(REGION, listener.url), FakeClock(), "run"), ANY, refused.set
        )
    finally:
        listener.close()
        for runner in begun:
            runner.kill()
            runner.wait()


def _runner(body: bytes, folder: Path) -> subprocess.Popen[bytes]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": PACKAGES, **MEASURED}
    runner = subprocess.Popen(
        (sys.executable, "-m", "dishwasher.runner", str(folder)),
        env=environment,
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert runner.stdin is not None
    runner.stdin.write(json.dumps(json.loads(body)).encode())
    runner.stdin.close()
    return runner


@contextmanager
def codebuild(folder: Path) -> Iterator[Place]:
    """The project's own buildspec, with the runner's code from the archive alone."""
    from dishwasher.aws.archive import files
    from dishwasher.aws.clients import Clients
    from dishwasher.aws.codebuild import CodeBuildFleet

    from tests.aws.builder import PROJECT, CodeBuild

    archive = folder / "runner.tar.gz"
    with tarfile.open(archive, "w:gz", compresslevel=1) as packed:
        for name, path in files():
            if not name.startswith("bin/"):
                packed.add(path, name)
    service = CodeBuild(folder)
    try:
        clients = Clients(REGION, service.url)
        fleet = CodeBuildFleet(clients, FakeClock(), PROJECT, archive.as_uri)
        yield Place(fleet, SMALL, partial(setattr, service, "allowed", 0))
    finally:
        service.close()


PLACES = {"process": process, "lambda": function, "codebuild": codebuild}


ON_AWS = [pytest.param(name, marks=pytest.mark.slow) for name in ("lambda", "codebuild")]


@pytest.fixture(params=["process", *ON_AWS])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param != "process":
        require()
    folder = tmp_path / "place"
    folder.mkdir()
    with environment(), PLACES[request.param](folder) as made:
        yield made


def test_a_runner_comes_up_and_brings_its_result(
    place: Place, serve: Callable[..., Server]
) -> None:
    server = serve("b-0.1", "echo done")
    place.fleet.start(server.bootstrap, "7", place.size)
    result = server.result(WAIT)
    assert (result.reason, server.words[0]) == (Reason.OK, "claim")
    assert CODE.encode() in server.heard
    assert b"done" in server.log


def test_a_start_is_not_a_wait(place: Place, serve: Callable[..., Server]) -> None:
    """Both come up at once, though neither ends before the other has begun."""
    servers = [serve(f"b-{number}.1", "sleep 86230") for number in range(2)]
    for server in servers:
        place.fleet.start(server.bootstrap, "7", place.size)
    for server in servers:
        server.wait(lambda server=server: server.started, WAIT)
        server.cancel = True
    assert {server.result(WAIT).reason for server in servers} == {Reason.CANCELLED}


def test_a_runner_that_can_not_be_had_is_our_fault_and_begins_nothing(
    place: Place, serve: Callable[..., Server]
) -> None:
    place.refuse()
    server = serve("b-0.1", "echo done")
    with pytest.raises(InfraError):
        place.fleet.start(server.bootstrap, "7", place.size)
    assert server.words == []


# Nobody can end an invocation of Lambda: its runner is refused its next word, and ends by that.
@pytest.mark.parametrize(
    ("place", "says_so"),
    [("process", True), pytest.param("codebuild", False, marks=pytest.mark.slow)],
    indirect=["place"],
)
def test_who_is_stopped_ends(place: Place, says_so: bool, serve: Callable[..., Server]) -> None:
    server = serve("b-0.1", "sleep 86231")
    place.fleet.start(server.bootstrap, "7", place.size)
    server.wait(lambda: server.started, WAIT)
    place.fleet.stop("b-0.1")
    place.fleet.stop("b-0.1")
    until = time.monotonic() + WAIT
    while running("86231"):
        assert time.monotonic() < until, "it runs on"
    if says_so:
        assert server.result(WAIT).reason is Reason.CANCELLED


def test_to_stop_what_nobody_has_ends_nobody_else(
    place: Place, serve: Callable[..., Server]
) -> None:
    server = serve("b-0.1", "echo done")
    place.fleet.start(server.bootstrap, "7", place.size)
    place.fleet.stop("b-9.9")
    assert server.result(WAIT).reason is Reason.OK
