"""Cases 42 to 45: what people read under a pull request and on the page of deployments."""

from __future__ import annotations

import contextlib
import os
import signal

import pytest
from dishwasher.core.comment import MARKER
from dishwasher.demo.github import CheckRun, Repo

from tests.e2e.gate import Gate
from tests.e2e.world import World

CHECK = "checks: {lint: {run: 'test -e fixed'}}\n"
DEPLOY = "deployments: {staging: {branch: master, run: '%s'}}\n"


def test_case_42_a_copy_of_our_comment_is_left_alone_and_names_are_inert(world: World) -> None:
    repo = world.repo(CHECK)
    world.github.add_user("mallory")
    sha = repo.commit({"a": "1"}, branch="@org/<img>#1")
    pull = repo.open_pull("@org/<img>#1", title=f"@org/team #1 {MARKER}")
    copied = f"**All clear**\n\n{MARKER}"
    repo.comment(pull.number, copied, user="mallory")
    world.concluded(sha)
    world.github.wait_for(lambda: len(repo.comments(pull.number)) == 2, what="our comment")
    repo.rerun(world.concluded(sha)["lint"].id)
    world.github.wait_for(lambda: len(repo.check_runs(sha)) == 2, what="a re-run")
    world.github.wait_concluded(sha, at_least=2)
    world.wait_settled(sha)
    theirs, ours = repo.comments(pull.number)
    assert theirs.body == copied
    assert ours.body.startswith("**1 of 1 check failed**: lint")
    assert "@org" not in ours.body and "<img" not in ours.body


def test_case_43_a_deployment_is_announced_once_however_often_its_push_is_delivered(
    world: World,
) -> None:
    repo = world.repo(DEPLOY % "true")
    world.github.fail("timeout-after", f"/repos/{repo.full_name}/deployments", "POST")
    sha = repo.commit({"a": "1"})
    run = world.concluded(sha)["staging"]
    world.wait_settled(sha)
    (made,) = repo.deployments()
    assert [status.state for status in repo.statuses(made.id)][-1] == "success"
    # Someone who clicks wants it once more.
    repo.rerun(run.id)
    world.github.wait_for(lambda: len(repo.deployments()) == 2, what="a second deployment")
    world.github.wait_concluded(sha, at_least=2)


def test_case_44_of_two_that_wait_the_later_commit_is_deployed(world: World) -> None:
    gate = world.gate()
    repo = world.repo(DEPLOY % gate.script)
    first = repo.commit({"a": "1"})
    gate.wait()
    second = repo.commit({"a": "2"})
    world.github.wait_for(lambda: repo.check_runs(second), what="the second")
    world.github.wait_idle()
    third = repo.commit({"a": "3"})
    world.github.wait_for(lambda: repo.check_runs(third), what="the third")
    world.wait_settled(third)
    gate.open(2)
    ends = {sha: world.concluded(sha)["staging"].conclusion for sha in (first, second, third)}
    assert ends == {first: "success", second: "cancelled", third: "success"}


EFFECT = 'echo "$DISHWASHER_SHA" >> "$LEDGER"'
UNKNOWN = "The outcome is unknown"


def effects(world: World, sha: str) -> int:
    """How often the commands of this commit's deployment have begun."""
    return world.bot.ledger.read_text().split().count(sha)


def cut_off(world: World, repo: Repo, gate: Gate, how: str) -> CheckRun:
    """The check run of a deployment that ended after its effect and before its end."""
    sha = repo.commit({"cut.txt": how})
    gate.wait()
    if how == "server":
        world.bot.kill()
    if how in ("runner", "server"):
        for pid in world.bot.runners():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    if how == "server":
        world.bot.start()
    return world.concluded(sha)["live"]


@pytest.mark.parametrize("how", ["runner", "server", "timeout"])
def test_case_45_a_deployment_that_was_cut_off_is_never_repeated_by_itself(
    world: World, how: str
) -> None:
    gate = world.gate()
    limit = "timeout: 3s, " if how == "timeout" else ""
    repo = world.repo(
        f"deployments: {{live: {{branch: master, {limit}run: '{EFFECT}; {gate.script}'}}}}\n"
    )
    run = cut_off(world, repo, gate, how)
    sha = run.head_sha
    assert (run.conclusion, (run.output.title or "").startswith(UNKNOWN)) == ("action_required", 1)
    (job,) = world.table.jobs(sha)
    assert (job["reason"], job["attempt"], effects(world, sha)) == ("unknown_effect", 1, 1)
    world.wait_settled(sha)
    (announced,) = repo.deployments()
    assert [status.state for status in repo.statuses(announced.id)][-1] == "error"
    # Neither GitHub that tells of it again, nor a restart, nor a bell, nor the reaper.
    for delivery in world.github.hooks.log():
        if delivery.event == "push" and delivery.payload["after"] == sha:
            world.github.redeliver(delivery)
    world.bot.kill()
    world.table.ring("jobs", job["id"])
    world.table.age("job", job["id"], deadline=1.0, due=1.0)
    world.bot.start()
    world.github.wait_idle()
    world.wait_settled(sha)
    assert (effects(world, sha), len(repo.check_runs(sha))) == (1, 1)
    # The lock needs a human: the next push waits for one, too.
    following = repo.commit({"cut.txt": "following"})
    locked = world.concluded(following)["live"]
    assert (locked.conclusion, effects(world, following)) == ("action_required", 0)
    gate.open()
    repo.rerun(locked.id)
    world.github.wait_for(lambda: len(repo.check_runs(following)) == 2, what="a re-run")
    again = world.github.wait_concluded(following, at_least=2)[-1]
    assert (again.conclusion, effects(world, following)) == ("success", 1)
    assert effects(world, sha) == 1
