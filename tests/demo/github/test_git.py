"""Real git against the stand-in: clone, fetch by SHA, push, and who may."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import pytest
from dishwasher.demo.github import App, Installation, Repo, StandIn

from .conftest import Git, mint
from .receiver import Receiver

ZEROS = "0" * 40


def with_token(repo: Repo, token: str, user: str = "x-access-token") -> str:
    return repo.clone_url.replace("://", f"://{user}:{token}@")


def test_clone_with_an_installation_token(git: Git, repo: Repo, token: str, tmp_path: Path) -> None:
    git("clone", "--quiet", with_token(repo, token), "work")
    assert (tmp_path / "work/app.py").read_text() == "x = 1\ny = 2\n"
    assert git("rev-parse", "HEAD", cwd=tmp_path / "work") == repo.head()


@pytest.mark.parametrize("version", ["0", "1", "2"])
def test_fetch_of_an_exact_commit(
    git: Git, repo: Repo, token: str, tmp_path: Path, version: str
) -> None:
    old = repo.head()
    repo.commit({"app.py": "x = 3\n"})
    git("init", "--quiet", "work")
    header = f"http.extraHeader=Authorization: Bearer {token}"
    options = ("-c", header, "-c", f"protocol.version={version}")
    arguments = (*options, "fetch", "--quiet", "--depth=1", repo.clone_url, old)
    git(*arguments, cwd=tmp_path / "work")
    assert git("show", "FETCH_HEAD:app.py", cwd=tmp_path / "work") == "x = 1\ny = 2"


def test_a_private_repository_asks_for_credentials(git: Git, repo: Repo) -> None:
    with pytest.raises(RuntimeError, match=r"could not read Username|Authentication failed"):
        git("clone", "--quiet", repo.clone_url, "work")
    with pytest.raises(RuntimeError, match="Authentication failed"):
        git("clone", "--quiet", with_token(repo, "ghs_wrong"), "work")


def test_a_public_repository_is_read_by_anyone(git: Git, github: StandIn, tmp_path: Path) -> None:
    repo = github.add_repo("acme/open", {"a": "1\n"}, private=False)
    git("clone", "--quiet", repo.clone_url, "work")
    with pytest.raises(RuntimeError, match=r"could not read Username|Authentication failed"):
        git("push", "--quiet", "origin", "HEAD:refs/heads/x", cwd=tmp_path / "work")


def test_a_narrowed_or_expired_token_does_not_reach(
    git: Git, github: StandIn, app: App, installation: Installation, repo: Repo
) -> None:
    other = github.add_repo("acme/other", {"a": "1\n"})
    token = mint(
        github, app, installation, repositories=["other"], permissions={"contents": "read"}
    )
    git("clone", "--quiet", with_token(other, token), "fine")
    with pytest.raises(RuntimeError, match="not found"):
        git("clone", "--quiet", with_token(repo, token), "work")
    github.clock.advance(3601)
    with pytest.raises(RuntimeError, match="Authentication failed"):
        git("clone", "--quiet", with_token(other, token), "late")


def test_a_read_token_does_not_push(git: Git, repo: Repo, token: str, tmp_path: Path) -> None:
    git("clone", "--quiet", with_token(repo, token), "work")
    with pytest.raises(RuntimeError, match="403"):
        git("push", "--quiet", "origin", "HEAD:refs/heads/x", cwd=tmp_path / "work")


def test_a_push_raises_a_signed_event(
    git: Git,
    github: StandIn,
    installation: Installation,
    repo: Repo,
    receiver: Receiver,
    tmp_path: Path,
) -> None:
    before = repo.head()
    git("clone", "--quiet", with_token(repo, github.user("acme").token, "acme"), "work")
    (tmp_path / "work/app.py").write_text("x = 2\n")
    (tmp_path / "work/big.bin").write_bytes(bytes(range(256)) * 8192)  # pushed in chunks
    git("add", ".", cwd=tmp_path / "work")
    git("commit", "--quiet", "-m", "Two", cwd=tmp_path / "work")
    git("push", "--quiet", "origin", "HEAD", cwd=tmp_path / "work")
    (hook,) = receiver.wait("push")
    digest = hmac.new(b"s3cret", hook.body, hashlib.sha256).hexdigest()
    assert hook.headers["X-Hub-Signature-256"] == f"sha256={digest}"
    push = hook.json
    assert (push["ref"], push["before"], push["after"]) == (
        "refs/heads/master",
        before,
        repo.head(),
    )
    assert (push["created"], push["deleted"], push["forced"]) == (False, False, False)
    assert [commit["message"] for commit in push["commits"]] == ["Two"]
    assert push["commits"][0]["added"] == ["big.bin"]
    assert push["head_commit"]["modified"] == ["app.py"]
    assert push["pusher"]["name"] == push["sender"]["login"] == "acme"
    assert push["installation"]["id"] == installation.id
    assert push["repository"]["id"] == repo.id
    (suite,) = receiver.wait("check_suite", "requested")
    assert suite.json["check_suite"]["head_sha"] == repo.head()
    assert suite.json["check_suite"]["head_branch"] == "master"


def test_creation_deletion_and_force_in_the_event(
    installation: Installation, repo: Repo, receiver: Receiver
) -> None:
    first = repo.commit({"a": "1\n"}, branch="topic")
    second = repo.commit({"a": "2\n"}, branch="topic", start="master", force=True)
    repo.delete_branch("topic")
    pushes = sorted(
        (hook.json for hook in receiver.wait("push", count=3)),
        key=lambda push: (push["deleted"], push["forced"]),
    )
    assert [(push["before"], push["after"]) for push in pushes] == [
        (ZEROS, first),
        (first, second),
        (second, ZEROS),
    ]
    assert pushes[0]["created"] and len(pushes[0]["commits"]) == 1
    assert pushes[1]["forced"] and not pushes[1]["created"]
    assert pushes[2]["deleted"]
    assert (pushes[2]["head_commit"], pushes[2]["commits"]) == (None, [])


def test_a_push_to_a_pull_request_synchronises_it(
    git: Git, installation: Installation, repo: Repo, token: str, receiver: Receiver, tmp_path: Path
) -> None:
    old = repo.commit({"app.py": "x = 2\ny = 2\n"}, branch="topic")
    pull = repo.open_pull("topic", title="Two")
    (opened,) = receiver.wait("pull_request", "opened")
    assert opened.json["pull_request"]["mergeable"] is None
    new = repo.commit({"app.py": "x = 3\ny = 2\n"}, branch="topic")
    (moved,) = receiver.wait("pull_request", "synchronize")
    assert (moved.json["before"], moved.json["after"]) == (old, new)
    git("init", "--quiet", "work")
    refs = git("ls-remote", with_token(repo, token), "refs/pull/*")
    shas = dict(line.split("\t")[::-1] for line in refs.splitlines())
    assert shas[f"refs/pull/{pull.number}/head"] == new
    merge = repo.git.commit(shas[f"refs/pull/{pull.number}/merge"])
    assert merge is not None and merge.parents == (repo.head(), new)


def test_hidden_refs_can_not_be_pushed(
    git: Git, github: StandIn, repo: Repo, tmp_path: Path
) -> None:
    git("clone", "--quiet", with_token(repo, github.user("acme").token, "acme"), "work")
    with pytest.raises(RuntimeError, match="hidden ref"):
        git("push", "--quiet", "origin", "HEAD:refs/pull/9/head", cwd=tmp_path / "work")


def test_a_renamed_repository_redirects(
    git: Git, installation: Installation, repo: Repo, token: str, receiver: Receiver, tmp_path: Path
) -> None:
    old = with_token(repo, token)
    repo.rename("shop")
    (renamed,) = receiver.wait("repository", "renamed")
    assert renamed.json["changes"]["repository"]["name"]["from"] == "site"
    assert renamed.json["repository"]["full_name"] == "acme/shop"
    git("clone", "--quiet", old, "work")
    assert (tmp_path / "work/app.py").exists()


def test_a_transferred_repository_redirects(
    github: StandIn, app: App, installation: Installation, repo: Repo, receiver: Receiver
) -> None:
    github.add_user("others")
    there = github.install(app, "others")
    repo.transfer("others")
    (told,) = receiver.wait("repository", "transferred")
    assert told.json["changes"]["owner"]["from"]["user"]["login"] == "acme"
    assert told.json["repository"]["full_name"] == "others/site"
    # Told to the installation that reaches it now.
    assert told.json["installation"]["id"] == there.id


def test_repositories_are_taken_out_and_put_back(
    github: StandIn, installation: Installation, repo: Repo, receiver: Receiver
) -> None:
    github.choose(installation, [])
    (told,) = receiver.wait("installation_repositories", "removed")
    assert [one["id"] for one in told.json["repositories_removed"]] == [repo.id]
    github.choose(installation, [repo])
    (told,) = receiver.wait("installation_repositories", "added")
    assert told.json["repositories_added"][0]["full_name"] == "acme/site"


def test_a_fork_and_its_pull_request(
    github: StandIn, installation: Installation, repo: Repo, receiver: Receiver
) -> None:
    fork = repo.fork("eve")
    sha = fork.commit({"app.py": "import os\n"}, branch="evil")
    pull = repo.open_pull("evil", fork=fork)
    (opened,) = receiver.wait("pull_request", "opened")
    head = opened.json["pull_request"]["head"]
    assert (head["sha"], head["repo"]["id"], head["label"]) == (sha, fork.id, "eve:evil")
    assert repo.git.refs[f"refs/pull/{pull.number}/head"] == sha
    assert opened.json["sender"]["login"] == "eve"
    github.wait_idle()
    assert [hook.event for hook in receiver.hooks].count("push") == 0
