"""Cases 17, 20 and 37 on a running bot whose jobs are within walls: what a hostile push gets."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from dishwasher.core.sandbox import Level
from dishwasher.demo.github import CheckRun

from tests.e2e.world import World
from tests.runner.processes import running
from tests.runner.sandbox.levels import WALLED, lacking

LEASE = 20.0


def strongest() -> Level | None:
    """What jobs here get at most; None for no walls at all."""
    return next((level for level in WALLED if not lacking(level)), None)


LEVEL = strongest()
pytestmark = [
    pytest.mark.real("bwrap"),
    pytest.mark.skipif(LEVEL is None, reason=f"no walls here: {lacking(Level.CONFINED)}"),
]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    walls = {"DISHWASHER_SANDBOX": "auto", "DISHWASHER_JOB_PROCESSES": "80"}
    world = World(tmp_path_factory.mktemp("walled"), lease=LEASE, environment=walls)
    try:
        yield world.start()
    finally:
        world.close()


def log_of(world: World, check: CheckRun) -> str:
    path = check.details_url.removeprefix(world.bot.url)
    return world.bot.get(f"{path}/log").decode("utf-8", "replace")


def config(*steps: str) -> str:
    lines = "".join(f"      - {step!r}\n" for step in steps)
    return f"checks:\n  evil:\n    run:\n{lines}"


def test_case_17_a_daemon_of_a_job_is_gone_with_it(world: World) -> None:
    word = f"daemon-{os.getpid()}"
    daemon = f'setsid bash -c "(exec -a {word} sleep 600 &)" >/dev/null 2>&1; true'
    check = world.build(world.repo(config(daemon)))["evil"]
    assert check.conclusion == "success"
    assert running(word) == []


def test_case_20_a_fork_bomb_fails_its_job_and_the_next_one_runs(world: World) -> None:
    bomb = "bomb() { bomb | bomb & }; bomb; sleep 2; exit 1"
    check = world.build(world.repo(config(bomb)))["evil"]
    assert check.conclusion == "failure"
    after = world.build(world.repo(config("echo well")))["evil"]
    assert after.conclusion == "success"


def test_case_37_a_job_finds_nothing_of_the_server(world: World) -> None:
    data, pid = world.bot.data, world.bot.pid
    key = data.parent / "key.pem"
    look = (
        f"set +e; cat {key} {data}/*.db {data}/*.sqlite* /proc/{pid}/environ /proc/$PPID/environ; "
        f"cp -r {data} $DISHWASHER_ARTIFACTS/; ln -s {key} $DISHWASHER_ARTIFACTS/key; "
        "env; for fd in /proc/self/fd/*; do readlink $fd; done; true"
    )
    check = world.build(world.repo(config(look, f"kill -9 {pid} || true")))["evil"]
    log = log_of(world, check)
    secrets = (world.app.webhook_secret, key.read_text().splitlines()[1])
    assert all(secret not in log for secret in secrets), log
    assert "DISHWASHER_GITHUB" not in log
    assert f"[dishwasher] Sandbox: {LEVEL}: " in log
    opened = re.findall(r"^(/\S+|\w+:\[\d+\])$", log, re.MULTILINE)
    assert all(not Path(name).is_relative_to(data) for name in opened)
    assert check.conclusion == "success"
    assert f"Sandbox: {LEVEL}" in (check.output.summary or "")
    assert world.bot.get("/healthz")
