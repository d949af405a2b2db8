"""A server that is stopped, started and watched while it works."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.bot import Bot
from tests.e2e.world import World

SECONDS = 20.0
LEASE = 24.0
"""Seconds: a runner has to outlive a server that is away."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(tmp_path_factory.mktemp("world"), lease=LEASE)
    try:
        yield world.start()
    finally:
        world.close()
    assert world.github.violations == []


def told(bot: Bot, *signals: signal.Signals) -> tuple[int, str]:
    """Exit code, and what it still says, of a server that gets these signals."""
    process = bot._process
    assert process is not None
    for one in signals:
        os.kill(process.pid, one)
    out, _ = process.communicate(timeout=SECONDS)
    return process.returncode, out


def test_a_stop_leaves_jobs_at_work_to_the_next_start(world: World) -> None:
    gate = world.gate()
    repo = world.repo(f"checks: {{slow: {{run: {gate.script}}}}}\n")
    sha = repo.commit({"a.txt": "1"})
    gate.wait()
    code, out = told(world.bot, signal.SIGTERM)
    assert code == 0
    assert "1 job goes on without the server, and tells the next start how it went" in out
    gate.open()
    world.bot.start()
    assert world.concluded(sha)["slow"].conclusion == "success"
    assert repo.check_runs(sha)[0].conclusion == "success"


def test_a_second_signal_ends_it_at_once(world: World) -> None:
    gate = world.gate()
    sha = world.repo(f"checks: {{slow: {{run: {gate.script}}}}}\n").commit({"a.txt": "1"})
    gate.wait()
    # Giving back its tokens takes long now.
    world.github.fail("delay", "/installation/token", "DELETE", times=100, seconds=2)
    process = world.bot._process
    assert process is not None and process.stdout is not None
    process.terminate()
    while "goes on without the server" not in process.stdout.readline():
        assert process.poll() is None
    code, _ = told(world.bot, signal.SIGTERM)
    assert code == 128 + signal.SIGTERM
    world.github.faults.clear()
    gate.open()
    world.bot.start()
    assert world.concluded(sha)["slow"].conclusion == "success"


def test_its_numbers_say_what_it_does(world: World) -> None:
    gate = world.gate()
    repo = world.repo(f"checks: {{slow: {{run: {gate.script}}}}}\n")
    sha = repo.commit({"a.txt": "1"})
    gate.wait()
    busy = world.bot.get("/metrics").decode()
    assert 'dishwasher_runners{state="busy"} 1\n' in busy
    assert 'dishwasher_jobs{state="running"} 1\n' in busy
    gate.open()
    world.concluded(sha)
    world.wait_settled(sha)
    after = world.bot.get("/metrics").decode()
    assert 'dishwasher_jobs{state="running"} 0\n' in after
    assert re.search(r'dishwasher_jobs_concluded_total\{reason="ok"\} \d+\n', after)
    assert repo.full_name not in after and sha not in after


def test_it_is_stopped_by_a_key_and_logs_as_it_is_asked_to(tmp_path: Path) -> None:
    world = World(tmp_path, environment={"DISHWASHER_LOG": "json"}).start()
    try:
        code, _ = told(world.bot, signal.SIGINT)
        assert code == 0
        world.bot.start()
        sha = world.repo('checks: {ok: {run: "true"}}\n').commit({"a.txt": "1"})
        assert world.concluded(sha)["ok"].conclusion == "success"
        world.wait_settled(sha)
        (job,) = world.table.jobs(sha)
        (delivery,) = (row["id"] for row in world.table.rows("delivery") if row["build"])
        lines = {line["what"]: line for line in map(json.loads, world.bot.log.splitlines())}
        short = job["build"][:8]
        ids = {"delivery": delivery, "build": short}
        assert lines["planned"].items() >= ids.items()
        assert lines["concluded"].items() >= {**ids, "job": f"{short}-0"}.items()
        assert lines["reported"].items() >= {"build": short, "job": f"{short}-0"}.items()
        # Who knows the whole id may read the pages.
        assert job["build"] not in world.bot.log
    finally:
        world.close()
