"""Pull requests of strangers on a machine that has a jail: built at once, with nothing of ours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from dishwasher.core.approval import LOOKED
from dishwasher.core.sandbox import Level
from dishwasher.demo.github import CheckRun, PullRequest, Repo

from tests.e2e.world import World
from tests.runner.sandbox.levels import lacking

LEASE = 20.0
LACKS = lacking(Level.JAILED)
pytestmark = [
    pytest.mark.real("bwrap"),
    pytest.mark.skipif(bool(LACKS), reason=f"no jail here: {LACKS}"),
]
SHOW = "env | sort; id -u; git config --list"
CONFIG = f"checks:\n  lint: '{SHOW}'\n"
OWN = "checks:\n  own: echo the fork decides\ndeployments:\n  live: {branch: t, run: echo live}\n"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    environment = {
        "DISHWASHER_SANDBOX": "auto",
        "DISHWASHER_JOB_ENV": "LEDGER CANARY",
        "CANARY": "canary-of-the-team",
        "PIP_INDEX_URL": "https://canary:password@index.invalid/simple",
    }
    folder = tmp_path_factory.mktemp("jailed")
    world = World(folder, lease=LEASE, environment=environment)
    try:
        yield world.start()
    finally:
        world.close()
    assert world.github.violations == []


class Stranger:
    """Who has forked a repository and opened a pull request of the branch `t`."""

    def __init__(self, world: World, files: dict[str, str], config: str = CONFIG) -> None:
        self.world = world
        self.repo: Repo = world.repo(config)
        self.fork: Repo = self.repo.fork(f"stranger-{self.repo.id}")
        self.sha = self.fork.commit(files, branch="t")
        self.pull: PullRequest = self.repo.open_pull("t", fork=self.fork)

    def push(self, files: dict[str, str]) -> str:
        self.sha = self.fork.commit(files, branch="t")
        return self.sha

    def ended(self, name: str, runs: int = 1) -> CheckRun:
        """The latest check run of this name, once so many are there and all are over."""
        shown = f"dishwasher / {name}"

        def over() -> list[CheckRun]:
            found = self.repo.check_runs(self.sha, shown)
            done = len(found) >= runs and all(one.conclusion for one in found)
            return found if done else []

        self.world.github.wait_for(over, what=f"the end of {name}")
        return over()[-1]

    def log(self, run: CheckRun) -> str:
        path = run.details_url.removeprefix(self.world.bot.url)
        return self.world.bot.get(f"{path}/log").decode("utf-8", "replace")

    def say(self, body: str, user: str | None = None) -> int:
        return self.repo.comment(self.pull.number, body, user).id


def said(run: CheckRun) -> str:
    return (run.output.summary or "").replace("\\", "").replace("\u2060", "")


def test_a_fork_is_built_at_once_in_a_jail_and_finds_nothing_of_ours(world: World) -> None:
    stranger = Stranger(world, {"a.txt": "1"})
    run = stranger.ended("lint")
    log = stranger.log(run)
    assert run.conclusion == "success", log
    assert "canary" not in log and "LEDGER" not in log and "extraheader" not in log
    assert f"DISHWASHER_BRANCH=pull/{stranger.pull.number}" in log
    assert "It is built in a jail, without secrets." in said(run)
    assert "Sandbox: jailed" in said(run)


def test_a_team_s_pull_request_gets_what_the_operator_lets_through(world: World) -> None:
    repo = world.repo("checks: {lint: 'env | sort'}\n")
    sha = repo.commit({"a.txt": "1"}, branch="topic")
    repo.open_pull("topic")
    run = world.concluded(sha)["lint"]
    path = run.details_url.removeprefix(world.bot.url)
    assert b"canary-of-the-team" in world.bot.get(f"{path}/log")


def test_a_changed_configuration_counts_when_it_is_approved_and_until_the_next_push(
    world: World,
) -> None:
    stranger = Stranger(world, {".dishwasher.yml": OWN})
    run = stranger.ended("lint")
    assert "This pull request changes .dishwasher.yml; it takes effect when" in said(run)
    assert "It would add own, live and remove lint." in said(run)
    first = stranger.sha
    assert stranger.repo.check_runs(first, "dishwasher / own") == []
    approved = stranger.say(f"/approve {first}")
    own = stranger.ended("own")
    assert stranger.repo.reactions(approved) == ["eyes"]
    assert own.conclusion == "success" and "the fork decides" in stranger.log(own)
    assert "Approved by" in said(own) and "Sandbox: jailed" in said(own)
    # Never a deployment, whoever approves.
    assert stranger.repo.check_runs(first, "dishwasher / live") == []
    evil = OWN.replace("the fork decides", "something else")
    stranger.push({".dishwasher.yml": evil})
    again = stranger.ended("lint")
    assert "/approve" in said(again)
    assert stranger.repo.check_runs(stranger.sha, "dishwasher / own") == []
    # The approval was of the commit before, and the old comment names no other.
    late = stranger.say(f"/approve {first}")
    world.github.wait_for(lambda: stranger.repo.reactions(late), what="the refusal")
    assert stranger.repo.reactions(late) == ["-1"]
    assert stranger.repo.check_runs(stranger.sha, "dishwasher / own") == []


def test_an_approval_without_a_sha_is_of_a_commit_that_stood_before(world: World) -> None:
    stranger = Stranger(world, {".dishwasher.yml": OWN})
    stranger.ended("lint")
    world.github.clock.advance(LOOKED + 5)
    stranger.say("/approve")
    assert stranger.ended("own").conclusion == "success"


def test_the_author_can_not_approve_what_is_theirs(world: World) -> None:
    stranger = Stranger(world, {".dishwasher.yml": OWN})
    stranger.ended("lint")
    author = f"stranger-{stranger.repo.id}"
    id = stranger.say(f"/approve {stranger.sha}", author)
    world.github.wait_for(lambda: stranger.repo.reactions(id), what="the refusal")
    assert stranger.repo.reactions(id) == ["-1"]
    assert stranger.repo.check_runs(stranger.sha, "dishwasher / own") == []


def test_a_fork_can_not_reach_this_machine(world: World) -> None:
    port = world.bot.port
    probe = f"if (exec 3<>/dev/tcp/127.0.0.1/{port}) 2>/dev/null; then echo reached; fi; true"
    stranger = Stranger(world, {"a.txt": "1"}, f"checks:\n  lint: '{probe}'\n")
    run = stranger.ended("lint")
    assert run.conclusion == "success"
    assert "\nreached" not in stranger.log(run)


def test_a_stranger_puts_no_green_check_over_the_team_s_red_one(world: World) -> None:
    """By a pull request with the very same commit, into a branch that asks for less."""
    repo = world.repo("checks: {lint: 'false'}\n")
    repo.commit({".dishwasher.yml": "checks: {lint: 'true'}\n"}, branch="lax", message="[skip ci]")
    sha = repo.commit({"a.txt": "1"}, branch="topic")
    world.concluded(sha)
    fork = repo.fork(f"stranger-{repo.id}")
    fork.move("same", sha)
    number = repo.open_pull("same", fork=fork, base="lax").number

    def reason() -> str:
        rows = world.table.rows("delivery")
        mine = [one for one in rows if _number(one) == (repo.id, number)]
        return str(mine[0]["reason"]) if mine and mine[0]["stage"] == "ignored" else ""

    assert "the team's" in world.table.wait(reason, "the end of the stranger's pull request")
    assert [run.conclusion for run in repo.check_runs(sha)] == ["failure"]


def _number(delivery: dict[str, Any]) -> tuple[int, int]:
    """Repository and number of the pull request that a delivery is about."""
    event = delivery["event"] or {}
    request = event.get("pull_request") or {}
    return (event.get("repository") or {}).get("id", 0), request.get("number", 0)
