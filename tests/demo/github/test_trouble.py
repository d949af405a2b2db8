"""Deliveries that go astray, rate limits, and faults on demand."""

from __future__ import annotations

import socket
import time

import github as pygithub
import pytest
import requests
from dishwasher.demo.github import App, Installation, Repo, StandIn
from dishwasher.demo.github.answer import Answer
from github.Repository import Repository

from .conftest import client
from .described import Described
from .receiver import Receiver


@pytest.fixture
def site(bot: pygithub.Github) -> Repository:
    return bot.get_repo("acme/site")


def test_held_and_reversed(
    github: StandIn, installation: Installation, repo: Repo, receiver: Receiver
) -> None:
    github.wait_idle()
    receiver.hooks.clear()
    github.hooks.hold()
    shas = [repo.commit({"a": f"{number}\n"}) for number in range(2)]
    assert receiver.hooks == []
    assert github.hooks.release("reversed") == 4  # a push and a check_suite each
    github.wait_idle()
    pushes = [hook.json["after"] for hook in receiver.hooks if hook.event == "push"]
    assert sorted(pushes) == sorted(shas)


def test_dropped_and_redelivered(
    github: StandIn,
    installation: Installation,
    repo: Repo,
    receiver: Receiver,
    as_app: pygithub.Github,
) -> None:
    github.hooks.drop("push")
    repo.commit({"a": "1\n"})
    github.wait_idle()
    assert [hook.event for hook in receiver.hooks].count("push") == 0
    path = "/app/hook/deliveries"
    failed = as_app.requester.requestJsonAndCheck("GET", path, parameters={"status": "failure"})[1]
    assert [(row["event"], row["status_code"]) for row in failed] == [("push", 0)]
    (row,) = failed
    as_app.requester.requestJsonAndCheck("POST", f"{path}/{row['id']}/attempts")
    (hook,) = receiver.wait("push")
    assert hook.guid == row["guid"]
    github.wait_idle()
    newest = as_app.requester.requestJsonAndCheck("GET", path)[1][0]
    assert (newest["guid"], newest["redelivery"], newest["status"]) == (row["guid"], True, "OK")
    whole = as_app.requester.requestJsonAndCheck("GET", f"{path}/{newest['id']}")[1]
    assert whole["request"]["headers"]["X-GitHub-Event"] == "push"
    assert whole["request"]["payload"]["after"] == repo.head()
    assert whole["response"]["payload"] == "ok"


def test_doubled(
    github: StandIn, installation: Installation, repo: Repo, receiver: Receiver
) -> None:
    github.hooks.duplicate("push")
    repo.commit({"a": "1\n"})
    first, second = receiver.wait("push", count=2)
    assert (first.guid, first.body) == (second.guid, second.body)


def test_the_log_is_paged_by_cursor_and_forgets(
    github: StandIn, installation: Installation, repo: Repo, as_app: pygithub.Github
) -> None:
    for number in range(3):
        repo.commit({"a": f"{number}\n"})
    github.wait_idle()
    ids: list[int] = []
    url: str | None = "/app/hook/deliveries?per_page=2"
    while url:
        headers, rows = as_app.requester.requestJsonAndCheck("GET", url)
        ids += [row["id"] for row in rows]
        url = headers.get("link", "").partition("<")[2].partition(">")[0]
    assert ids == sorted((row.id for row in github.deliveries()), reverse=True)
    assert len(ids) == 7
    github.clock.advance(3 * 24 * 3600 + 1)
    assert as_app.requester.requestJsonAndCheck("GET", "/app/hook/deliveries")[1] == []
    with pytest.raises(pygithub.UnknownObjectException):
        as_app.requester.requestJsonAndCheck("POST", f"/app/hook/deliveries/{ids[0]}/attempts")


def test_a_bot_that_fails_or_is_away(
    github: StandIn, installation: Installation, repo: Repo, receiver: Receiver, app: App
) -> None:
    receiver.status = 500
    repo.commit({"a": "1\n"})
    github.wait_idle()
    assert github.deliveries("push")[0].status == "Invalid HTTP Response: 500"
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    github.set_webhook(app, f"http://127.0.0.1:{port}/")
    repo.commit({"a": "2\n"})
    github.wait_idle()
    last = github.deliveries("push")[-1]
    assert (last.status_code, last.status.startswith("Failed to connect")) == (0, True)


def test_rate_limit_headers_and_exhaustion(
    github: StandIn, installation: Installation, site: Repository, bot: pygithub.Github
) -> None:
    before = bot.get_rate_limit().resources.core
    site.get_branch("master")
    after = bot.get_rate_limit().resources.core
    assert (before.limit, before.remaining - after.remaining) == (5000, 1)
    github.limits.exhaust(f"installation {installation.id}", github.clock.now())
    with pytest.raises(pygithub.RateLimitExceededException):
        site.get_branch("master")
    github.clock.advance(3601 - 60)
    with pytest.raises(pygithub.RateLimitExceededException):
        site.get_branch("master")


def test_the_secondary_limit(described: Described) -> None:
    with StandIn(enforce_secondary=True) as github:
        app = github.add_app()
        repo = github.add_repo("acme/site", {"a": "1\n"})
        installation = github.install(app, "acme")
        auth = pygithub.Auth.AppAuth(app.id, app.private_key).get_installation_auth(installation.id)
        github.limits.points_per_minute = 20
        with client(github, auth) as made:
            site = made.get_repo("acme/site")
            for _ in range(3):
                site.create_check_run("lint", repo.head())
            with pytest.raises(pygithub.RateLimitExceededException) as refused:
                site.create_check_run("lint", repo.head())
            assert 0 < int((refused.value.headers or {})["retry-after"]) <= 61
            assert len(github.check_runs(repo.head())) == 3
            github.clock.advance(61)
            site.create_check_run("lint", repo.head())
        assert github.limits.peak(f"installation {installation.id}") == 21  # the refused one counts


@pytest.mark.parametrize(
    ("kind", "status", "runs"),
    [
        ("403-primary", 403, 0),
        ("403-secondary", 403, 0),
        ("429", 429, 0),
        ("401", 401, 0),
        ("403", 403, 0),
        ("422", 422, 0),
        ("502-before", 502, 0),
        ("502-after", 502, 1),
        ("html-502", 502, 0),
    ],
)
def test_faults_answered(
    github: StandIn, repo: Repo, site: Repository, kind: str, status: int, runs: int
) -> None:
    github.fail(kind, "*/check-runs", "POST", seconds=7)
    with pytest.raises(pygithub.GithubException) as failed:
        site.create_check_run("lint", repo.head())
    assert failed.value.status == status
    assert len(github.check_runs(repo.head())) == runs
    if kind in ("403-secondary", "429"):
        assert (failed.value.headers or {})["retry-after"] == "7"
    assert github.requests("POST", "*/check-runs")[-1].fault == kind
    assert github.faults.left() == 0
    site.create_check_run("lint", repo.head())
    assert github.violations == []


@pytest.mark.parametrize(("kind", "runs"), [("timeout-before", 0), ("timeout-after", 1)])
def test_connections_closed(
    github: StandIn, repo: Repo, site: Repository, kind: str, runs: int
) -> None:
    github.fail(kind, "*/check-runs")
    with pytest.raises(requests.exceptions.ConnectionError):
        site.create_check_run("lint", repo.head())
    assert len(github.check_runs(repo.head())) == runs
    assert github.requests("POST", "*/check-runs")[-1].status == 0


def test_broken_json(github: StandIn, repo: Repo, site: Repository) -> None:
    github.fail("broken-json", "*/check-runs")
    url = f"{site.url}/check-runs"
    body = {"name": "lint", "head_sha": repo.head()}
    status, _, text = site.requester.requestJson("POST", url, input=body)
    assert (status, text[:6], text[-1] == "}") == (201, '{"id":', False)
    github.fail("empty", "*/check-runs")
    status, _, text = site.requester.requestJson("POST", url, input=body)
    assert (status, text) == (201, "")
    assert len(github.check_runs(repo.head())) == 2


def test_stale_reads(github: StandIn, repo: Repo, site: Repository) -> None:
    commit = site.get_commit(repo.head())
    run = site.create_check_run("lint", repo.head(), status="in_progress")
    github.clock.advance(60)
    run.edit(conclusion="success")
    other = site.create_check_run("tests", repo.head())
    github.fail("stale", "*/check-runs", "GET", seconds=30)
    assert [(one.id, one.status) for one in commit.get_check_runs()] == [(run.id, "in_progress")]
    assert {one.id for one in commit.get_check_runs()} == {run.id, other.id}


def test_faults_on_git_and_delays(github: StandIn, repo: Repo) -> None:
    github.fail("502-before", "*/info/refs")
    headers = {"Authorization": f"Bearer {github.user('acme').token}"}
    url = f"{repo.clone_url}/info/refs?service=git-upload-pack"
    assert requests.get(url, headers=headers, timeout=5).status_code == 502
    github.fail("delay", "*/info/refs", seconds=0.05)
    started = time.monotonic()
    assert requests.get(url, headers=headers, timeout=5).status_code == 200
    assert time.monotonic() - started >= 0.05
    assert [entry.status for entry in github.requests(kind="git")] == [502, 200]


def test_only_the_third_request_fails(github: StandIn, site: Repository) -> None:
    github.fail("502-before", "*/branches/*", after=2)
    site.get_branch("master")
    site.get_branch("master")
    with pytest.raises(pygithub.GithubException):
        site.get_branch("master")


def test_waiting_tells_what_it_saw(github: StandIn, repo: Repo, site: Repository) -> None:
    site.create_check_run("lint", repo.head())
    with pytest.raises(TimeoutError, match="lint=queued"):
        github.wait_concluded(repo.head(), timeout=0.01)


def test_the_description_notices(described: Described, github: StandIn, repo: Repo) -> None:
    """The guard of all these tests does bite."""
    guard = Described()
    guard("GET /repos/{owner}/{repo}/branches", Answer(200, [{"name": "master"}]))
    guard("GET /app", Answer(201, {}))
    assert len(guard.problems) >= 2
