"""A build installs its dependencies once, over the real server and real runners (31)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from dishwasher.demo.github import Repo

from tests.e2e.world import World

NPM = """\
#!/bin/sh
echo "$PWD" >>"{calls}"
mkdir -p node_modules/dep
cp package-lock.json node_modules/dep/index.js
"""
CONFIG = """\
dependencies: npm ci
checks:
  lint: cat node_modules/dep/index.js > "$DISHWASHER_ARTIFACTS/seen"
  tests:
    needs: lint
    run: cat node_modules/dep/index.js > "$DISHWASHER_ARTIFACTS/seen"
"""


class Site:
    def __init__(self, world: World, calls: Path) -> None:
        self.world, self._calls = world, calls
        self.repo: Repo = world.repo(CONFIG, {"package.json": "{}", "package-lock.json": "one"})

    def push(self, files: dict[str, str], branch: str = "master") -> tuple[int, str]:
        """How often the build of this commit installed, and what its last job saw."""
        before = self.installed
        sha = self.repo.commit(files, branch=branch)
        runs = self.world.concluded(sha, jobs=2)
        assert {run.conclusion for run in runs.values()} == {"success"}
        id = runs["tests"].external_id
        seen = self.world.bot.get(f"/jobs/{id}/artifacts/seen").decode()
        self.log = self.world.bot.get(f"/jobs/{id}/log").decode()
        return self.installed - before, seen

    @property
    def installed(self) -> int:
        return len(self._calls.read_text().splitlines()) if self._calls.exists() else 0


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    (tmp_path / "bin").mkdir()
    npm, calls = tmp_path / "bin/npm", tmp_path / "calls"
    npm.write_text(NPM.format(calls=calls))
    npm.chmod(0o755)
    environment = {
        "PATH": f"{npm.parent}:{os.environ['PATH']}",
        "DISHWASHER_INSTALL_SECONDS": "0",
    }
    world = World(tmp_path, environment=environment)
    try:
        yield Site(world.start(), calls)
    finally:
        world.close()
    assert world.github.violations == []


def test_a_build_installs_once_and_no_branch_uses_what_another_has_installed(site: Site) -> None:
    assert site.push({"a": "1"}) == (1, "one")
    assert "installed by lint of build " in site.log
    assert "in place of:\n[dishwasher]   npm ci\n" in site.log
    assert site.push({"a": "2"}) == (0, "one")
    # What the default branch has is everybody's, and what a branch has is its own.
    assert site.push({"a": "3"}, branch="topic") == (0, "one")
    assert site.push({"package-lock.json": "two"}, branch="topic") == (1, "two")
    assert site.push({"a": "4"}, branch="topic") == (0, "two")
    assert site.push({"package-lock.json": "two"}) == (1, "two")
