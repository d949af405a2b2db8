"""GitHub's own command line, pointed at the stand-in, shows what Dishwasher has told it.

`gh` insists on https for hosts other than github.localhost, hence the front.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.demo.github.tls import Front
from tests.e2e.world import World

pytestmark = pytest.mark.real("gh")

SECONDS = 60
CONFIG = """\
checks:
  lint: "true"
  tests: "echo 'no such page'; exit 1"
"""

Gh = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(tmp_path_factory.mktemp("world"))
    try:
        yield world.start()
    finally:
        world.close()


@pytest.fixture
def gh(world: World, tmp_path: Path) -> Iterator[Gh]:
    """Runs it as a user who may read every repository."""
    with Front(tmp_path, world.github.url) as front:

        def run(*words: str, user: str) -> subprocess.CompletedProcess[str]:
            environment = {
                "PATH": os.environ["PATH"],
                "HOME": str(tmp_path),
                "NO_COLOR": "1",
                "NO_PROXY": "127.0.0.1",
                "SSL_CERT_FILE": str(front.certificate),
                "GH_HOST": front.host,
                "GH_ENTERPRISE_TOKEN": world.github.user(user).token,
                "GH_CONFIG_DIR": str(tmp_path / "gh"),
                "GH_NO_UPDATE_NOTIFIER": "1",
            }
            return subprocess.run(
                ["gh", *words], env=environment, capture_output=True, text=True, timeout=SECONDS
            )

        yield run


def test_gh_shows_the_checks_of_a_commit(world: World, gh: Gh) -> None:
    repo = world.repo(CONFIG)
    sha = world.build(repo, jobs=2)["lint"].head_sha
    owner = repo.full_name.partition("/")[0]
    shown = ".check_runs[] | [.name, .status, .conclusion] | @tsv"
    place = f"repos/{repo.full_name}/commits/{sha}/check-runs"
    done = gh("api", place, "--jq", shown, user=owner)
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(done.stdout.splitlines()) == [
        "dishwasher / lint\tcompleted\tsuccess",
        "dishwasher / tests\tcompleted\tfailure",
    ]
    runs = json.loads(gh("api", place, user=owner).stdout)["check_runs"]
    tests = next(run for run in runs if run["name"] == "dishwasher / tests")
    assert tests["app"]["slug"] == world.app.slug
    assert "exit 1" in tests["output"]["summary"]
    assert tests["details_url"].startswith(world.bot.url)


def test_gh_shows_the_checks_of_a_pull_request_and_fails_with_them(world: World, gh: Gh) -> None:
    repo = world.repo(CONFIG)
    repo.commit({"app.txt": "new"}, branch="topic")
    pull = repo.open_pull("topic")
    world.concluded(pull.head_sha, 2)
    owner = repo.full_name.partition("/")[0]
    done = gh("pr", "checks", str(pull.number), "--repo", repo.full_name, user=owner)
    rows = {line.split("\t")[0]: line.split("\t")[1:] for line in done.stdout.splitlines()}
    assert {name: row[0] for name, row in rows.items()} == {
        "dishwasher / lint": "pass",
        "dishwasher / tests": "fail",
    }
    run = world.concluded(pull.head_sha, 2)["lint"]
    assert rows["dishwasher / lint"][2] == run.details_url
    assert done.returncode == 1
    stranger = world.github.add_user("stranger").login
    hidden = gh("pr", "checks", str(pull.number), "--repo", repo.full_name, user=stranger)
    assert "Could not resolve to a Repository" in hidden.stderr
