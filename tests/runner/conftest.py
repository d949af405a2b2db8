"""A forge with one small repository, and runners as real processes against a real server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dishwasher
import pytest
from dishwasher.core.codec import encode
from dishwasher.core.ticket import Source

from tests.runner.forge import Forge
from tests.runner.job import Jobs, jobs
from tests.runner.server import Fault, Server, ticket
from tests.runner.shop import Begin, Job, Shop

PACKAGES = str(Path(dishwasher.__file__).parents[1])
# With `patch = ["subprocess"]`, coverage measures child processes that see its variables.
MEASURED = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}

# Steps of most tests write where only a job without walls may; tests/runner/sandbox has the others.
OWN = {"PATH": os.environ["PATH"], "PYTHONPATH": PACKAGES, "DISHWASHER_SANDBOX": "plain"}

Serve = Callable[..., Server]
Launch = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[Forge]:
    forge = Forge(tmp_path / "forge")
    forge.folder.mkdir()
    forge.commit({"README": "hello\n"})
    yield forge
    forge.close()


@pytest.fixture
def source(forge: Forge) -> Source:
    return Source(forge.url, forge.git("rev-parse", "HEAD"))


@pytest.fixture
def serve(source: Source) -> Iterator[Serve]:
    """serve(*steps, fault=…, **changes of the ticket) → the server that hands that ticket out."""
    servers: list[Server] = []

    def begin(*steps: str, fault: Fault = lambda verb, before: None, **changes: Any) -> Server:
        servers.append(Server(ticket(changes.pop("source", source), *steps, **changes), fault))
        return servers[-1]

    yield begin
    for server in servers:
        server.stop()


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


@pytest.fixture
def launch(work: Path) -> Iterator[Launch]:
    """launch(server, *words, NAME=value, …) → a runner process with that in its environment.

    The words are those of a program that starts it.
    """
    runners: list[subprocess.Popen[bytes]] = []

    def begin(server: Server, *before: str, **environment: str) -> subprocess.Popen[bytes]:
        runner = subprocess.Popen(
            (*before, sys.executable, "-m", "dishwasher.runner", str(work)),
            env={**OWN, **MEASURED, **environment},
            stdin=subprocess.PIPE,
        )
        runners.append(runner)
        assert runner.stdin is not None
        runner.stdin.write(json.dumps(encode(server.bootstrap)).encode())
        runner.stdin.close()
        return runner

    yield begin
    for runner in runners:
        try:
            # It has only its workspace to remove; killed, it could not say what was covered.
            runner.wait(10 if runner.returncode is None else 0)
        finally:
            runner.kill()
            runner.wait()


@pytest.fixture
def job(tmp_path: Path) -> Iterator[Jobs]:
    with jobs(tmp_path) as made:
        yield made


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "shop")


@pytest.fixture
def begin(shop: Shop, tmp_path: Path) -> Begin:
    (tmp_path / "jobs").mkdir()
    return lambda *wanted, **bounds: Job(shop, tmp_path / "jobs", *wanted, **bounds)
