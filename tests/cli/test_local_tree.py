"""What a job of `dishwasher run` finds of a local tree, whatever state that is in."""

from __future__ import annotations

import os
import shutil
import stat
import time
from pathlib import Path

import pytest
from dishwasher.cli.snapshot import snapshot
from dishwasher.core.ticket import Source
from dishwasher.errors import UserError
from dishwasher.runner.command import Commands, Grace
from dishwasher.runner.local_checkout import LocalCheckout
from dishwasher.runner.stop import Stop

from tests.cli.test_snapshot import git


class Machine:
    """What `dishwasher run` does with a snapshot, before the first step."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, root: Path) -> Path:
        """A job's checkout of what is in `root` now."""
        taken = snapshot(root, self.folder / "snapshot")
        checkout, home = self.folder / "checkout", self.folder / "home"
        for folder in (checkout, home):
            folder.mkdir()
        environment = {"PATH": os.environ["PATH"], "HOME": str(home)}
        stop = Stop()
        commands = Commands(stop, time.monotonic() + 60, Grace())
        words = (commands, checkout, environment, time.sleep)
        LocalCheckout(*words, taken.objects).run(Source("", taken.sha))
        stop.close()
        assert git(checkout, "status", "--porcelain") == ""
        return checkout


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    (tmp_path / "machine").mkdir()
    return Machine(tmp_path / "machine")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A clone with two commits, and files that are ignored."""
    root = tmp_path / "site"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    for name in ("kept", "changed", "gone", "staged", "renamed", "run.sh"):
        (root / name).write_text(f"{name}\n")
    (root / ".gitignore").write_text("*.log\n/build/\n")
    (root / "tracked.log").write_text("tracked\n")
    git(root, "add", "-f", ".")
    git(root, "commit", "-qm", "first")
    (root / "kept").write_text("kept on\n")
    git(root, "commit", "-qam", "second")
    return root


def found(checkout: Path) -> dict[str, str]:
    return {
        place.relative_to(checkout).as_posix(): os.readlink(place)
        if place.is_symlink()
        else place.read_text()
        for place in sorted(checkout.rglob("*"))
        if ".git" not in place.parts and (place.is_symlink() or place.is_file())
    }


def change(root: Path) -> None:
    """Everything that a day's work leaves uncommitted."""
    (root / "changed").write_text("not committed\n")
    (root / "gone").unlink()
    (root / "staged").write_text("staged\n")
    git(root, "add", "staged")
    (root / "staged").write_text("changed after that\n")
    git(root, "mv", "renamed", "new name")
    (root / "run.sh").chmod(0o755)
    (root / "untracked").write_text("new\n")
    (root / "noise.log").write_text("ignored\n")
    (root / "build").mkdir()
    (root / "build" / "out").write_text("ignored\n")
    (root / "tracked.log").write_text("tracked though ignored\n")
    (root / "link").symlink_to("kept")
    (root / "out").symlink_to("/etc/hostname")
    (root / "dangling").symlink_to("nowhere")
    (root / "odd \n name é").write_text("odd\n")


CHANGED = {
    ".gitignore": "*.log\n/build/\n",
    "kept": "kept on\n",
    "changed": "not committed\n",
    "staged": "changed after that\n",
    "new name": "renamed\n",
    "run.sh": "run.sh\n",
    "untracked": "new\n",
    "tracked.log": "tracked though ignored\n",
    "link": "kept",
    "out": "/etc/hostname",
    "dangling": "nowhere",
    "odd \n name é": "odd\n",
}


def test_all_that_is_not_ignored_is_there_as_it_is(machine: Machine, root: Path) -> None:
    change(root)
    status = git(root, "status", "--porcelain")
    checkout = machine(root)
    assert found(checkout) == CHANGED
    assert stat.S_IMODE((checkout / "run.sh").stat().st_mode) & 0o111
    assert not stat.S_IMODE((checkout / "kept").stat().st_mode) & 0o111
    assert git(root, "status", "--porcelain") == status
    assert git(checkout, "log", "--format=%s") == "The folder as it is\nsecond\nfirst"


def test_a_worktree_of_it_too(machine: Machine, root: Path, tmp_path: Path) -> None:
    git(root, "worktree", "add", "-q", "-b", "other", str(tmp_path / "tree"))
    change(tmp_path / "tree")
    assert found(machine(tmp_path / "tree")) == CHANGED


@pytest.mark.parametrize("changed", [True, False], ids=["changed", "clean"])
def test_a_shallow_clone_too(machine: Machine, root: Path, tmp_path: Path, changed: bool) -> None:
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{root}", "shallow")
    if changed:
        change(tmp_path / "shallow")
    checkout = machine(tmp_path / "shallow")
    assert (found(checkout) == CHANGED) is changed
    # A history that ends is no broken one.
    assert git(checkout, "log", "--format=%s").split("\n")[-1] == "second"
    git(checkout, "fsck", "--connectivity-only")


def test_a_clone_that_borrows_its_objects_too(machine: Machine, root: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--shared", str(root), "first")
    git(tmp_path, "clone", "-q", "--shared", str(tmp_path / "first"), "second")
    change(tmp_path / "second")
    taken = snapshot(tmp_path / "second", tmp_path / "snapshot")
    # All of them are named: within walls nothing else can be read.
    assert [place.parent.parent.name for place in taken.objects[1:]] == ["second", "first", "site"]
    assert found(machine(tmp_path / "second")) == CHANGED


def test_a_folder_that_is_no_repository_too(machine: Machine, root: Path) -> None:
    change(root)
    shutil.rmtree(root / ".git")
    (root / "empty").mkdir()
    # Nothing tells any more that it was tracked.
    expected = {name: text for name, text in CHANGED.items() if name != "tracked.log"}
    checkout = machine(root)
    assert found(checkout) == expected
    assert stat.S_IMODE((checkout / "run.sh").stat().st_mode) & 0o111
    assert not (root / ".git").exists()


def test_a_submodule_is_as_empty_as_on_the_server(
    machine: Machine, root: Path, tmp_path: Path
) -> None:
    allowed = ("-c", "protocol.file.allow=always")
    git(tmp_path, "clone", "-q", str(root), "library")
    git(root, *allowed, "submodule", "add", "-q", str(tmp_path / "library"), "vendor/library")
    git(root, "commit", "-qm", "a submodule")
    (root / "vendor/library/kept").write_text("changed in the submodule\n")
    (root / "vendor/library/new").write_text("new\n")
    (root / "changed").write_text("not committed\n")
    checkout = machine(root)
    assert list((checkout / "vendor/library").iterdir()) == []
    listed = git(checkout, "ls-tree", "HEAD", "vendor/library")
    assert listed.startswith("160000 commit ")
    assert (checkout / "changed").read_text() == "not committed\n"


@pytest.mark.parametrize("committed", [True, False], ids=["with-commits", "without"])
@pytest.mark.parametrize("plain", [True, False], ids=["plain-folder", "repository"])
def test_a_repository_within_is_left_out_and_told(
    machine: Machine, root: Path, committed: bool, plain: bool
) -> None:
    inner = root / "deep" / "in*ner"
    inner.mkdir(parents=True)
    (inner.parent / "beside").write_text("beside\n")
    (inner / "file").write_text("x\n")
    git(inner, "init", "-q")
    if committed:
        git(inner, "add", ".")
        git(inner, "commit", "-qm", "inner")
    if plain:
        shutil.rmtree(root / ".git")
    taken = snapshot(root, machine.folder / "first")
    assert taken.left_out == ("deep/in*ner",)
    checkout = machine(root)
    assert (checkout / "deep/beside").exists()
    assert not (checkout / "deep/in*ner").exists()


def test_a_merge_in_conflict_is_taken_as_it_looks(machine: Machine, root: Path) -> None:
    git(root, "checkout", "-q", "-b", "other", "HEAD^")
    (root / "kept").write_text("theirs\n")
    git(root, "commit", "-qam", "other")
    git(root, "merge", "-q", "--no-edit", "main", check=False)
    text = (root / "kept").read_text()
    assert "<<<<<<<" in text
    assert (machine(root) / "kept").read_text() == text


def test_a_sparse_checkout_is_whole_in_the_job(machine: Machine, root: Path) -> None:
    (root / "a").mkdir()
    (root / "b").mkdir()
    (root / "a" / "f").write_text("a\n")
    (root / "b" / "f").write_text("b\n")
    git(root, "add", ".")
    git(root, "commit", "-qm", "folders")
    git(root, "sparse-checkout", "set", "a")
    (root / "a" / "f").write_text("changed\n")
    assert not (root / "b").exists()
    checkout = machine(root)
    assert (checkout / "a/f").read_text() == "changed\n"
    assert (checkout / "b/f").read_text() == "b\n"


def test_a_repository_that_git_can_not_read_is_no_plain_folder(root: Path, tmp_path: Path) -> None:
    (root / ".git" / "HEAD").write_text("nonsense\n")
    with pytest.raises(UserError, match=r"git rev-parse failed in .*not a git repository"):
        snapshot(root, tmp_path / "snapshot")
    git(tmp_path, "init", "-q", "gone")
    (root / ".git").rename(tmp_path / "away")
    (root / ".git").write_text(f"gitdir: {tmp_path / 'nowhere'}\n")
    with pytest.raises(UserError, match="git rev-parse failed in"):
        snapshot(root, tmp_path / "snapshot")
