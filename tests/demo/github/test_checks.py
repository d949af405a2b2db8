"""Check runs as PyGithub makes them, and what GitHub would refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import github as pygithub
import pytest
from dishwasher.demo.github import App, Repo, StandIn
from github.CheckRun import CheckRun
from github.Repository import Repository

from .conftest import client, mint
from .receiver import Receiver

NOTE: dict[str, Any] = {
    "path": "app.py",
    "start_line": 2,
    "end_line": 2,
    "annotation_level": "failure",
    "message": "undefined name 'z'",
}


@pytest.fixture
def site(bot: pygithub.Github) -> Repository:
    return bot.get_repo("acme/site")


def output(**more: object) -> dict[str, Any]:
    return {"title": "Lint", "summary": "One problem", **more}


def test_from_queued_to_concluded(
    github: StandIn, repo: Repo, site: Repository, receiver: Receiver
) -> None:
    sha = repo.commit({"app.py": "x = z\n"}, branch="topic")
    pull = repo.open_pull("topic")
    run = site.create_check_run("lint", sha, status="queued", external_id="job 1")
    run.edit(status="in_progress", output=output())
    assert run.status == "in_progress" and not run.conclusion
    run.edit(conclusion="failure", output=output(text="More", annotations=[NOTE]))
    assert (run.status, run.conclusion, run.external_id) == ("completed", "failure", "job 1")
    assert run.completed_at is not None
    assert [(a.path, a.start_line, a.message) for a in run.get_annotations()] == [
        ("app.py", 2, "undefined name 'z'")
    ]
    assert [one.number for one in run.pull_requests] == [pull.number]
    assert site.get_commit(sha).get_check_runs().totalCount == 1
    for action in ("created", "completed"):
        (hook,) = receiver.wait("check_run", action)
        assert hook.json["check_run"]["id"] == run.id
    (suite,) = receiver.wait("check_suite", "completed")
    assert suite.json["check_suite"]["conclusion"] == "failure"
    assert github.violations == []


def test_annotations_append_and_are_paged(repo: Repo, site: Repository) -> None:
    run = site.create_check_run("lint", repo.head(), status="in_progress")
    for _ in range(3):
        run.edit(output=output(annotations=[NOTE] * 50))
    assert run.output.annotations_count == 150
    assert len(list(run.get_annotations())) == 150


def test_a_fork_leaves_pull_requests_empty(repo: Repo, site: Repository) -> None:
    fork = repo.fork("eve")
    sha = fork.commit({"a": "1\n"}, branch="evil")
    repo.open_pull("evil", fork=fork)
    run = site.create_check_run("lint", sha)
    assert run.pull_requests == []
    assert site.get_check_suite(run.raw_data["check_suite"]["id"]).head_branch is None


def test_the_latest_run_of_a_name_counts(repo: Repo, site: Repository) -> None:
    first = site.create_check_run("lint", repo.head(), conclusion="failure")
    second = site.create_check_run("lint", repo.head(), conclusion="success")
    commit = site.get_commit(repo.head())
    assert [run.id for run in commit.get_check_runs()] == [second.id]
    assert {run.id for run in commit.get_check_runs(filter="all")} == {first.id, second.id}
    assert list(commit.get_check_runs(check_name="other")) == []
    assert list(commit.get_check_runs(status="queued")) == []
    (suite,) = commit.get_check_suites()
    assert (suite.status, suite.conclusion) == ("completed", "success")


def test_rerun_by_hand_and_by_api(
    github: StandIn, app: App, repo: Repo, site: Repository, receiver: Receiver
) -> None:
    run = site.create_check_run("lint", repo.head(), conclusion="failure")
    repo.rerun(run.id, user="acme")
    (hook,) = receiver.wait("check_run", "rerequested")
    assert (hook.json["check_run"]["id"], hook.json["sender"]["login"]) == (run.id, "acme")
    suite = site.get_check_suite(run.raw_data["check_suite"]["id"])
    assert suite.status == "queued" and not suite.conclusion
    site.requester.requestJsonAndCheck("POST", f"{run.url}/rerequest")
    receiver.wait("check_run", "rerequested", count=2)
    site.create_check_run("lint", repo.head(), conclusion="success")
    suite.update()
    assert (suite.status, suite.conclusion) == ("completed", "success")
    suite.rerequest()
    receiver.wait("check_suite", "rerequested")
    assert github.violations == []


Attempt = Callable[[Repository, str], CheckRun]


def creating(**fields: object) -> Attempt:
    def attempt(site: Repository, sha: str) -> CheckRun:
        url = f"{site.url}/check-runs"
        body = {"name": "lint", "head_sha": sha, **fields}
        site.requester.requestJsonAndCheck("POST", url, input=body)
        raise AssertionError("GitHub would refuse this")

    return attempt


LONG = "é" * 32768  # 65536 bytes in 32768 characters
REFUSED: dict[str, tuple[Attempt, str]] = {
    "no such commit": (creating(head_sha="0" * 40), "No commit found for SHA"),
    "completed without a conclusion": (creating(status="completed"), "conclusion"),
    "a conclusion that does not exist": (creating(conclusion="passed"), "Invalid request"),
    "stale is GitHub's": (creating(conclusion="stale"), "only GitHub"),
    "status waiting is Actions'": (creating(status="waiting"), "Invalid request"),
    "no name": (creating(name=""), "can't be blank"),
    "a summary of 65536 bytes": (
        creating(output=output(summary=LONG)),
        "bytesize of 65535",
    ),
    "a text of 65536 bytes": (creating(output=output(text=LONG)), "bytesize of 65535"),
    "a title of 256": (creating(output=output(title="t" * 256)), "too long"),
    "no summary": (creating(output={"title": "t"}), "summary"),
    "51 annotations": (creating(output=output(annotations=[NOTE] * 51)), "Invalid request"),
    "level error": (
        creating(output=output(annotations=[NOTE | {"annotation_level": "error"}])),
        "Invalid request",
    ),
    "columns over lines": (
        creating(output=output(annotations=[NOTE | {"end_line": 3, "start_column": 1}])),
        "same start_line and end_line",
    ),
    "line 0": (creating(output=output(annotations=[NOTE | {"start_line": 0}])), "start at 1"),
    "lines backwards": (
        creating(output=output(annotations=[NOTE | {"end_line": 1}])),
        "comes last",
    ),
    "absolute path": (
        creating(output=output(annotations=[NOTE | {"path": "/app.py"}])),
        "relative to the repository",
    ),
    "path with a dot": (
        creating(output=output(annotations=[NOTE | {"path": "./app.py"}])),
        "relative to the repository",
    ),
    "a message over 64 KB": (
        creating(output=output(annotations=[NOTE | {"message": "m" * 65537}])),
        "64 KB",
    ),
    "four actions": (
        creating(actions=[{"label": "a", "description": "b", "identifier": "c"}] * 4),
        "Invalid request",
    ),
    "a long label": (
        creating(actions=[{"label": "a" * 21, "description": "b", "identifier": "c"}]),
        "Invalid request",
    ),
    "a link that is none": (creating(details_url="javascript:alert(1)"), "http(s) scheme"),
    "a time that is none": (creating(started_at="yesterday"), "date-time"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_github_refuses(github: StandIn, repo: Repo, site: Repository, case: str) -> None:
    attempt, reason = REFUSED[case]
    with pytest.raises(pygithub.GithubException) as refused:
        attempt(site, repo.head())
    assert refused.value.status == 422
    assert reason in str(refused.value.data)
    assert github.check_runs(repo.head()) == []
    # A commit that is not there (yet) is the state's fault, all others are the request's.
    assert len(github.violations) == (case != "no such commit")


def test_only_the_owning_app_changes_a_run(github: StandIn, repo: Repo, site: Repository) -> None:
    run = site.create_check_run("lint", repo.head())
    other = github.add_app("other")
    token = mint(github, other, github.install(other, "acme"))
    with client(github, pygithub.Auth.Token(token)) as made:
        theirs = made.get_repo("acme/site").get_check_run(run.id)
        with pytest.raises(pygithub.GithubException, match="Invalid app_id"):
            theirs.edit(conclusion="success")


def test_a_user_reads_and_does_not_write(github: StandIn, repo: Repo, site: Repository) -> None:
    run = site.create_check_run("lint", repo.head())
    with client(github, pygithub.Auth.Token(github.user("acme").token)) as made:
        theirs = made.get_repo("acme/site").get_check_run(run.id)
        with pytest.raises(pygithub.GithubException, match="via a GitHub App"):
            theirs.edit(conclusion="success")
