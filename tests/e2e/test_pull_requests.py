"""Pull requests from start to end: a branch's, a stranger's, one that is closed."""

from __future__ import annotations

import time
from pathlib import Path

from dishwasher.demo.github import CheckRun, Repo

from tests.e2e.world import World

EFFECT = 'echo "$DISHWASHER_SHA" >> "$LEDGER"'
CONFIG = f"""\
checks:
  lint: {EFFECT}
  tests: {{run: '{EFFECT}', needs: lint}}
deployments:
  live: {{branch: master, run: '{EFFECT}'}}
"""


def effects(world: World, sha: str) -> int:
    return world.bot.ledger.read_text().split().count(sha)


def test_a_pull_request_of_a_pushed_branch_is_built_once(world: World) -> None:
    repo = world.repo(CONFIG)
    sha = repo.commit({"a.txt": "1"}, branch="topic")
    pull = repo.open_pull("topic")
    runs = world.concluded(sha, jobs=2)
    assert {name: run.conclusion for name, run in runs.items()} == {
        "lint": "success",
        "tests": "success",
    }
    world.github.wait_idle()
    number = world.table.wait(
        lambda: [row["pull_request"] for row in builds(world, sha) if row["pull_request"]],
        "the pull request at its build",
    )
    assert number == [pull.number]
    assert effects(world, sha) == 2
    page = world.bot.get(f"/jobs/{runs['lint'].external_id}").decode()
    assert f"pull request #{pull.number}" in page


def builds(world: World, sha: str) -> list[dict[str, object]]:
    return [row for row in world.table.rows("build") if row["event"]["sha"] == sha]


def test_a_fork_is_refused_with_the_reason_where_there_is_no_jail(world: World) -> None:
    repo = world.repo(CONFIG)
    fork = repo.fork("stranger")
    hostile = f"checks: {{mine: '{EFFECT}'}}\ndeployments: {{x: {{branch: t, run: '{EFFECT}'}}}}\n"
    sha = fork.commit({".dishwasher.yml": hostile}, branch="t")
    pull = repo.open_pull("t", fork=fork)
    world.github.wait_for(lambda: repo.check_runs(sha), what="check runs")
    runs = world.concluded(sha, jobs=2)
    # The checks are those of the base branch: the stranger can not take one away.
    assert {name: run.conclusion for name, run in runs.items()} == {
        "lint": "action_required",
        "tests": "cancelled",
    }
    assert "runs only where it can be jailed" in (runs["lint"].output.summary or "")
    page = world.bot.get(f"/jobs/{runs['lint'].external_id}").decode()
    assert "Refused" in page and "can be jailed" in page
    # Pressing "Re-run" changes nothing as long as nothing else has changed.
    repo.rerun(runs["lint"].id)
    world.github.wait_for(lambda: len(repo.check_runs(sha)) == 4, what="the same answer again")
    again = world.github.wait_concluded(sha, at_least=4)
    assert "success" not in {run.conclusion for run in again}
    assert effects(world, sha) == 0
    assert pull.head_sha == sha


def test_a_strangers_commit_is_built_when_one_of_the_team_pushes_it(world: World) -> None:
    repo = world.repo(CONFIG)
    fork = repo.fork("visitor")
    sha = fork.commit({"a.txt": "1"}, branch="t")
    repo.open_pull("t", fork=fork)
    world.concluded(sha, jobs=2)
    repo.move("adopted", sha)

    def built() -> bool:
        latest = {run.name: run.conclusion for run in repo.check_runs(sha)}
        return set(latest.values()) == {"success"}

    world.github.wait_for(built, what="green checks")
    assert effects(world, sha) == 2


def test_closing_a_pull_request_cancels_what_runs_and_what_waits(world: World) -> None:
    gate = world.gate()
    # Three for two runners: two run, one is queued, and one is blocked by them.
    jobs = "".join(f"  run {n}: {gate.script}; {EFFECT}\n" for n in range(3))
    repo = world.repo(f"checks:\n{jobs}  last: {{run: '{EFFECT}', needs: run 0}}\n")
    sha = repo.commit({"a.txt": "1"}, branch="topic")
    pull = repo.open_pull("topic")
    gate.wait()
    gate.wait()
    world.github.wait_idle()
    world.table.wait(
        lambda: any(row["pull_request"] for row in builds(world, sha)), "the pull request"
    )
    repo.close(pull.number)
    runs = world.concluded(sha, jobs=4)
    assert {run.conclusion for run in runs.values()} == {"cancelled"}
    assert effects(world, sha) == 0
    assert gate.is_empty()
    # A reopened one is built again.
    gate.open(3)
    repo.reopen(pull.number)

    def green() -> list[CheckRun]:
        return [run for run in repo.check_runs(sha) if run.conclusion == "success"]

    world.github.wait_for(lambda: len(green()) == 4, what="four green checks")


def test_a_merge_does_not_cancel_the_builds_of_the_branch_it_went_to(world: World) -> None:
    repo = world.repo(CONFIG)
    head = repo.commit({"a.txt": "1"}, branch="topic")
    pull = repo.open_pull("topic")
    world.concluded(head, jobs=2)
    merged = repo.merge(pull.number)
    runs = world.concluded(merged, jobs=3)
    assert {run.conclusion for run in runs.values()} == {"success"}
    assert effects(world, merged) == 3
    assert deployed(repo, merged) == "success"


def deployed(repo: Repo, sha: str) -> str | None:
    (run,) = repo.check_runs(sha, "dishwasher / live")
    return run.conclusion


def test_what_is_superseded_ends_at_once_and_not_with_the_next_beat(tmp_path: Path) -> None:
    # As in production: a beat each twenty seconds.
    world = World(tmp_path, lease=60.0).start()
    try:
        gate = world.gate()
        repo = world.repo(f"checks: {{slow: '{gate.script}'}}\n")
        sha = repo.commit({"a.txt": "1"}, branch="topic")
        repo.open_pull("topic")
        gate.wait()
        began = time.monotonic()
        repo.commit({"a.txt": "2"}, branch="topic")
        (run,) = world.concluded(sha).values()
        took = time.monotonic() - began
    finally:
        world.open_gates()
        world.close()
    assert run.conclusion == "cancelled"
    assert took < 10
