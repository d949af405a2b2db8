"""Pull requests, comments, reactions, deployments."""

from __future__ import annotations

import github as pygithub
import pytest
from dishwasher.demo.github import App, Installation, Repo, StandIn
from github.Repository import Repository

from .conftest import client, mint
from .receiver import Receiver


@pytest.fixture
def site(bot: pygithub.Github) -> Repository:
    return bot.get_repo("acme/site")


def test_opened_closed_reopened(repo: Repo, site: Repository, receiver: Receiver) -> None:
    repo.commit({"app.py": "x = 9\n"}, branch="topic")
    made = site.create_pull(base="master", head="topic", title="Nine", body="Why not")
    assert (made.number, made.mergeable, made.changed_files) == (1, True, 1)
    assert made.user.login == "dishwasher[bot]"
    repo.close(1)
    repo.reopen(1, user="acme")
    actions = {"opened", "closed", "reopened"}
    assert {hook.json["action"] for hook in receiver.wait("pull_request", count=3)} == actions
    assert [one.number for one in site.get_pulls()] == [1]
    assert [one.filename for one in made.get_files()] == ["app.py"]
    assert [one.commit.message for one in made.get_commits()] == ["Change files"]
    made.edit(state="closed", title="Ten")
    assert (made.state, made.title) == ("closed", "Ten")
    assert list(site.get_pulls()) == []
    assert [one.number for one in site.get_commit(made.head.sha).get_pulls()] == [1]


def test_useless_pull_requests_are_refused(repo: Repo, site: Repository) -> None:
    repo.move("same", repo.head())
    repo.commit({"a": "1\n"}, branch="topic")
    repo.open_pull("topic")
    reasons = {"same": "No commits", "topic": "already exists", "no": "not a branch"}
    for head, reason in reasons.items():
        with pytest.raises(pygithub.GithubException, match=reason):
            site.create_pull(base="master", head=head, title="x")


def test_a_merge_pushes_and_closes(
    github: StandIn, installation: Installation, repo: Repo, receiver: Receiver
) -> None:
    before = repo.head()
    topic = repo.commit({"app.py": "x = 9\n"}, branch="topic")
    repo.open_pull("topic", title="Nine")
    owner = pygithub.Auth.Token(github.user("acme").token)
    with client(github, owner) as made:
        pull = made.get_repo("acme/site").get_pull(1)
        with pytest.raises(pygithub.GithubException, match="modified") as refused:
            pull.merge(sha="1" * 40)
        assert refused.value.status == 409
        merged = pull.merge(sha=topic)
    assert merged.merged and merged.sha == repo.head()
    (closed,) = receiver.wait("pull_request", "closed")
    assert closed.json["pull_request"]["merged"] is True
    assert closed.json["pull_request"]["merge_commit_sha"] == merged.sha
    pushes = [hook.json for hook in receiver.wait("push", count=2)]
    (push,) = (push for push in pushes if push["ref"] == "refs/heads/master")
    assert (push["before"], push["after"]) == (before, merged.sha)
    assert len(push["commits"]) == 2
    assert "refs/pull/1/merge" not in repo.git.refs


def test_conflicts(repo: Repo, site: Repository) -> None:
    repo.commit({"app.py": "x = 9\n"}, branch="topic")
    repo.open_pull("topic")
    assert site.get_pull(1).mergeable_state == "clean"
    repo.commit({"app.py": "x = 8\n"})
    found = site.get_pull(1)
    assert (found.mergeable, found.mergeable_state) == (False, "dirty")
    assert "refs/pull/1/merge" not in repo.git.refs
    with pytest.raises(ValueError, match="conflicts"):
        repo.merge(1)


def test_a_push_of_the_merge_closes_too(
    installation: Installation, repo: Repo, receiver: Receiver
) -> None:
    sha = repo.commit({"app.py": "x = 9\n"}, branch="topic")
    repo.open_pull("topic")
    repo.move("master", sha)
    (closed,) = receiver.wait("pull_request", "closed")
    assert closed.json["pull_request"]["merged"] is True


def test_a_deleted_branch_closes(
    installation: Installation, repo: Repo, receiver: Receiver
) -> None:
    repo.commit({"app.py": "x = 9\n"}, branch="topic")
    repo.open_pull("topic")
    repo.delete_branch("topic")
    (closed,) = receiver.wait("pull_request", "closed")
    assert closed.json["pull_request"]["merged"] is False


def test_comments(github: StandIn, repo: Repo, site: Repository, receiver: Receiver) -> None:
    repo.commit({"a": "1\n"}, branch="topic")
    repo.open_pull("topic")
    issue = site.get_pull(1)
    made = issue.create_issue_comment("<!-- key -->\nAll well")
    made.edit("<!-- key -->\nNot so well")
    repo.comment(1, "retest this please", user="acme")
    listed = list(issue.get_issue_comments())
    assert [(one.user.login, one.body.split("\n")[-1]) for one in listed] == [
        ("dishwasher[bot]", "Not so well"),
        ("acme", "retest this please"),
    ]
    eyes = listed[1].create_reaction("eyes")
    assert listed[1].create_reaction("eyes").id == eyes.id
    assert [one.content for one in listed[1].get_reactions()] == ["eyes"]
    assert listed[1].delete_reaction(eyes.id)
    assert [hook.json["comment"]["id"] for hook in receiver.wait("issue_comment", "edited")] == [
        made.id
    ]
    people = {hook.json["sender"]["type"] for hook in receiver.wait("issue_comment", "created", 2)}
    assert people == {"Bot", "User"}
    made.delete()
    with pytest.raises(pygithub.UnknownObjectException):
        made.edit("x")
    assert github.violations == []


def test_comments_that_are_too_long_or_empty(repo: Repo, site: Repository) -> None:
    repo.commit({"a": "1\n"}, branch="topic")
    repo.open_pull("topic")
    pull = site.get_pull(1)
    assert pull.create_issue_comment("x" * 65536).id
    for body in ("x" * 65537, " "):
        with pytest.raises(pygithub.GithubException, match="Validation Failed"):
            pull.create_issue_comment(body)


def test_an_app_needs_a_permission_to_comment(
    github: StandIn, app: App, installation: Installation, repo: Repo
) -> None:
    repo.commit({"a": "1\n"}, branch="topic")
    repo.open_pull("topic")
    token = mint(github, app, installation, permissions={"pull_requests": "read"})
    with client(github, pygithub.Auth.Token(token)) as made:
        pull = made.get_repo("acme/site").get_pull(1)
        with pytest.raises(pygithub.GithubException, match="not accessible by integration"):
            pull.create_issue_comment("hello")


def test_deployments_and_their_statuses(github: StandIn, repo: Repo, site: Repository) -> None:
    first = site.create_deployment(repo.head(), environment="staging", auto_merge=False)
    first.create_status("in_progress")
    first.create_status("success", environment_url="http://127.0.0.1:1/", description="Up")
    second = site.create_deployment("master", environment="staging", required_contexts=[])
    second.create_status("success")
    assert [one.state for one in first.get_statuses()] == ["inactive", "success", "in_progress"]
    assert [one.id for one in site.get_deployments(environment="staging")] == [second.id, first.id]
    with pytest.raises(pygithub.GithubException, match="Validation Failed"):
        second.create_status("failure", description="x" * 141)
    with pytest.raises(pygithub.GithubException, match="scheme"):
        second.create_status("failure", environment_url="staging.example.test")
    with pytest.raises(pygithub.GithubException, match="No ref found"):
        site.create_deployment("none")
    assert site.get_deployment(first.id).sha == repo.head()


def test_the_defaults_of_deployments_bite(repo: Repo, site: Repository) -> None:
    site.create_check_run("lint", repo.head(), conclusion="failure")
    with pytest.raises(pygithub.GithubException, match="status checks failed") as refused:
        site.create_deployment("master")
    assert refused.value.status == 409
    topic = repo.commit({"b": "1\n"}, branch="topic")
    repo.commit({"c": "1\n"})
    url = f"{site.url}/deployments"
    status, _, _ = site.requester.requestJson("POST", url, input={"ref": "topic"})
    assert status == 202
    merge = repo.git.commit(repo.head("topic"))
    assert merge is not None and merge.parents == (topic, repo.head())
    repo.commit({"c": "2\n"}, branch="topic")
    repo.commit({"c": "3\n"})
    with pytest.raises(pygithub.GithubException, match="Conflict merging"):
        site.create_deployment("topic")
