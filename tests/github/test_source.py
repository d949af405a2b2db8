from __future__ import annotations

import base64
import subprocess
import threading
import time
from pathlib import Path

import pytest
from dishwasher.errors import InfraError, Unseen, UserError
from dishwasher.github import GithubApp, GithubSource
from dishwasher.github.source import REVOKED_WITHIN
from dishwasher.ports import Listing

from tests.github.conftest import REPOSITORY, Stage
from tests.github.raw import Asked, RawServer, Say

BYTES = bytes(range(256)) * 3
TREE = f"/repos/octo/demo/git/trees/{'a' * 40}"
CONFIG = "/repos/octo/demo/contents/.dishwasher.yml"


def test_a_file_is_read_at_its_commit_byte_for_byte(stage: Stage) -> None:
    old = stage.repo.head()
    new = stage.repo.commit({".dishwasher.yml": BYTES, "deep/er/ü #?%.bin": b"", "empty": b""})
    source, repository = stage.source, stage.repository
    assert source.file(repository, ".dishwasher.yml", old) == b"checks: {}\n"
    assert source.file(repository, ".dishwasher.yml", new) == BYTES
    assert source.file(repository, "deep/er/ü #?%.bin", new) == b""
    assert source.file(repository, "empty", old) is None


def test_a_tarball_is_where_the_api_is(stage: Stage) -> None:
    sha = stage.repo.head()
    url = stage.source.tarball_url(stage.repository, sha)
    assert url == f"{stage.github.api_url}/repos/{stage.repo.full_name}/tarball/{sha}"


def test_a_folder_is_no_file(stage: Stage) -> None:
    sha = stage.repo.commit({"folder/file": "x"})
    assert stage.source.file(stage.repository, "folder", sha) is None


def test_a_commit_that_is_not_there_yet_is_not_a_commit_without_the_file(stage: Stage) -> None:
    """Case 51: the webhook may come before the API shows the commit."""
    with pytest.raises(Unseen):
        stage.source.file(stage.repository, ".dishwasher.yml", "b" * 40)


def test_a_file_above_a_megabyte_is_the_users_to_make_smaller(stage: Stage) -> None:
    sha = stage.repo.commit({".dishwasher.yml": b"#" * (1024 * 1024 + 1)})
    with pytest.raises(UserError, match="larger than"):
        stage.source.file(stage.repository, ".dishwasher.yml", sha)


@pytest.mark.parametrize("path", ["", "/etc/passwd", "a/../../b", "./a", "a//b", "a/"])
def test_a_path_that_leaves_its_place_is_never_sent(stage: Stage, path: str) -> None:
    with pytest.raises(UserError, match="not the path of a file"):
        stage.source.file(stage.repository, path, stage.repo.head())
    assert stage.github.requests() == []


@pytest.mark.parametrize(
    "body",
    [
        {"type": "symlink", "target": "../x"},
        {"type": "submodule", "submodule_git_url": "https://x"},
    ],
)
def test_links_and_submodules_are_no_files(raw: RawServer, app: GithubApp, body: object) -> None:
    raw.on("GET", CONFIG, Say(200, body))
    assert GithubSource(app).file(REPOSITORY, ".dishwasher.yml", "a" * 40) is None
    assert raw.requests("GET", CONFIG)[0].query == {"ref": "a" * 40}


@pytest.mark.parametrize(
    "body",
    [
        {"type": "file", "encoding": "base64", "content": "A"},
        {"type": "file", "encoding": "base64", "content": 7},
        {"data": "<html>"},
        None,
    ],
)
def test_content_that_can_not_be_read_is_infra(
    raw: RawServer, app: GithubApp, body: object
) -> None:
    raw.on("GET", CONFIG, Say(200, body))
    with pytest.raises(InfraError, match="can not be read"):
        GithubSource(app).file(REPOSITORY, ".dishwasher.yml", "a" * 40)


def test_content_comes_in_lines(raw: RawServer, app: GithubApp) -> None:
    lines = base64.encodebytes(BYTES).decode()
    raw.on("GET", CONFIG, Say(200, {"type": "file", "encoding": "base64", "content": lines}))
    assert GithubSource(app).file(REPOSITORY, ".dishwasher.yml", "a" * 40) == BYTES


@pytest.mark.parametrize(
    "branch", ["topic", "feature/a/b", "a;b|c&d", "$(id)", "-x", "ü", "%2e%2e", "a#b", "x+y", "@"]
)
def test_a_branch_of_any_name_is_found(stage: Stage, branch: str) -> None:
    sha = stage.repo.commit({"a": branch}, branch=branch)
    assert stage.source.branch_sha(stage.repository, branch) == sha
    assert stage.source.branch_sha(stage.repository, f"{branch}-not") is None
    # One segment: GitHub's description knows no branch that is two.
    asked = stage.github.requests("GET", "*/branches/*")[0].path
    assert "/" not in asked.partition("/branches/")[2]


def test_a_renamed_branch_is_not_there_any_more(raw: RawServer, app: GithubApp) -> None:
    path = "/repos/octo/demo/branches/old"
    raw.on("GET", path, Say(301, {}, {"Location": f"{raw.url}/repos/octo/demo/branches/new"}))
    accessible = {"repositories": [{"id": 5, "full_name": "octo/demo"}]}
    raw.on("GET", "/installation/repositories", Say(200, accessible))
    assert GithubSource(app).branch_sha(REPOSITORY, "old") is None


def test_commits_are_compared_without_their_files(stage: Stage) -> None:
    base = stage.repo.head()
    ahead = stage.repo.commit({f"f{number}": "x" for number in range(40)}, branch="topic")
    aside = stage.repo.commit({"other": "y"})
    source, repository = stage.source, stage.repository
    found = [
        source.compare(repository, *pair)
        for pair in [(base, ahead), (ahead, base), (aside, ahead), (base, base)]
    ]
    assert [(one.status, one.merge_base) for one in found if one] == [
        ("ahead", base),
        ("behind", base),
        ("diverged", base),
        ("identical", base),
    ]
    assert source.compare(repository, base, "b" * 40) is None
    # The second page: https://docs.github.com/en/rest/commits/commits#compare-two-commits
    pages = {entry.query["page"] for entry in stage.github.requests("GET", "*/compare/*")}
    assert pages == {"2"}


def test_a_renamed_file_counts_by_both_names(stage: Stage) -> None:
    old = stage.repo.commit({"old/name.py": "line\n" * 50})
    new = stage.repo.commit({"old/name.py": None, "new/name.py": "line\n" * 50})
    found = stage.source.compare(stage.repository, old, new, paths=True)
    assert found is not None and found.paths == ("old/name.py", "new/name.py")


def test_a_comparison_without_its_files_knows_no_change(raw: RawServer, app: GithubApp) -> None:
    path = f"/repos/octo/demo/compare/{'a' * 40}...{'b' * 40}"
    raw.on("GET", path, Say(200, {"status": "ahead", "merge_base_commit": {"sha": "a" * 40}}))
    found = GithubSource(app).compare(REPOSITORY, "a" * 40, "b" * 40, paths=True)
    assert found is not None and found.paths is None


def test_links_and_submodules_are_not_listed_as_files(raw: RawServer, app: GithubApp) -> None:
    tree = [
        {"path": "app", "mode": "040000", "type": "tree"},
        {"path": "app/run.sh", "mode": "100755", "type": "blob"},
        {"path": "link", "mode": "120000", "type": "blob"},
        {"path": "module", "mode": "160000", "type": "commit"},
    ]
    raw.on("GET", TREE, Say(200, {"tree": tree, "truncated": False}))
    assert GithubSource(app).files(REPOSITORY, "a" * 40) == Listing(frozenset({"app/run.sh"}))
    assert [asked.query for asked in raw.requests("GET", TREE)] == [{"recursive": "1"}]


def test_a_tree_that_was_cut_off_is_completed_at_its_root(raw: RawServer, app: GithubApp) -> None:
    def answer(asked: Asked) -> Say:
        paths = ["a/deep", "a/er"] if asked.query else ["manage.py", "setup.py"]
        tree = [{"path": path, "mode": "100644", "type": "blob"} for path in paths]
        return Say(200, {"tree": tree, "truncated": bool(asked.query)})

    raw.on("GET", TREE, answer)
    paths = frozenset({"a/deep", "a/er", "manage.py", "setup.py"})
    assert GithubSource(app).files(REPOSITORY, "a" * 40) == Listing(paths, complete=False)


def test_a_branch_may_be_compared_with(stage: Stage) -> None:
    sha = stage.repo.commit({"a": "1"}, branch="feature/x")
    found = stage.source.compare(stage.repository, "feature/x", stage.repo.head())
    assert found is not None and (found.status, found.merge_base) == ("behind", stage.repo.head())
    assert sha != stage.repo.head()


def clone(stage: Stage, token: str, target: Path) -> int:
    url = stage.source.clone_url(stage.repository).replace("://", f"://x-access-token:{token}@")
    command = ["git", "-c", "credential.helper=", "clone", "-q", url, str(target)]
    environment = {"GIT_TERMINAL_PROMPT": "0", "PATH": "/usr/bin:/bin", "HOME": str(target.parent)}
    return subprocess.run(command, env=environment, capture_output=True, check=False).returncode


def test_a_clone_token_clones_until_it_is_revoked(stage: Stage, tmp_path: Path) -> None:
    first = stage.source.clone_token(stage.repository)
    second = stage.source.clone_token(stage.repository)
    assert first != second
    assert len(first) > 200  # the long form; nothing may count on forty characters
    assert clone(stage, first, tmp_path / "first") == 0
    stage.source.revoke(first)
    assert clone(stage, first, tmp_path / "again") != 0
    assert clone(stage, second, tmp_path / "second") == 0
    assert (tmp_path / "second/.dishwasher.yml").read_bytes() == b"checks: {}\n"


def test_revoking_what_has_ended_is_fine(stage: Stage) -> None:
    token = stage.source.clone_token(stage.repository)
    stage.source.revoke(token)
    stage.source.revoke(token)
    stage.github.clock.advance(7200)
    stage.source.revoke("ghs_never_was")


def test_a_revocation_that_fails_says_so(stage: Stage) -> None:
    token = stage.source.clone_token(stage.repository)
    stage.github.fail("502-before", "/installation/token", "DELETE")
    with pytest.raises(InfraError):
        stage.source.revoke(token)
    stage.source.revoke(token)
    assert [entry.status for entry in stage.github.requests("DELETE")] == [502, 204]


def test_a_revocation_without_answer_does_not_hold_up_the_job(
    raw: RawServer, app: GithubApp
) -> None:
    source, over = GithubSource(app), threading.Event()

    def hang(asked: Asked) -> Say:
        assert over.wait(30)
        return Say(204)

    raw.on("DELETE", "/installation/token", hang)
    begun = time.monotonic()
    with pytest.raises(InfraError, match="the call goes on"):
        source.revoke("ghs_x")
    assert REVOKED_WITHIN <= time.monotonic() - begun < REVOKED_WITHIN + 5
    over.set()
    source.revoke("ghs_y")
    given_back = [asked.headers["authorization"] for asked in raw.requests("DELETE")]
    assert given_back == ["Bearer ghs_x", "Bearer ghs_y"]
