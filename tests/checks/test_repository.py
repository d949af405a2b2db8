"""What git answers, and that a hostile repository can not make it run anything."""

from __future__ import annotations

from pathlib import Path

import pytest
from dishwasher.checks.repository import Repository
from dishwasher.errors import InfraError

from tests.checks.project import ENVIRONMENT, Project


def of(project: Project, **more: str) -> Repository:
    return Repository(project.path, {**ENVIRONMENT, **more})


def test_added_lines_between_commits(project: Project) -> None:
    base = project.commit({"a.txt": "one\n", "gone.txt": "gone\n"})
    head = project.commit({"a.txt": "one\ntwo\n", "gone.txt": None, "new.txt": "x\ny\n"})
    found = {file.path: file.ranges for file in of(project).added(base, head)}
    assert found == {b"a.txt": ((2, 2),), b"new.txt": ((1, 2),)}


def test_from_the_empty_tree_every_line_is_added(project: Project) -> None:
    head = project.commit({"a.txt": "one\ntwo\n"})
    git = of(project)
    (file,) = git.added(git.empty_tree(), head)
    assert file.ranges == ((1, 2),)


def test_a_renamed_file_has_gained_what_differs(project: Project) -> None:
    text = "".join(f"line {number}\n" for number in range(50))
    base = project.commit({"old.txt": text})
    head = project.commit({"old.txt": None, "new.txt": text + "more\n"})
    (file,) = of(project).added(base, head)
    assert (file.path, file.ranges) == (b"new.txt", ((51, 51),))


def test_large_files_show_no_lines(project: Project) -> None:
    base = project.commit({"a.txt": "x\n"})
    head = project.commit({"a.txt": "a line\n" * 200_000})
    assert list(of(project).added(base, head)) == []


def test_names_of_every_kind(project: Project) -> None:
    names = ["a b", 'quo"te', "back\\slash", "new\nline", "tab\t", "é", "-x", "b", "trailing "]
    base = project.commit({})
    head = project.commit({name: "x\n" for name in names})
    found = {file.path.decode() for file in of(project).added(base, head)}
    assert found == set(names)


def test_changes_start_where_the_branches_parted(project: Project) -> None:
    fork = project.commit({"a.txt": "x\n"})
    project.git("checkout", "-q", "-b", "topic")
    head = project.commit({"b.txt": "x\n"})
    project.git("checkout", "-q", "main")
    base = project.commit({"c.txt": "x\n"})
    assert of(project).start_of_changes(base, head) == fork


def test_without_common_history_changes_start_at_the_base(project: Project) -> None:
    base = project.commit({"a.txt": "x\n"})
    project.git("checkout", "-q", "--orphan", "other")
    head = project.commit({"b.txt": "x\n"})
    assert of(project).start_of_changes(base, head) == base


def test_blobs_come_in_order_and_repeated(project: Project) -> None:
    project.commit({"a": "one", "b": b"two\n\0", "c": ""})
    ids = [project.git("rev-parse", f"HEAD:{name}") for name in "bacb"]
    assert list(of(project).blobs(ids)) == [b"two\n\0", b"one", b"", b"two\n\0"]
    assert list(of(project).blobs([])) == []


def test_a_blob_that_is_missing(project: Project) -> None:
    with pytest.raises(InfraError, match=f"no blob {'a' * 40} in this checkout"):
        list(of(project).blobs(["a" * 40]))


def test_regular_files_at_the_root(project: Project) -> None:
    (project.path / "link").symlink_to("a")
    commit = project.commit({"a": "x", "folder/b": "x"})
    found = of(project).files(commit, ("a", "link", "folder", "b", "none"))
    assert found == {"a": project.git("rev-parse", "HEAD:a")}


def test_words_are_counted_by_file(project: Project) -> None:
    commit = project.commit(
        {"a": "teh teh\n", "b": "teh\n", "c": "tehran\n", "new\nline": "teh\n", "d": b"teh\0"}
    )
    git = of(project)
    assert git.files_with(commit, ["teh", "nowhere", "-e"]) == {"teh": 3}
    assert git.files_with(commit, []) == {}


@pytest.mark.parametrize("id", ["", "main", "--output=/tmp/x", "a" * 39, "A" * 40, "a" * 40 + "\n"])
def test_only_ids_reach_git(project: Project, id: str) -> None:
    git = of(project)
    for call in (
        lambda: git.start_of_changes(id, "a" * 40),
        lambda: list(git.added("a" * 40, id)),
        lambda: list(git.blobs([id])),
        lambda: git.files(id, ["a"]),
        lambda: git.files_with(id, ["word"]),
    ):
        with pytest.raises(InfraError, match="is not the id of a git object"):
            call()


def test_a_commit_that_is_not_there(project: Project) -> None:
    head = project.commit({"a": "x\n"})
    git = of(project)
    assert git.start_of_changes("a" * 40, head) == "a" * 40
    with pytest.raises(InfraError, match=r"git diff failed \(128\): .*bad object"):
        list(git.added("a" * 40, head))


def test_a_folder_that_is_no_repository(tmp_path: Path) -> None:
    git = Repository(tmp_path, {**ENVIRONMENT, "GIT_CEILING_DIRECTORIES": str(tmp_path)})
    with pytest.raises(InfraError, match="git ls-tree failed"):
        git.files("a" * 40, ["a"])


def test_a_machine_without_git(project: Project, tmp_path: Path) -> None:
    with pytest.raises(InfraError, match="git is not installed"):
        Repository(project.path, {"PATH": str(tmp_path)}).empty_tree()


def test_nothing_of_a_hostile_repository_runs(project: Project, tmp_path: Path) -> None:
    """Every door that configuration, attributes, hooks and the environment open."""
    ran = tmp_path / "ran"
    evil = tmp_path / "evil"
    evil.write_text(f'#!/bin/sh\necho "$0 $*" >> {ran}\ncat\n')
    evil.chmod(0o755)
    attributes = "* diff=evil filter=evil text\n"
    base = project.commit({".gitattributes": attributes, "a.txt": "one\n"})
    head = project.commit({"a.txt": "one\ntwo\n"})
    for key in (
        "core.fsmonitor",
        "core.pager",
        "core.sshCommand",
        "diff.external",
        "diff.evil.command",
        "diff.evil.textconv",
        "filter.evil.clean",
        "filter.evil.smudge",
        "filter.evil.process",
        "pager.diff",
        "pager.grep",
    ):
        project.git("config", key, str(evil))
    project.git("config", "core.hooksPath", str(tmp_path))
    project.git("config", "diff.noprefix", "true")
    project.git("config", "color.ui", "always")
    for key in ("grep.lineNumber", "grep.column", "diff.colorMoved"):
        project.git("config", key, "true")
    git = of(
        project,
        GIT_EXTERNAL_DIFF=str(evil),
        GIT_PAGER=str(evil),
        GIT_DIR="/nonexistent",
        GIT_CONFIG_COUNT="1",
        GIT_CONFIG_KEY_0="diff.external",
        GIT_CONFIG_VALUE_0=str(evil),
    )
    (file,) = git.added(git.start_of_changes(base, head), head)
    assert (file.path, file.ranges) == (b"a.txt", ((2, 2),))
    assert list(git.blobs([file.blob])) == [b"one\ntwo\n"]
    assert git.files_with(base, ["one"]) == {"one": 1}
    assert not ran.exists()
