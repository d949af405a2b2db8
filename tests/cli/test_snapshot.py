"""The folder as it is, as a commit, and nothing written into its repository."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from dishwasher.cli.snapshot import Snapshot, snapshot
from dishwasher.errors import UserError


def git(folder: Path, *words: str, check: bool = True, **environment: str) -> str:
    done = subprocess.run(
        ("git", "-c", "user.name=a", "-c", "user.email=a@b.c", *words),
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=check,
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "a b"
    root.mkdir()
    git(root, "init", "-q")
    (root / ".gitignore").write_text("*.log\n")
    (root / "kept").write_text("one\n")
    git(root, "add", ".")
    git(root, "commit", "-qm", "first")
    return root


def files(root: Path, taken: Snapshot) -> dict[str, str]:
    """What the commit holds, read as a clone would."""
    alternates = ":".join(map(str, taken.objects))
    environment = {"GIT_ALTERNATE_OBJECT_DIRECTORIES": alternates}
    names = git(root, "ls-tree", "-r", "--name-only", taken.sha, **environment).split("\n")
    return {name: git(root, "show", f"{taken.sha}:{name}", **environment) for name in names}


def test_a_clean_checkout_is_its_own_commit(repository: Path, tmp_path: Path) -> None:
    taken = snapshot(repository, tmp_path / "new")
    assert (taken.sha, taken.changed) == (git(repository, "rev-parse", "HEAD"), False)


def test_uncommitted_and_new_files_are_there_and_ignored_ones_are_not(
    repository: Path, tmp_path: Path
) -> None:
    (repository / "kept").write_text("two\n")
    (repository / "new").write_text("new\n")
    (repository / "debug.log").write_text("noise\n")
    before = {path for path in (repository / ".git").rglob("*")}
    status = git(repository, "status", "--porcelain")
    taken = snapshot(repository, tmp_path / "new")
    assert taken.changed
    assert files(repository, taken) == {".gitignore": "*.log", "kept": "two", "new": "new"}
    assert git(repository, "status", "--porcelain") == status
    assert {path for path in (repository / ".git").rglob("*")} == before
    parent = git(
        repository,
        "rev-parse",
        f"{taken.sha}^",
        GIT_ALTERNATE_OBJECT_DIRECTORIES=str(taken.objects[0]),
    )
    assert parent == git(repository, "rev-parse", "HEAD")


def test_a_deleted_file_is_gone(repository: Path, tmp_path: Path) -> None:
    (repository / "kept").unlink()
    assert list(files(repository, snapshot(repository, tmp_path / "new"))) == [".gitignore"]


def test_a_subfolder_takes_the_whole_checkout(repository: Path, tmp_path: Path) -> None:
    (repository / "app").mkdir()
    (repository / "app" / "x").write_text("x\n")
    taken = snapshot(repository / "app", tmp_path / "new")
    assert "kept" in files(repository, taken)


def test_a_repository_without_a_commit(tmp_path: Path) -> None:
    root = tmp_path / "fresh"
    root.mkdir()
    git(root, "init", "-q")
    (root / "x").write_text("x\n")
    assert files(root, snapshot(root, tmp_path / "new")) == {"x": "x"}


def test_a_worktree(repository: Path, tmp_path: Path) -> None:
    git(repository, "worktree", "add", "-q", str(tmp_path / "tree"))
    (tmp_path / "tree" / "more").write_text("more\n")
    taken = snapshot(tmp_path / "tree", tmp_path / "new")
    assert files(repository, taken)["more"] == "more"


def test_a_folder_that_is_no_repository(tmp_path: Path) -> None:
    root = tmp_path / "plain"
    root.mkdir()
    (root / "x").write_text("x\n")
    taken = snapshot(root, tmp_path / "new")
    bare = taken.objects[0].parent
    assert git(bare, "show", f"{taken.sha}:x") == "x"
    assert sorted(path.name for path in root.iterdir()) == ["x"]


def test_a_broken_repository_says_what_git_says(repository: Path, tmp_path: Path) -> None:
    (repository / ".git" / "index").write_bytes(b"not an index")
    with pytest.raises(UserError, match="git ls-files failed in"):
        snapshot(repository, tmp_path / "new")
