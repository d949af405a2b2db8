"""A branch that deploys and has a pull request: each name once at its commit, each job once."""

from __future__ import annotations

from typing import Any

from tests.e2e.world import World

EFFECT = 'echo "$DISHWASHER_SHA $DISHWASHER_JOB" >> "$LEDGER"'
CONFIG = f"""\
checks:
  lint: {EFFECT}
  tests: {{run: '{EFFECT}', needs: lint}}
deployments:
  try: {{branch: topic, run: '{EFFECT}'}}
"""


def effects(world: World, sha: str) -> list[str]:
    lines = [line.split() for line in world.bot.ledger.read_text().splitlines()]
    return sorted(job for commit, job in lines if commit == sha)


def test_a_push_that_deploys_shares_the_checks_of_its_pull_request(world: World) -> None:
    repo = world.repo(CONFIG)
    first = repo.commit({"a.txt": "1"}, branch="topic")
    world.concluded(first, jobs=3)
    # What was deployed is not checked again for the pull request.
    pull = repo.open_pull("topic")
    world.github.wait_idle()
    second = repo.commit({"a.txt": "2"}, branch="topic")
    runs = world.concluded(second, jobs=3)
    assert {run.conclusion for run in runs.values()} == {"success"}
    world.wait_settled(second)
    assert len(repo.check_runs(first)) == len(repo.check_runs(second)) == 3
    for sha in (first, second):
        assert effects(world, sha) == ["lint", "tests", "try"]
    assert repo.pull(pull.number).head_sha == second


def test_a_push_that_deploys_checks_its_own_files_where_the_merge_has_others(world: World) -> None:
    repo = world.repo(CONFIG)
    repo.commit({"a.txt": "1"}, branch="topic")
    repo.open_pull("topic")
    repo.commit({"b.txt": "1"})
    sha = repo.commit({"a.txt": "2"}, branch="topic")
    runs = world.concluded(sha, jobs=3)
    world.wait_settled(sha)
    assert {run.conclusion for run in runs.values()} == {"success"}
    assert len(repo.check_runs(sha)) == 3
    # The merge's, and the head's own, of which nothing is shown but the deployment.
    assert effects(world, sha) == ["lint", "lint", "tests", "tests", "try"]
    assert "merging into master" in (runs["lint"].output.summary or "")


def test_a_draft_is_built_and_not_again_when_it_is_ready(world: World) -> None:
    repo = world.repo(f"checks: {{lint: '{EFFECT}'}}\n")
    sha = repo.commit({"a.txt": "1"}, branch="topic")
    pull = repo.open_pull("topic", draft=True)
    world.concluded(sha)
    repo.ready(pull.number)
    world.github.wait_idle()
    world.table.wait(
        lambda: [row for row in world.table.rows("delivery") if _is_ready(row, sha)],
        "the plan of the draft that is ready",
    )
    assert effects(world, sha) == ["lint"]
    assert len(repo.check_runs(sha)) == 1


def _is_ready(row: dict[str, Any], sha: str) -> bool:
    event = row["event"] or {}
    return (event.get("action"), event.get("sha"), row["stage"]) == (
        "ready_for_review",
        sha,
        "planned",
    )
