"""Every endpoint once, so that the shape of each answer is held to GitHub's description."""

from __future__ import annotations

from typing import Any

import github as pygithub
import pytest
from dishwasher.demo.github import App, Installation, Repo, StandIn

from .conftest import client
from .described import Described
from .receiver import Receiver


def get(by: pygithub.Github, path: str) -> Any:
    return by.requester.requestJsonAndCheck("GET", path)[1]


def test_an_app_looks_around(
    as_app: pygithub.Github, installation: Installation, app: App, receiver: Receiver
) -> None:
    assert get(as_app, "/app")["installations_count"] == 1
    assert get(as_app, "/app/hook/config")["url"] == receiver.url
    assert [row["id"] for row in get(as_app, "/app/installations")] == [installation.id]
    told = get(as_app, f"/app/installations/{installation.id}")
    assert (told["account"]["login"], told["repository_selection"]) == ("acme", "all")
    assert get(as_app, "/repos/acme/site/installation")["id"] == installation.id
    for path in ("/app/installations/7", "/repos/acme/none/installation"):
        with pytest.raises(pygithub.UnknownObjectException):
            get(as_app, path)


def test_an_app_moves_its_webhook(as_app: pygithub.Github) -> None:
    requester = as_app.requester
    body = {"url": "https://ci.example.com/webhook"}
    told = requester.requestJsonAndCheck("PATCH", "/app/hook/config", input=body)[1]
    assert (told["url"], told["secret"]) == (body["url"], "********")
    assert get(as_app, "/app/hook/config") == told


def test_a_repository_where_the_app_is_not(github: StandIn, as_app: pygithub.Github) -> None:
    github.add_repo("world/open", {"a": "1\n"}, private=False)
    with pytest.raises(pygithub.UnknownObjectException):
        get(as_app, "/repos/world/open/installation")


def test_suites(bot: pygithub.Github, repo: Repo, described: Described) -> None:
    path = "/repos/acme/site/check-suites"
    for status in (201, 200):
        answer = bot.requester.requestJson("POST", path, input={"head_sha": repo.head()})
        assert answer[0] == status
    site = bot.get_repo("acme/site")
    site.create_check_run("lint", repo.head(), status="in_progress")
    site.create_check_run("lint", repo.head(), conclusion="neutral")
    (suite,) = site.get_commit(repo.head()).get_check_suites(check_name="lint")
    assert [run.conclusion for run in suite.get_check_runs()] == ["neutral"]
    assert suite.get_check_runs(filter="all").totalCount == 2
    assert list(site.get_commit(repo.head()).get_check_suites(check_name="none")) == []
    with pytest.raises(pygithub.GithubException, match="No commit found"):
        site.create_check_suite("0" * 40)
    listing = "GET /repos/{owner}/{repo}/check-suites/{check_suite_id}/check-runs 200"
    assert listing in described.seen


def test_pages_of_a_list(bot: pygithub.Github, repo: Repo) -> None:
    for number in range(5):
        repo.commit({"a": f"{number}\n"}, message=f"Number {number}")
    site = bot.get_repo("acme/site")
    headers, rows = site.requester.requestJsonAndCheck(
        "GET", "/repos/acme/site/commits?per_page=2&page=2"
    )
    assert [row["commit"]["message"] for row in rows] == ["Number 2", "Number 1"]
    assert {part.split("rel=")[1] for part in headers["link"].split(", ")} == {
        *('"prev"', '"first"', '"next"', '"last"')
    }
    assert site.get_commits(path="docs/index.md").totalCount == 1


def test_tags(
    repo: Repo, installation: Installation, bot: pygithub.Github, receiver: Receiver
) -> None:
    repo.tag("v1")
    (push,) = receiver.wait("push")
    assert (push.json["ref"], push.json["created"], push.json["commits"]) == (
        "refs/tags/v1",
        True,
        [],
    )
    assert push.json["head_commit"]["id"] == repo.head()
    refs = get(bot, "/repos/acme/site/git/matching-refs/tags/v")
    assert [row["ref"] for row in refs] == ["refs/tags/v1"]
    assert bot.get_repo("acme/site").get_commit("v1").sha == repo.head()


def test_people(github: StandIn, bot: pygithub.Github, repo: Repo) -> None:
    assert bot.get_user("acme").login == "acme"
    with client(github, pygithub.Auth.Token(github.user("acme").token)) as made:
        assert made.get_user().login == "acme"
    with pytest.raises(pygithub.GithubException, match="not accessible by integration"):
        get(bot, "/user")
    with pytest.raises(pygithub.UnknownObjectException):
        bot.get_user("nobody")


def test_deployment_statuses_one_by_one(bot: pygithub.Github, repo: Repo) -> None:
    site = bot.get_repo("acme/site")
    deployment = site.create_deployment("master", required_contexts=[], environment="staging")
    made = deployment.create_status("error", description="down")
    assert deployment.get_status(made.id).state == "error"
    with pytest.raises(pygithub.UnknownObjectException):
        deployment.get_status(7)


def test_is_merged(bot: pygithub.Github, repo: Repo) -> None:
    repo.commit({"a": "1\n"}, branch="topic")
    repo.open_pull("topic")
    pull = bot.get_repo("acme/site").get_pull(1)
    assert not pull.is_merged()
    repo.merge(1)
    assert pull.is_merged()


def test_ping(github: StandIn, receiver: Receiver) -> None:
    github.add_app("other", webhook_url=receiver.url, ping=True)
    (hook,) = receiver.wait("ping")
    assert hook.json["hook"]["config"]["url"] == receiver.url
    assert hook.headers["X-GitHub-Hook-Installation-Target-Type"] == "integration"
