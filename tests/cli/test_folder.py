"""What the commands see of a folder: its files as git would take them, and nothing beyond it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from dishwasher.cli import folder
from dishwasher.errors import UserError


def git(root: Path, *words: str) -> None:
    identity = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org")
    subprocess.run(("git", "-C", str(root), *identity, *words), check=True, capture_output=True)


def write(root: Path, *paths: str, text: str = "x\n") -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    return tmp_path


def test_files_that_git_tracks_or_would_track_are_seen(repository: Path) -> None:
    write(repository, "manage.py", "app/views.py", "new.py", "build/out.js")
    write(repository, ".gitignore", text="build/\n")
    git(repository, "add", "manage.py", "app")
    assert folder.look(repository).paths == {"manage.py", "app/views.py", "new.py", ".gitignore"}


def test_a_file_that_was_deleted_and_not_committed_is_not_seen(repository: Path) -> None:
    write(repository, "a.py", "b.py")
    git(repository, "add", ".")
    (repository / "a.py").unlink()
    assert folder.look(repository).paths == {"b.py"}


def test_a_folder_inside_a_repository_is_a_root_of_its_own(repository: Path) -> None:
    write(repository, "site/manage.py", "other.py")
    git(repository, "add", ".")
    seen = folder.look(repository / "site")
    assert seen.paths == {"manage.py"}
    assert seen.read("manage.py") == "x\n"


def test_a_folder_that_its_repository_ignores_is_walked(repository: Path) -> None:
    write(repository, ".gitignore", text="scratch/\n")
    write(repository, "scratch/manage.py")
    assert folder.look(repository / "scratch").paths == {"manage.py"}


def test_a_file_in_conflict_is_seen_once(repository: Path) -> None:
    write(repository, "a.py", text="one\n")
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "Begin")
    git(repository, "checkout", "-qb", "other")
    write(repository, "a.py", text="two\n")
    git(repository, "commit", "-qam", "Two")
    git(repository, "checkout", "-q", "-")
    write(repository, "a.py", text="three\n")
    git(repository, "commit", "-qam", "Three")
    with pytest.raises(subprocess.CalledProcessError):
        git(repository, "merge", "other")
    assert folder.look(repository).paths == {"a.py"}


def test_names_that_are_no_utf_8_are_kept_apart(repository: Path) -> None:
    (repository / os.fsdecode(b"caf\xe9.py")).write_text("x\n")
    write(repository, "café.py")
    assert len(folder.look(repository).paths) == 2


def test_a_git_hook_of_another_repository_does_not_turn_the_look_around(
    repository: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(repository, "here.py")
    other = tmp_path_factory.mktemp("other")
    git(other, "init", "-q")
    write(other, "there.py")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    assert folder.look(repository).paths == {"here.py"}


def test_a_monitor_that_the_repository_names_is_not_started(repository: Path) -> None:
    write(repository, "a.py")
    monitor = repository / ".git" / "monitor"
    monitor.write_text(f"#!/bin/sh\ntouch {repository}/.git/started\n")
    monitor.chmod(0o755)
    git(repository, "config", "core.fsmonitor", str(monitor))
    folder.look(repository)
    assert not (repository / ".git" / "started").exists()


def test_without_git_the_folder_is_walked(tmp_path: Path) -> None:
    write(tmp_path, "manage.py", "app/views.py", "node_modules/left/index.js", ".venv/lib/a.py")
    assert folder.look(tmp_path).paths == {"manage.py", "app/views.py"}


def test_a_machine_without_git_sees_the_same(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(repository, "manage.py")
    monkeypatch.setenv("PATH", str(repository / "nowhere"))
    assert folder.look(repository).paths == {"manage.py"}


def test_a_folder_that_may_not_be_read_is_passed_over(tmp_path: Path) -> None:
    write(tmp_path, "a.py", "shut/b.py")
    (tmp_path / "shut").chmod(0)
    seen = folder.look(tmp_path).paths
    (tmp_path / "shut").chmod(0o755)
    # Root may read everything.
    assert seen == ({"a.py"} if os.getuid() else {"a.py", "shut/b.py"})


def test_of_too_many_files_the_deepest_are_left_out(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(repository, "a/b/deep.py", "a/mid.py", "z.py")
    monkeypatch.setattr(folder, "FILES", 2)
    assert folder.look(repository).paths == {"a/mid.py", "z.py"}
    assert len(folder._walked(repository)) == 2


def test_only_small_text_inside_the_folder_is_read(tmp_path: Path) -> None:
    root = tmp_path / "root"
    write(root, "a.py", text="print('ä')\n")
    (root / "bom.py").write_bytes(b"\xef\xbb\xbfa = 1\n")
    (root / "binary.py").write_bytes(b"\xff\xfe")
    (root / "large.py").write_bytes(b" " * (folder.BYTES + 1))
    write(tmp_path, "secret")
    (root / "link.py").symlink_to(tmp_path / "secret")
    (root / "inside.py").symlink_to("a.py")
    (root / "circle.py").symlink_to("circle.py")
    os.mkfifo(root / "pipe")
    seen = folder.look(root)
    assert seen.read("a.py") == seen.read("inside.py") == "print('ä')\n"
    assert seen.read("bom.py") == "a = 1\n"
    absent = ("binary.py", "large.py", "link.py", "circle.py", "pipe", "none", "../secret", "a\0")
    assert {path: seen.read(path) for path in absent} == dict.fromkeys(absent)
    assert not seen.paths & {"pipe", "circle.py"}


@pytest.mark.parametrize("path", ["absent", "file"])
def test_what_is_no_folder_is_told(tmp_path: Path, path: str) -> None:
    write(tmp_path, "file")
    with pytest.raises(UserError, match=path):
        folder.look(tmp_path / path)
