"""Mirrors between runners that are processes of their own, and die."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from dishwasher.core.job import Reason
from dishwasher.core.ticket import Source
from dishwasher.runner.mirror import Mirrors

from tests.runner.conftest import Launch, Serve
from tests.runner.forge import Forge

LIMIT = 10**9


@pytest.fixture
def kept(tmp_path: Path) -> Mirrors:
    return Mirrors(tmp_path / "mirrors", LIMIT)


@pytest.fixture
def numbered(source: Source) -> Source:
    return Source(source.url, source.sha, repository=7)


def fetches(forge: Forge) -> int:
    return sum(path.endswith("/info/refs") for path in forge.paths)


def test_two_jobs_at_once_fetch_once(
    serve: Serve, launch: Launch, forge: Forge, numbered: Source, kept: Mirrors, tmp_path: Path
) -> None:
    both = threading.Barrier(2, timeout=30.0)

    def wait(verb: str, before: int) -> None:
        if verb == "claim":
            both.wait()

    servers = [serve("cat README", source=numbered, fault=wait) for _ in range(2)]
    for number, server in enumerate(servers):
        server.attempt = f"job-{number}.1"
        launch(server, DISHWASHER_MIRRORS=str(kept.folder))
    for server in servers:
        assert server.result().reason is Reason.OK, server.result().detail
        assert b"hello\n" in server.log
    assert fetches(forge) == 1


def test_without_a_folder_for_them_each_job_fetches(
    serve: Serve, launch: Launch, forge: Forge, numbered: Source, tmp_path: Path
) -> None:
    for _ in range(2):
        runner = launch(serve("cat README", source=numbered))
        assert runner.wait(20) == 0
    assert fetches(forge) == 2


def test_a_runner_that_is_killed_in_its_fetch_holds_nobody_up(
    serve: Serve, launch: Launch, forge: Forge, numbered: Source, kept: Mirrors, tmp_path: Path
) -> None:
    mirror = kept.of(7, trusted=True, history=False)
    hanging, free = threading.Event(), threading.Event()

    def hang(path: str) -> None:
        if path.endswith("/git-upload-pack") and not free.is_set():
            hanging.set()
            free.wait()

    forge.fault = hang
    runner = launch(serve("true", source=numbered), DISHWASHER_MIRRORS=str(kept.folder))
    assert hanging.wait(20)
    runner.kill()
    runner.wait()
    free.set()
    # As git leaves them when it is killed a moment later.
    (mirror.place / "shallow.lock").touch()
    server = serve("cat README", source=numbered)
    server.attempt = "job-2.1"
    launch(server, DISHWASHER_MIRRORS=str(kept.folder))
    assert server.result().reason is Reason.OK
    assert b"The mirror on this machine is damaged: it is made anew" in server.log
    assert mirror.holds([numbered.sha])
