"""Reading a repository: contents, refs, commits, comparisons, people."""

from __future__ import annotations

import github as pygithub
import pytest
from dishwasher.demo.github import Repo, StandIn
from github.ContentFile import ContentFile
from github.Repository import Repository

from .receiver import Receiver


@pytest.fixture
def site(bot: pygithub.Github) -> Repository:
    return bot.get_repo("acme/site")


def test_files_and_folders(repo: Repo, site: Repository) -> None:
    old = repo.head()
    repo.commit({"app.py": "x = 5\n", "docs/é a.md": "hi\n", "bin/run": b"\x00\xff"})
    now, then = site.get_contents("app.py"), site.get_contents("app.py", ref=old)
    assert isinstance(now, ContentFile) and isinstance(then, ContentFile)
    assert (now.decoded_content, then.decoded_content) == (b"x = 5\n", b"x = 1\ny = 2\n")
    root = site.get_contents("")
    assert isinstance(root, list)
    assert [(one.path, one.type) for one in root] == [
        ("app.py", "file"),
        ("bin", "dir"),
        ("docs", "dir"),
    ]
    odd = site.get_contents("docs/é a.md", ref="master")
    assert isinstance(odd, ContentFile) and odd.decoded_content == b"hi\n"
    for path, ref in (("none.py", "master"), ("app.py", "none")):
        with pytest.raises(pygithub.GithubException) as missing:
            site.get_contents(path, ref=ref)
        assert missing.value.status == 404


def test_raw_and_large_files(github: StandIn, repo: Repo, site: Repository) -> None:
    repo.commit({"big.txt": "x" * (1024 * 1024 + 1)})
    url = f"{site.url}/contents/big.txt"
    _, told = site.requester.requestJsonAndCheck("GET", url)
    assert (told["encoding"], told["content"], told["size"]) == ("none", "", 1024 * 1024 + 1)
    headers = {"Accept": "application/vnd.github.raw+json"}
    status, _, body = site.requester.requestJson("GET", url, headers=headers)
    assert (status, len(body)) == (200, 1024 * 1024 + 1)
    assert github.violations == []


def test_refs_and_branches_with_slashes(repo: Repo, site: Repository) -> None:
    sha = repo.commit({"a": "1\n"}, branch="feature/one")
    assert site.get_branch("feature/one").commit.sha == sha
    assert site.get_git_ref("heads/feature/one").object.sha == sha
    assert {one.name for one in site.get_branches()} == {"master", "feature/one"}
    assert site.get_git_commit(sha).message == "Change files"
    paths = {one.path for one in site.get_git_tree(sha, recursive=True).tree}
    assert paths == {"a", "app.py", "docs", "docs/index.md"}
    with pytest.raises(pygithub.UnknownObjectException):
        site.get_git_ref("heads/none")


def test_commits_and_their_files(repo: Repo, site: Repository) -> None:
    sha = repo.commit({"app.py": "x = 1\ny = 3\n", "docs/index.md": None}, message="Three")
    commit = site.get_commit(sha)
    assert commit.commit.message == "Three"
    assert (commit.stats.additions, commit.stats.deletions) == (1, 2)
    assert {one.filename: one.status for one in commit.files} == {
        "app.py": "modified",
        "docs/index.md": "removed",
    }
    assert site.get_commit(sha[:8]).sha == site.get_commit("master").sha == sha
    with pytest.raises(pygithub.GithubException, match="No commit found"):
        site.get_commit("0" * 40)


def test_comparisons(repo: Repo, site: Repository) -> None:
    start = repo.head()
    topic = repo.commit({"app.py": "x = 1\ny = 2\nz = 3\n"}, branch="topic")
    ahead = site.compare("master", "topic")
    assert (ahead.status, ahead.ahead_by, ahead.behind_by) == ("ahead", 1, 0)
    (changed,) = ahead.files
    assert changed.patch == "@@ -1,2 +1,3 @@\n x = 1\n y = 2\n+z = 3"
    master = repo.commit({"docs/index.md": "# The site\n"})
    apart = site.compare(master, topic)
    assert (apart.status, apart.ahead_by, apart.behind_by) == ("diverged", 1, 1)
    assert apart.merge_base_commit.sha == start
    assert [one.filename for one in apart.files] == ["app.py"]
    assert site.compare("topic", "topic").status == "identical"
    assert site.compare("topic", start).status == "behind"


def test_renamed_and_binary_files_in_a_comparison(repo: Repo, site: Repository) -> None:
    text = "".join(f"line {number}\n" for number in range(20))
    base = repo.commit({"old.txt": text, "logo.png": bytes(range(256))})
    head = repo.commit({"old.txt": None, "new.txt": text, "logo.png": bytes(range(255, -1, -1))})
    files = {one.filename: one for one in site.compare(base, head).files}
    assert (files["new.txt"].status, files["new.txt"].previous_filename) == ("renamed", "old.txt")
    assert files["logo.png"].status == "modified" and not files["logo.png"].patch


def test_who_may_do_what(github: StandIn, repo: Repo, site: Repository) -> None:
    github.add_user("ann")
    github.add_user("bob")
    repo.collaborate("ann", "maintain")
    assert site.get_collaborator_permission("acme") == "admin"
    assert site.get_collaborator_permission("ann") == "write"
    assert site.get_collaborator_permission("bob") == "none"
    assert site.has_in_collaborators("ann") and not site.has_in_collaborators("bob")


def test_renaming_redirects_reads_and_writes(
    github: StandIn, repo: Repo, site: Repository, receiver: Receiver
) -> None:
    repo.rename("shop")
    assert site.get_branch("master").commit.sha == repo.head()
    status, headers, _ = site.requester.requestJson(
        "POST", f"{site.url}/check-runs", input={"name": "lint", "head_sha": repo.head()}
    )
    assert (status, headers["location"]) == (
        307,
        f"{github.api_url}/repositories/{repo.id}/check-runs",
    )
    by_id = site.requester.requestJsonAndCheck("GET", f"/repositories/{repo.id}")[1]
    assert by_id["full_name"] == "acme/shop"
    # Somebody takes the old name: it leads to the new repository from then on.
    taker = github.add_repo("acme/site", {"a": "1\n"})
    assert site.requester.requestJsonAndCheck("GET", "/repos/acme/site")[1]["id"] == taker.id


def test_a_deleted_repository_is_gone(repo: Repo, site: Repository, receiver: Receiver) -> None:
    repo.delete()
    receiver.wait("repository", "deleted")
    with pytest.raises(pygithub.UnknownObjectException):
        site.get_branch("master")


def test_what_nobody_serves_is_recorded(github: StandIn, site: Repository) -> None:
    with pytest.raises(pygithub.UnknownObjectException):
        site.requester.requestJsonAndCheck("GET", "/repos/acme/site/chek-runs")
    (violation,) = github.violations
    assert violation.path == "/repos/acme/site/chek-runs"


def test_bodies_that_are_not_json_objects(github: StandIn, site: Repository) -> None:
    for body in ([1], "x"):
        with pytest.raises(pygithub.GithubException) as refused:
            site.requester.requestJsonAndCheck("POST", f"{site.url}/check-runs", input=body)
        assert refused.value.status == 400
    assert len(github.violations) == 2


def test_api_versions(bot: pygithub.Github, repo: Repo) -> None:
    repo.commit({"a": "1\n"}, branch="topic")
    pull = repo.open_pull("topic")
    path = f"/repos/acme/site/pulls/{pull.number}"

    def read(version: str) -> dict[str, object]:
        headers = {"X-GitHub-Api-Version": version}
        told = bot.requester.requestJsonAndCheck("GET", path, headers=headers)[1]
        assert isinstance(told, dict)
        return told

    assert read("2022-11-28")["merge_commit_sha"] == repo.git.refs["refs/pull/1/merge"]
    assert "merge_commit_sha" not in read("2026-03-10")
    with pytest.raises(pygithub.GithubException, match="not a supported API version"):
        read("2021-01-01")
