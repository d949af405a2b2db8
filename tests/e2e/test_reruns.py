"""The "Re-run" button of a check."""

from __future__ import annotations

from dishwasher.demo.github import CheckRun, Repo

from tests.e2e.world import World

CONFIG = """\
checks:
  flaky: {run: 'test -e "$LEDGER.mended"'}
  after: {run: "true", needs: flaky}
  other: {run: "true"}
"""


def named(repo: Repo, sha: str, name: str) -> list[CheckRun]:
    return repo.check_runs(sha, f"dishwasher / {name}")


def test_a_rerun_is_a_new_check_run_of_the_same_name_with_what_it_held_back(world: World) -> None:
    repo = world.repo(CONFIG)
    runs = world.build(repo, jobs=3)
    sha = runs["flaky"].head_sha
    assert {name: run.conclusion for name, run in runs.items()} == {
        "flaky": "failure",
        "after": "cancelled",
        "other": "success",
    }
    world.bot.ledger.with_name("ledger.mended").touch()
    repo.rerun(runs["flaky"].id)
    world.github.wait_for(lambda: len(repo.check_runs(sha)) == 5, what="two new check runs")
    world.github.wait_concluded(sha, at_least=5)
    assert [run.conclusion for run in named(repo, sha, "flaky")] == ["failure", "success"]
    assert [run.conclusion for run in named(repo, sha, "after")] == ["cancelled", "success"]
    assert len(named(repo, sha, "other")) == 1
    first, second = named(repo, sha, "flaky")
    assert first.details_url != second.details_url
    # The first one's page is still there.
    assert b"Failed" in world.bot.get(f"/jobs/{first.external_id}")


def test_a_check_that_still_runs_is_not_run_beside_itself(world: World) -> None:
    gate = world.gate()
    repo = world.repo(f"checks: {{slow: '{gate.script}'}}\n")
    sha = repo.commit({"a.txt": "1"})
    gate.wait()
    (run,) = world.github.wait_for(lambda: named(repo, sha, "slow"), what="a check run")
    repo.rerun(run.id)
    (reason,) = world.table.wait(
        lambda: [
            row["reason"]
            for row in world.table.rows("delivery")
            if row["name"] == "check_run"
            and row["event"]
            and row["event"]["sha"] == sha
            and row["stage"] == "ignored"
        ],
        "the answer to the button",
    )
    assert reason == "slow has not ended yet"
    gate.open()
    assert world.concluded(sha)["slow"].conclusion == "success"
    assert gate.is_empty()
