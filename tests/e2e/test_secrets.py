"""A secret's whole way: set while the bot serves, seen by the job alone, shown nowhere."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from dishwasher.core.mask import needles
from dishwasher.demo.github import CheckRun, Repo

from tests.e2e.world import World

SECONDS = 60
TOKEN = 'canary-"quoted" é/+hunter2 & hunter3'
PIN = "4711"
PREFIX = "dishwasher / "
CONFIG = """\
checks:
  show:
    secrets: [TOKEN, PIN]
    run:
      - echo "plain=$TOKEN" && echo "error=$TOKEN" >&2
      - printf '%s' "$TOKEN" | base64 -w0; echo
      - printf 'user:%s' "$TOKEN" | base64 -w0; echo
      - python3 -c 'import json, os; print(json.dumps({"token":os.environ["TOKEN"]}))'
      - printf '%s' "$TOKEN" | od -An -v -tx1 | tr -d ' \\n'; echo
      - python3 -c 'import os, urllib.parse as u; print(u.quote(os.environ["TOKEN"]))'
      - test "$PIN" = 4711
      - test ! -e fail || { echo "::error::$TOKEN"; exit "$PIN"; }
"""


def secrets(world: World, *words: str, value: str = "") -> str:
    """A command of ours beside the bot that serves."""
    done = subprocess.run(
        (sys.executable, "-m", "dishwasher", "secrets", *words, "--data", str(world.bot.data)),
        input=value,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def name(world: World, repo: Repo) -> str:
    return f"{world.owners[repo.id]}/site"


def leaks(world: World, run: CheckRun, *values: str) -> list[str]:
    """Wherever the secret is written in any spelling: files, rows, pages, GitHub."""
    spellings, _ = needles(values or (TOKEN,))
    # What GitHub keeps of its side stands in the folder as well.
    places = {path: data for path, data in files(world.folder) if "ledger" not in path}
    for page in (f"/jobs/{run.external_id}", f"/jobs/{run.external_id}/log"):
        places[page] = world.bot.get(page)
    places["check run"] = repr(run).encode()
    return [place for place, data in places.items() if any(one in data for one in spellings)]


def files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file; those of a workspace that is being removed may be gone."""
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place, name)
            with contextlib.suppress(FileNotFoundError):
                if path.is_file():
                    yield str(path), path.read_bytes()


def log(world: World, run: CheckRun) -> str:
    return world.bot.get(f"/jobs/{run.external_id}/log").decode()


def again(world: World, repo: Repo, run: CheckRun) -> CheckRun:
    """The check run that a click on "Re-run" makes, once it is over."""
    known = {one.id for one in repo.check_runs(run.head_sha)}
    repo.rerun(run.id)
    return world.github.wait_for(
        lambda: next(
            (
                one
                for one in repo.check_runs(run.head_sha, run.name)
                if one.id not in known and one.status == "completed"
            ),
            None,
        ),
        what="the end of the new check run",
    )


@pytest.mark.slow
def test_a_secret_is_asked_for_set_used_and_never_seen(world: World) -> None:
    repo = world.repo(CONFIG)
    first = world.build(repo)["show"]
    assert first.conclusion == "action_required"
    told = unescaped(first)
    assert "The secret TOKEN is not stored." in told
    assert "dishwasher secrets set TOKEN" in told and name(world, repo) in told
    (note, other) = first.output.annotations
    assert (note.path, note.start_line, other.start_line) == (".dishwasher.yml", 3, 3)

    assert "has no secrets" in secrets(world, "list", "--repository", name(world, repo))
    secrets(world, "set", "TOKEN", "--repository", name(world, repo), value=f"{TOKEN}\n")
    secrets(world, "set", "PIN", "--repository", str(repo.id), value=PIN)
    second = again(world, repo, first)
    assert second.conclusion == "success", second.output.summary
    lines = log(world, second)
    assert "plain=***" in lines and "error=***" in lines and '{"token": "***"}' in lines
    assert "The secret PIN is too short" in unescaped(second) + page(world, second)
    assert any(b"plain=***" in data for _, data in files(world.bot.data)), "the search finds logs"
    assert leaks(world, second) == []
    listed = secrets(world, "list", "--repository", name(world, repo))
    assert "never" not in listed and TOKEN not in listed


def unescaped(run: CheckRun) -> str:
    """What a reader sees of the summary."""
    return (run.output.summary or "").replace("\\", "")


def page(world: World, run: CheckRun) -> str:
    return world.bot.get(f"/jobs/{run.external_id}").decode()


@pytest.mark.slow
def test_a_step_that_fails_with_its_secret_in_the_last_words_shows_none(world: World) -> None:
    repo = world.repo(CONFIG, {"fail": ""})
    secrets(world, "set", "TOKEN", "--repository", str(repo.id), value=TOKEN)
    secrets(world, "set", "PIN", "--repository", str(repo.id), value=PIN)
    run = world.build(repo)["show"]
    assert run.conclusion == "failure"
    assert "***" in (run.output.summary or "") + (run.output.text or "")
    assert leaks(world, run) == []


@pytest.mark.slow
def test_a_deployment_gets_its_environments_secret_on_its_branch_alone(world: World) -> None:
    deploy = 'test "$KEY" = for-staging-alone'
    repo = world.repo(
        f"deployments:\n  staging: {{branch: [master, topic], run: '{deploy}'}}\n"
        "checks:\n  other: 'test -z \"$KEY\"'\n"
    )
    words = ("--repository", str(repo.id), "--environment", "staging")
    secrets(world, "set", "KEY", *words, value="for-staging-alone")
    runs = world.build(repo, jobs=2)
    assert {one: run.conclusion for one, run in runs.items()} == {
        "staging": "success",
        "other": "success",
    }
    sha = repo.commit({"a.txt": "1"}, branch="topic")
    topic = world.concluded(sha, 2)
    assert topic["staging"].conclusion == "action_required"
    assert "It is for the default branch" in unescaped(topic["staging"])
    # Its lock is free: what is for the environment goes on.
    secrets(world, "allow", "KEY", *words, "--branch", "topic")
    assert again(world, repo, topic["staging"]).conclusion == "success"


BUILDSPEC = """\
version: 0.2
env:
  parameter-store: {LOGIN: /app/login}
  secrets-manager: {WORD: "app/db:word", BEFORE: "app/db:word:AWSPREVIOUS"}
phases:
  build:
    commands:
      - test "${#LOGIN} ${#WORD} ${#PLAIN}" = "17 12 9"
      - echo "$LOGIN $WORD $PLAIN"
"""


@pytest.mark.slow
def test_a_buildspec_gets_the_secrets_of_its_stores_and_all_of_the_repository(
    world: World,
) -> None:
    repo = world.repo(BUILDSPEC, path="buildspec.yml")
    words = ("--repository", str(repo.id))
    secrets(
        world, "set", "/app/login", "--store", "parameter-store", *words, value="parameter-of-acme"
    )
    whole = '{"word": "word-of-acme", "other": "other-of-acme"}'
    secrets(world, "set", "app/db", "--store", "secrets-manager", *words, value=whole)
    secrets(world, "set", "PLAIN", *words, value="plain-one")
    first = world.build(repo)["build"]
    assert first.conclusion == "action_required"
    assert "kept in its current version alone" in unescaped(first)
    current = BUILDSPEC.replace(', BEFORE: "app/db:word:AWSPREVIOUS"', "")
    second = world.concluded(repo.commit({"buildspec.yml": current}))["build"]
    assert second.conclusion == "success", second.output.summary
    assert "*** *** ***" in log(world, second)
    assert leaks(world, second, "parameter-of-acme", "word-of-acme", "plain-one", whole) == []


ON_REQUESTS = """\
checks:
  show: {run: 'test -n "$TOKEN"; echo "$TOKEN"', secrets: TOKEN, when: {event: pull_request}}
"""


@pytest.mark.slow
def test_a_pull_request_gets_none_until_the_secret_says_so(world: World) -> None:
    repo = world.repo(ON_REQUESTS)
    words = ("TOKEN", "--repository", str(repo.id))
    secrets(world, "set", *words, value=TOKEN)
    sha = repo.commit({"a.txt": "1"}, branch="topic")
    repo.open_pull("topic")
    show = f"{PREFIX}show"
    first = world.github.wait_for(
        lambda: next(
            (one for one in repo.check_runs(sha, show) if one.conclusion not in (None, "skipped")),
            None,
        ),
        what="the pull request's check",
    )
    assert first.conclusion == "action_required"
    assert "It is not for pull requests." in unescaped(first)
    assert "--pull-requests" in unescaped(first)
    assert leaks(world, first) == []
    secrets(world, "allow", *words, "--pull-requests")
    second = again(world, repo, first)
    assert second.conclusion == "success"
    assert leaks(world, second) == []


@pytest.mark.slow
def test_a_fork_gets_none_whatever_the_secret_says(world: World) -> None:
    repo = world.repo(ON_REQUESTS)
    secrets(world, "set", "TOKEN", "--repository", str(repo.id), "--pull-requests", value=TOKEN)
    fork = repo.fork("stranger")
    sha = fork.commit({"a.txt": "1"}, branch="topic")
    repo.open_pull("topic", fork=fork)
    world.github.wait_for(lambda: repo.check_runs(sha), what="check runs")
    run = world.concluded(sha)["show"]
    assert run.conclusion == "action_required"
    assert leaks(world, run) == []
    assert "never" in secrets(world, "list", "--repository", str(repo.id))
