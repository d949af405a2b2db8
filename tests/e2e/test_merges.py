"""What a pull request becomes is what is built, and what is obsolete ends."""

from __future__ import annotations

import json
from typing import Any

from dishwasher.demo.github import CheckRun, Repo

from tests.e2e.world import World

READS = 'test "$(cat both.txt)" = "$WANTED"'
SAYS = 'echo "$DISHWASHER_SHA ${DISHWASHER_MERGE_SHA:-none}" >> "$LEDGER"'
MERGED = f"""\
checks:
  merged: |
    test -e base.txt && test -e head.txt
    {SAYS}
"""


def lines(world: World, sha: str) -> list[str]:
    """What the jobs of this commit have said that they build in its place."""
    told = (line.split() for line in world.bot.ledger.read_text().splitlines())
    return [words[1] for words in told if words[0] == sha]


def planned(world: World, event: str, sha: str) -> list[str]:
    """Reasons of the deliveries of this event for a commit, once they are planned."""
    world.github.wait_idle()

    def ended() -> list[dict[str, Any]]:
        rows = [row for row in world.table.rows("delivery") if row["name"] == event]
        mine = [row for row in rows if row["event"] and row["event"]["sha"] == sha]
        return mine if mine and all(row["stage"] != "received" for row in mine) else []

    return [row["reason"] for row in world.table.wait(ended, f"the {event} of {sha}")]


def diverged(world: World, config: str = MERGED) -> tuple[Repo, str]:
    """A repository whose `topic` lacks what `master` has; and the head of `topic`."""
    repo = world.repo(config)
    start = repo.head()
    repo.commit({"base.txt": "1"}, message="[skip ci] base")
    return repo, repo.commit({"head.txt": "1"}, branch="topic", start=start, message="[no ci] head")


def test_the_merge_is_built_and_its_head_is_shown_the_result(world: World) -> None:
    repo, sha = diverged(world)
    sha = repo.commit({"head.txt": "2"}, branch="topic", message="[skip ci]")
    assert planned(world, "push", sha) == ["The commit message says [skip ci]."]
    pull = repo.open_pull("topic")
    assert planned(world, "pull_request", sha) == ["The commit message says [skip ci]."]
    sha = repo.commit({"head.txt": "3"}, branch="topic")
    run = world.concluded(sha)["merged"]
    assert run.conclusion == "success"
    merge = repo.git.refs[f"refs/pull/{pull.number}/merge"]
    assert lines(world, sha) == [merge]
    assert "This is the result of merging into master at " in (run.output.summary or "")
    # Pressed again, it is the same merge, though the base has gone on.
    repo.commit({"later.txt": "1"}, message="[skip ci]")
    assert repo.git.refs[f"refs/pull/{pull.number}/merge"] != merge
    repo.rerun(run.id)
    world.github.wait_for(lambda: lines(world, sha) == [merge] * 2, what="the re-run's line")


def test_a_push_to_a_branch_with_a_pull_request_is_built_once(world: World) -> None:
    repo, _ = diverged(world)
    repo.open_pull("topic")
    for order in ("kept", "reversed"):
        world.github.hooks.hold()
        sha = repo.commit({"head.txt": order}, branch="topic")
        world.github.hooks.release(order)
        assert planned(world, "push", sha) == ["pull request 1 builds this branch"]
        assert world.concluded(sha)["merged"].conclusion == "success"
        assert len(lines(world, sha)) == 1


def test_a_conflict_is_said_and_the_head_is_built(world: World) -> None:
    repo = world.repo(f"checks: {{alone: '{SAYS}'}}\n", {"a.txt": "0"})
    start = repo.head()
    repo.commit({"a.txt": "1"}, message="[skip ci]")
    repo.commit({"a.txt": "2"}, branch="topic", start=start, message="[skip ci]")
    repo.open_pull("topic")
    sha = repo.commit({"a.txt": "3"}, branch="topic")
    run = world.concluded(sha)["alone"]
    assert (run.conclusion, lines(world, sha)) == ("success", ["none"])
    assert "The branch conflicts with master" in (run.output.summary or "")


def test_another_base_branch_is_another_result(world: World) -> None:
    repo, sha = diverged(world, f"checks: {{alone: '{SAYS}'}}\n")
    repo.commit({"next.txt": "1"}, branch="next", message="[skip ci]")
    repo.open_pull("topic")
    sha = repo.commit({"head.txt": "2"}, branch="topic")
    world.concluded(sha)
    repo.retarget(1, "next")
    world.github.wait_for(lambda: len(lines(world, sha)) == 2, what="the second merge")
    assert len(set(lines(world, sha))) == 2


# What is obsolete


def test_a_newer_commit_ends_what_runs_for_the_older(world: World) -> None:
    gate = world.gate()
    repo, _ = diverged(world, f"checks: {{slow: '{gate.script}; {SAYS}'}}\n")
    repo.open_pull("topic")
    old = repo.commit({"head.txt": "old"}, branch="topic")
    assert gate.wait() == old
    new = repo.commit({"head.txt": "new"}, branch="topic", force=True)
    run = world.concluded(old)["slow"]
    assert run.conclusion == "cancelled"
    assert (run.output.title or "").startswith("Superseded by a newer commit")
    assert new[:12] in (run.output.summary or "")
    assert gate.wait() == new
    gate.open()
    assert world.concluded(new)["slow"].conclusion == "success"
    assert lines(world, old) == []


def test_the_older_commit_does_not_end_the_newer_when_it_is_told_later(world: World) -> None:
    repo, _ = diverged(world, f"checks: {{alone: '{SAYS}'}}\n")
    repo.open_pull("topic")
    world.github.wait_idle()
    world.github.hooks.hold()
    old = repo.commit({"head.txt": "old"}, branch="topic")
    world.github.clock.advance(2)
    new = repo.commit({"head.txt": "new"}, branch="topic")
    world.github.hooks.release("reversed")
    assert world.concluded(new)["alone"].conclusion == "success"
    (reason,) = planned(world, "pull_request", old)
    assert reason == f"pull request 1 stands at {new[:12]}"
    assert (repo.check_runs(old), len(lines(world, new))) == ([], 1)


def test_closing_one_of_two_pull_requests_with_one_head_leaves_the_other(world: World) -> None:
    gate = world.gate()
    repo, sha = diverged(world, f"checks: {{slow: '{gate.script}; {SAYS}'}}\n")
    repo.move("next", repo.head())
    sha = repo.commit({"head.txt": "2"}, branch="topic", message="[skip ci]")
    first, second = repo.open_pull("topic"), repo.open_pull("topic", base="next")
    sha = repo.commit({"head.txt": "3"}, branch="topic")
    assert gate.wait() == sha
    world.github.wait_idle()
    rows = world.table.wait(
        lambda: [row for row in world.table.rows("build") if row["also"]], "the second request"
    )
    assert [(row["pull_request"], row["also"]) for row in rows] in (
        [(first.number, [second.number])],
        [(second.number, [first.number])],
    )
    repo.close(first.number)
    planned(world, "pull_request", sha)
    gate.open()
    assert world.concluded(sha)["slow"].conclusion == "success"


def test_a_branch_that_is_deleted_needs_no_checks(world: World) -> None:
    gate = world.gate()
    repo = world.repo(f"checks: {{slow: '{gate.script}'}}\n")
    sha = repo.commit({"a.txt": "1"}, branch="topic")
    gate.wait()
    repo.delete_branch("topic")
    run = world.concluded(sha)["slow"]
    assert run.conclusion == "cancelled"
    assert "The branch was deleted" in (run.output.summary or "")


# Merge queues, dispatches and buttons


def test_a_merge_queue_is_answered_on_the_commit_that_it_tries_once(world: World) -> None:
    gate = world.gate()
    repo, _ = diverged(world, f"checks: {{tried: '{gate.script}; {SAYS}'}}\n")
    pull = repo.open_pull("topic")
    tried = repo.enqueue(pull.number)
    assert gate.wait() == tried
    gate.open()
    assert world.concluded(tried)["tried"].conclusion == "success"
    told = planned(world, "merge_group", tried) + planned(world, "push", tried)
    assert sorted(told) == ["", "this commit is built already"]
    assert lines(world, tried) == ["none"]
    repo.commit({"head.txt": "2"}, branch="topic", message="[skip ci]")
    tried = repo.enqueue(pull.number)
    assert gate.wait() == tried
    repo.dequeue(pull.number)
    run = world.concluded(tried)["tried"]
    assert run.conclusion == "cancelled"
    assert "The merge queue gave this try up" in (run.output.summary or "")


def test_a_program_asks_for_a_build_with_inputs(world: World) -> None:
    config = """\
inputs: {COLOUR: {default: blue}}
checks: {paint: 'echo "$COLOUR $DISHWASHER_BRANCH" >> "$LEDGER.painted"'}
"""
    repo = world.repo(config)
    repo.move("next", repo.head())
    painted = world.bot.ledger.with_name("ledger.painted")
    repo.dispatch("dishwasher", {"COLOUR": "red", "branch": "next"})
    repo.dispatch("somebody-else", {"COLOUR": "green"})

    def told() -> list[str]:
        return painted.read_text().split("\n") if painted.exists() else []

    world.github.wait_for(lambda: "red next" in told(), what="a painted line")
    world.github.wait_idle()
    assert not any("green" in line for line in told())


def button(world: World, repo: Repo, run: CheckRun, identifier: str) -> None:
    """The button pressed by one of the team, as GitHub tells it to the App."""
    ann = world.github.world.user("ann") or world.github.add_user("ann")
    repo.collaborate(ann.login, "write")
    payload = {
        "action": "requested_action",
        "requested_action": {"identifier": identifier},
        "check_run": {"id": run.id, "external_id": run.external_id, "head_sha": run.head_sha},
        "repository": {
            "id": repo.id,
            "name": "site",
            "owner": {"login": world.owners[repo.id]},
            "default_branch": "master",
        },
        "installation": {"id": world.installation(repo).id},
        "sender": {"login": ann.login, "id": ann.id},
    }
    guid = f"button-{identifier}-{run.id}"
    status, text = world.deliver(guid, "check_run", json.dumps(payload).encode())
    assert (status, text.strip()) == (202, guid)


def test_what_failed_is_run_again_and_what_runs_is_cancelled_by_a_button(world: World) -> None:
    gate = world.gate()
    failing = 'test -e "$LEDGER.repaired"'
    jobs = {"one": failing, "two": failing, "three": "true", "slow": gate.script}
    repo = world.repo("checks:\n" + "".join(f"  {name}: '{run}'\n" for name, run in jobs.items()))
    sha = repo.commit({"a.txt": "1"})
    gate.wait()
    names = lambda: {run.name: run for run in repo.check_runs(sha)}  # noqa: E731
    world.github.wait_for(lambda: "dishwasher / slow" in names(), what="the slow check")
    button(world, repo, names()["dishwasher / slow"], "cancel")
    runs = world.concluded(sha, jobs=4)
    assert {name: run.conclusion for name, run in runs.items()} == {
        "one": "failure",
        "two": "failure",
        "three": "success",
        "slow": "cancelled",
    }
    assert "Cancelled by ann" in (runs["slow"].output.summary or "")
    world.bot.ledger.with_name("ledger.repaired").touch()
    gate.open()
    button(world, repo, runs["one"], "rerun-failed")
    world.github.wait_for(lambda: len(repo.check_runs(sha)) == 7, what="three new check runs")
    again = world.github.wait_concluded(sha, at_least=7)[-3:]
    assert {run.name[13:]: run.conclusion for run in again} == {
        "one": "success",
        "two": "success",
        "slow": "success",
    }
    repo.rerun_all(sha)
    world.github.wait_for(lambda: len(repo.check_runs(sha)) == 11, what="four more check runs")
    gate.open()
    all_again = world.github.wait_concluded(sha, at_least=11)[-4:]
    assert {run.conclusion for run in all_again} == {"success"}


# Where the App may act


def test_nothing_is_begun_where_the_app_is_suspended(world: World) -> None:
    repo = world.repo(f"checks: {{alone: '{SAYS}'}}\n")
    payload = {
        "action": "suspend",
        "installation": {"id": world.installation(repo).id, "updated_at": 2_000_000_000},
    }
    world.deliver("suspended-1", "installation", json.dumps(payload).encode())
    world.table.wait(
        lambda: world.table.row("delivery", "suspended-1")["stage"] == "ignored", "the suspension"
    )
    sha = repo.commit({"a.txt": "1"})
    assert planned(world, "push", sha) == ["the App is suspended there"]
    assert repo.check_runs(sha) == []


def test_a_schedule_comes_true_once_where_its_branch_stands(world: World) -> None:
    nightly = "schedules: {nightly: '30 4 * * *'}\n"
    repo = world.repo(f"checks: {{alone: '{SAYS}'}}\n{nightly}")
    sha = repo.commit({"a.txt": "1"})
    assert world.concluded(sha)["alone"].conclusion == "success"
    due = world.table.row("timetable", str(repo.id))["due"]
    with world.table.open() as connection:
        connection.execute(
            "UPDATE rows SET version = version + 1, due = 1, body = json_set(body, '$.version',"
            " version + 1, '$.due', 1, '$.entries[0].next', 1) WHERE kind = 'timetable' AND id = ?",
            (str(repo.id),),
        )
    world.github.wait_for(lambda: len(lines(world, sha)) == 2, what="the scheduled build")
    assert world.table.row("timetable", str(repo.id))["due"] >= due
    (delivery,) = [
        row
        for row in world.table.rows("delivery")
        if row["name"] == "schedule" and row["event"]["repository"]["id"] == repo.id
    ]
    assert delivery["stage"] == "planned"
