"""How the bot's runners come by a commit: over what the machine has, and without git."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from dishwasher.demo.github import CheckRun

from tests.e2e.world import World

PATH = "/usr/local/bin:/usr/bin:/bin"
OLD = '#!/bin/sh\necho "$*" >> {asked}\necho git version 2.20.1\n'


@pytest.fixture
def old(tmp_path: Path) -> Iterator[World]:
    """On a machine whose git is from 2018."""
    folder, asked = tmp_path / "bin", tmp_path / "asked"
    folder.mkdir()
    (folder / "git").write_text(OLD.format(asked=asked))
    (folder / "git").chmod(0o755)
    (tmp_path / "world").mkdir()
    world = World(tmp_path / "world", environment={"PATH": f"{folder}:{PATH}"})
    try:
        yield world.start()
    finally:
        world.close()
    assert world.github.violations == []
    # A runner that was stopped may not have come to ask.
    assert set(asked.read_text().split("\n")) == {"--version", ""}


@pytest.fixture
def usual(tmp_path: Path) -> Iterator[World]:
    (tmp_path / "world").mkdir()
    world = World(tmp_path / "world")
    try:
        yield world.start()
    finally:
        world.close()
    assert world.github.violations == []


def log_of(world: World, run: CheckRun) -> str:
    return world.bot.get(f"/jobs/{run.external_id}/log").decode()


def fetches(world: World) -> int:
    return len(world.github.requests(path="*/info/refs", kind="git"))


def test_a_machine_without_a_git_to_fetch_with_builds_by_tarball(old: World) -> None:
    config = """\
checks:
  tests: {run: "cat README; ls -a; test ! -e .git"}
  words: {uses: spelling}
"""
    repo = old.repo(config, {"README": "the readme\n"})
    runs = old.build(repo, jobs=2)
    log = log_of(old, runs["tests"])
    assert runs["tests"].conclusion == "success", log
    assert "\nthe readme\n" in log
    assert "By a tarball, because there is no git" in log
    assert runs["words"].conclusion == "failure"
    assert "This job needs the lines that were changed" in (runs["words"].output.summary or "")
    assert fetches(old) == 0
    assert "git 2.32 or newer is needed" in old.bot.log


def test_the_jobs_of_a_build_fetch_its_commit_once(usual: World) -> None:
    names = ("one", "two", "three")
    checks = "".join(f"  {name}: cat pushed.txt\n" for name in names)
    repo = usual.repo(f"checks:\n{checks}")
    for number in (1, 2):
        runs = usual.build(repo, jobs=len(names))
        assert {run.conclusion for run in runs.values()} == {"success"}
        assert fetches(usual) == number
    logs = [log_of(usual, run) for run in runs.values()]
    assert sum("All of it is on this machine already" in log for log in logs) == len(names) - 1
    kept = sorted(place.name for place in (usual.bot.data / "mirrors/trusted").iterdir())
    assert kept == [f"{repo.id}-commits", f"{repo.id}-commits.lock"]
