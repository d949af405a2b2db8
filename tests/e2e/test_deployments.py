"""Deployments: only what is green, one at a time, in order, and again when a human says so."""

from __future__ import annotations

import os
import signal

from dishwasher.demo.github import CheckRun, Repo

from tests.e2e.gate import Gate
from tests.e2e.world import World

BEGIN, END = "echo begin-$DISHWASHER_SHA >> $LEDGER", "echo end-$DISHWASHER_SHA >> $LEDGER"
WORDS = ("begin", "end")
LIVE = "dishwasher / live"


def config(check: str, deploy: str) -> str:
    return f"""\
checks:
  tests:
    run: |
      {check}
deployments:
  live:
    branch: master
    run: |
      {BEGIN}
      {deploy}
      {END}
"""


def deployed(world: World, *shas: str) -> list[tuple[str, int]]:
    """(begin or end, which of these commits) in the order in which it happened."""
    lines = [line.split("-") for line in world.bot.ledger.read_text().split()]
    return [(word, shas.index(sha)) for word, sha in lines if sha in shas]


def live(repo: Repo, sha: str) -> CheckRun:
    return repo.check_runs(sha, LIVE)[-1]


def concluded(world: World, repo: Repo, sha: str) -> CheckRun:
    """The latest check run of the deployment, once it is over."""
    return world.github.wait_for(
        lambda: next(
            (run for run in repo.check_runs(sha, LIVE)[-1:] if run.status == "completed"), None
        ),
        what="the end of a deployment",
    )


def test_a_failing_check_keeps_a_commit_from_being_deployed(world: World) -> None:
    repo = world.repo(config("exit 1", "true"))
    runs = world.build(repo, jobs=2)
    assert runs["tests"].conclusion == "failure"
    assert runs["live"].conclusion == "cancelled"
    assert "because of tests" in (runs["live"].output.summary or "")
    assert deployed(world, runs["live"].head_sha) == []


def test_other_branches_have_no_check_run_for_the_deployment(world: World) -> None:
    repo = world.repo(config("true", "true"))
    sha = repo.commit({"a.txt": "1"}, branch="topic")
    assert set(world.concluded(sha)) == {"tests"}
    assert deployed(world, sha) == []


def test_two_pushes_deploy_in_order_and_one_at_a_time(world: World) -> None:
    gate = world.gate()
    repo = world.repo(config("true", gate.script))
    first = repo.commit({"a.txt": "1"})
    assert gate.wait() == first
    second = repo.commit({"a.txt": "2"})
    # The second is ready and waits for the first.
    world.github.wait_for(
        lambda: (
            [run.conclusion for run in repo.check_runs(second) if run.name.endswith("tests")]
            == ["success"]
        ),
        what="the second's check",
    )
    world.table.wait(lambda: waiting(world, repo), "the second in the environment's queue")
    assert live(repo, second).status == "queued"
    assert gate.is_empty()
    gate.open()
    assert gate.wait() == second
    gate.open()
    for sha in (first, second):
        assert concluded(world, repo, sha).conclusion == "success"
    assert deployed(world, first, second) == [("begin", 0), ("end", 0), ("begin", 1), ("end", 1)]


def waiting(world: World, repo: Repo) -> list[str]:
    return list(world.table.row("environment", f"{repo.id}/live")["waiting"])


def test_pushes_in_quick_succession_never_deploy_an_older_commit_last(world: World) -> None:
    repo = world.repo(config("true", "true"))
    shas = [repo.commit({"a.txt": f"{number}"}) for number in range(4)]
    ends = [concluded(world, repo, sha).conclusion for sha in shas]
    done = deployed(world, *shas)
    # Whoever was overtaken by a later commit was left out; the others came in their order.
    assert done == [(word, n) for n, end in enumerate(ends) if end == "success" for word in WORDS]
    assert set(ends) <= {"success", "cancelled"}
    assert ends[-1] == "success"


def test_a_commit_that_a_later_one_has_overtaken_is_not_deployed(world: World) -> None:
    gate = world.gate()
    slow = f"if [ -e slow ]; then {gate.script}; fi"
    repo = world.repo(config(slow, "true"))
    first = repo.commit({"slow": "1"})
    gate.wait()
    second = repo.commit({"slow": None})
    assert concluded(world, repo, second).conclusion == "success"
    gate.open()
    late = concluded(world, repo, first)
    assert late.conclusion == "cancelled"
    assert "later commit was deployed" in (late.output.summary or "")
    assert deployed(world, first, second) == [("begin", 1), ("end", 1)]


def test_a_deployment_that_failed_or_went_well_runs_again_by_hand(world: World) -> None:
    repo = world.repo(config("true", 'test -e "$LEDGER.ready"'))
    sha = repo.commit({"a.txt": "1"})
    assert concluded(world, repo, sha).conclusion == "failure"
    ready = world.bot.ledger.with_name("ledger.ready")
    ready.touch()
    for count in (2, 3):
        repo.rerun(live(repo, sha).id)
        world.github.wait_for(
            lambda count=count: len(repo.check_runs(sha, LIVE)) == count, what="a new check run"
        )
        assert concluded(world, repo, sha).conclusion == "success"
    # The check that was green is not run again for that.
    assert len(repo.check_runs(sha, "dishwasher / tests")) == 1
    assert deployed(world, sha) == [("begin", 0)] + 2 * [("begin", 0), ("end", 0)]
    ready.unlink()


def test_a_redelivered_push_deploys_nothing_again(world: World) -> None:
    repo = world.repo(config("true", "true"))
    world.github.hooks.duplicate("push")
    sha = repo.commit({"a.txt": "1"})
    assert concluded(world, repo, sha).conclusion == "success"
    delivery = next(
        row for row in reversed(world.github.deliveries("push")) if row.payload["after"] == sha
    )
    world.github.redeliver(delivery)
    world.github.wait_idle()
    world.wait_settled(sha)
    assert deployed(world, sha) == [("begin", 0), ("end", 0)]
    assert len(repo.check_runs(sha, LIVE)) == 1


def killed(world: World, repo: Repo, gate: Gate) -> str:
    """A commit whose deployment has begun when its runner dies."""
    sha = repo.commit({"a.txt": "killed"})
    gate.wait()
    for pid in world.bot.runners():
        os.kill(pid, signal.SIGKILL)
    return sha


def test_after_an_unknown_outcome_a_human_decides(world: World) -> None:
    gate = world.gate()
    repo = world.repo(config("true", gate.script))
    lost = killed(world, repo, gate)
    run = concluded(world, repo, lost)
    assert run.conclusion == "action_required"
    assert (run.output.title or "").startswith("The outcome is unknown")
    assert "Look at the environment" in (run.output.summary or "")
    following = repo.commit({"a.txt": "following"})
    locked = concluded(world, repo, following)
    assert locked.conclusion == "action_required"
    assert deployed(world, lost, following) == [("begin", 0)]
    gate.open(2)
    repo.rerun(locked.id)
    world.github.wait_for(
        lambda: len(repo.check_runs(following, LIVE)) == 2, what="a new check run"
    )
    assert concluded(world, repo, following).conclusion == "success"
    assert deployed(world, lost, following) == [("begin", 0), ("begin", 1), ("end", 1)]
