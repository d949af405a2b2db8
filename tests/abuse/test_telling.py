"""Cases 42 to 44: what people read under a pull request and on the page of deployments."""

from __future__ import annotations

from dishwasher.core.comment import MARKER

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
