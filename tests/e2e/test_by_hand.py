"""`dishwasher builds`, `logs`, `rerun`, `cancel` and `start`, beside a server that runs."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Sequence

import pytest
from dishwasher.demo.github import CheckRun, Repo

from tests.e2e.world import World

CONFIG = """\
checks:
  first: {run: "printf 'one\\n\\x1b[31mred\\x1b[0m \\x1b]0;title\\x07two\\n'"}
  flaky: {run: 'test -e "$LEDGER.mended"'}
  after: {run: "true", needs: flaky}
"""
ASKING = """\
inputs: {LEVEL: {default: "1"}}
checks:
  say: {run: 'echo "level $LEVEL"'}
"""
SECONDS = 60


def command(world: World, *words: str) -> list[str]:
    return [sys.executable, "-m", "dishwasher", *words, "--data", str(world.bot.data)]


def ran(world: World, *words: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of `dishwasher` with these words."""
    done = subprocess.run(command(world, *words), capture_output=True, text=True, timeout=SECONDS)
    return done.returncode, done.stdout, done.stderr


def out(world: World, *words: str) -> str:
    code, text, errors = ran(world, *words)
    assert (code, errors) == (0, "")
    return text


def builds(world: World, repo: Repo, *words: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(
        out(world, "builds", repo.full_name, "--json", *words)
    )
    return found


def build_of(run: CheckRun) -> str:
    return run.external_id.partition("-")[0]


def named(repo: Repo, sha: str, name: str) -> list[CheckRun]:
    return repo.check_runs(sha, f"dishwasher / {name}")


def on_terminal(world: World, words: Sequence[str]) -> tuple[int, str]:
    """What a person sees: exit code, and output as a terminal gets it."""
    ours, theirs = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    with subprocess.Popen(
        command(world, *words),
        stdout=theirs,
        stderr=theirs,
        stdin=subprocess.DEVNULL,
        env=environment | {"TERM": "xterm-256color", "COLUMNS": "100"},
    ) as process:
        os.close(theirs)
        seen = bytearray()
        while True:
            try:
                data = os.read(ours, 65536)
            except OSError:
                # Linux says so when the last writer has closed it.
                break
            seen += data
    os.close(ours)
    return process.returncode, seen.decode()


def test_builds_and_their_jobs_are_listed_the_newest_first(world: World) -> None:
    repo = world.repo(CONFIG)
    runs = world.build(repo, jobs=3)
    second = repo.commit({"a.txt": "a"}, branch="topic")
    world.concluded(second, 3)
    listed = builds(world, repo)
    assert [(row["branch"], row["conclusion"]) for row in listed] == [
        ("topic", "failure"),
        (repo.row.default_branch, "failure"),
    ]
    assert [row["build"] for row in builds(world, repo, "--limit", "1")] == [listed[0]["build"]]
    (only,) = builds(world, repo, "--branch", repo.row.default_branch)
    assert (only["build"], only["decided_by"]) == (build_of(runs["flaky"]), ["flaky"])
    table = out(world, "builds", repo.full_name)
    assert [line.split()[:2] for line in table.splitlines()] == [
        ["build", "branch"],
        [str(listed[0]["build"])[:10], "topic"],
        [str(only["build"])[:10], repo.row.default_branch],
    ]
    assert "\x1b" not in table
    assert repo.full_name in out(world, "builds")
    jobs = json.loads(out(world, "builds", str(only["build"])[:8], "--json"))["jobs"]
    assert [(job["name"], job["reason"]) for job in jobs] == [
        ("first", "ok"),
        ("flaky", "failed"),
        ("after", "need_failed"),
    ]
    code, seen = on_terminal(world, ["builds", str(only["build"])])
    assert code == 0
    assert "\x1b[1;31mFailed" in seen


def test_logs_are_shown_with_colours_that_a_terminal_may_have_and_without_elsewhere(
    world: World,
) -> None:
    repo = world.repo(CONFIG)
    runs = world.build(repo, jobs=3)
    first = runs["first"].external_id
    text = out(world, "logs", first)
    assert "\none\nred two\n" in text
    assert text.rstrip().endswith("first: Passed: All steps passed.") or "first: Passed" in text
    assert "\x1b" not in text
    raw = subprocess.run(command(world, "logs", first, "--raw"), capture_output=True, check=True)
    assert raw.stdout == world.bot.get(f"/jobs/{first}/log")
    code, seen = on_terminal(world, ["logs", first])
    assert code == 0
    assert "\x1b[31mred\x1b[0m" in seen
    assert "\x1b]0;" not in seen
    whole = out(world, "logs", f"{repo.full_name}@{runs['first'].head_sha[:8]}")
    assert [line for line in whole.splitlines() if line.startswith("== ")] == [
        "== first",
        "== flaky",
        "== after",
    ]
    assert "after: Not started" in whole
    assert out(world, "logs", runs["first"].details_url) == text
    assert out(world, "logs", repo.full_name, "--job", "first") == text


def test_following_ends_with_the_build_and_tells_a_failure_by_its_exit_code(world: World) -> None:
    gate = world.gate()
    repo = world.repo(f"checks:\n  slow: 'echo begun; {gate.script}; echo gone'\n  bad: 'exit 3'\n")
    sha = repo.commit({"a.txt": "a"})
    gate.wait()
    (run,) = world.github.wait_for(lambda: named(repo, sha, "slow"), what="a check run")
    words = command(world, "logs", run.external_id, "--follow")
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as following:
        assert following.stdout is not None
        # It is shown while the job still waits at the gate.
        assert "begun\n" in iter(following.stdout.readline, "")
        gate.open()
        rest = following.stdout.read()
    assert following.returncode == 0
    assert "gone\n" in rest
    assert "slow: Passed" in rest
    code, text, _ = ran(world, "logs", build_of(run), "--follow")
    assert code == 1
    assert text.splitlines()[-1] == "Not passed: bad."


def test_a_build_is_run_again_by_hand_or_what_failed_of_it_or_one_job(world: World) -> None:
    repo = world.repo(CONFIG)
    runs = world.build(repo, jobs=3)
    sha, build = runs["flaky"].head_sha, build_of(runs["flaky"])
    world.bot.ledger.with_name("ledger.mended").touch()
    try:
        assert "2 jobs." in out(world, "rerun", build, "--failed", "--follow")
        assert [run.conclusion for run in named(repo, sha, "flaky")] == ["failure", "success"]
        assert len(named(repo, sha, "first")) == 1
        assert "1 job." in out(world, "rerun", build[:8], "--job", "first", "--follow")
        assert "3 jobs." in out(world, "rerun", build, "--follow")
    finally:
        world.bot.ledger.with_name("ledger.mended").unlink()
    world.github.wait_for(lambda: len(named(repo, sha, "first")) == 3, what="all of them")
    senders = {row["sender"] for row in builds(world, repo)}
    assert any(str(sender).endswith(" at the server") for sender in senders)


def test_a_job_or_a_build_is_cancelled_by_hand(world: World) -> None:
    gate = world.gate()
    repo = world.repo(f"checks: {{one: '{gate.script}', two: '{gate.script}'}}\n")
    sha = repo.commit({"a.txt": "a"})
    gate.wait()
    gate.wait()
    (one,) = world.github.wait_for(lambda: named(repo, sha, "one"), what="a check run")
    assert out(world, "cancel", one.external_id) == "Cancelled: one.\n"
    world.github.wait_for(lambda: named(repo, sha, "one")[0].conclusion, what="its end")
    (one,), (two,) = named(repo, sha, "one"), named(repo, sha, "two")
    assert (one.conclusion, two.conclusion) == ("cancelled", None)
    assert "at the server" in (one.output.summary or "")
    assert out(world, "cancel", build_of(one)) == "Cancelled: two.\n"
    assert world.concluded(sha, 2)["two"].conclusion == "cancelled"
    code, _, errors = ran(world, "cancel", build_of(one))
    assert (code, errors) == (2, f"dishwasher: build {build_of(one)[:10]} has ended already\n")


def test_a_branch_is_built_by_hand_or_one_of_its_commits_or_jobs(world: World) -> None:
    repo = world.repo(CONFIG.replace("flaky", "steady").replace("test -e", "echo"))
    first = world.build(repo, jobs=3)["first"].head_sha
    second = world.build(repo, jobs=3)["first"].head_sha
    name = repo.full_name.upper()
    assert "3 jobs." in out(world, "start", name, "--follow")
    assert len(named(repo, second, "first")) == 2
    assert "1 job." in out(world, "start", name, "--sha", first[:9], "--job", "first", "--follow")
    assert len(named(repo, first, "first")) == 2
    code, _, errors = ran(world, "start", name, "--job", "nothing")
    assert (code, errors) == (2, "dishwasher: There is no job nothing in this configuration.\n")
    code, _, errors = ran(world, "start", name, "--branch", "none")
    assert (code, errors) == (2, "dishwasher: there is no branch none\n")
    stray = repo.commit({"b.txt": "b"}, branch="topic")
    world.concluded(stray, 3)
    code, _, errors = ran(world, "start", name, "--sha", stray)
    assert (code, errors) == (
        2,
        f"dishwasher: {stray[:12]} is no commit of {repo.row.default_branch}\n",
    )


def test_what_is_asked_for_while_no_server_runs_is_done_when_one_starts(world: World) -> None:
    repo = world.repo(ASKING)
    world.build(repo)
    world.bot.stop()
    try:
        told = out(world, "start", repo.full_name, "--input", "LEVEL=7")
        assert told.startswith("It is stored, and nobody has taken it up yet")
        assert len(builds(world, repo)) == 1
    finally:
        world.bot.start()
    (asked, _) = world.table.wait(
        lambda: (rows := builds(world, repo))[1:] and rows[0]["conclusion"] and rows,
        "the build",
    )
    assert (asked["event"], asked["conclusion"]) == ("manual", "success")
    assert "\nlevel 7\n" in out(world, "logs", str(asked["build"]))
    code, _, errors = ran(world, "start", repo.full_name, "--input", "COLOUR=red")
    assert (code, errors) == (0, "dishwasher: the configuration has no input COLOUR\n")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["logs", "ffff0000"], "there is no build ffff0000; `dishwasher builds` lists them"),
        (["logs", "zz"], "'zz' names no build: give "),
        (["builds", "no/body"], "this server has not heard of no/body yet"),
        (["start", "no/body"], "this server has not heard of no/body yet: push a commit to it"),
        (["start", "no/body", "--input", "level"], "--input level: write NAME=VALUE"),
    ],
)
def test_what_is_not_there_is_said(world: World, words: list[str], told: str) -> None:
    code, text, errors = ran(world, *words)
    assert (code, text) == (2, "")
    assert errors.startswith(f"dishwasher: {told}")
    assert "Traceback" not in errors
