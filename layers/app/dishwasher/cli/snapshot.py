"""A folder as a commit, uncommitted changes included, without writing into its repository."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from dishwasher.errors import UserError

_IDENTITY = {
    "GIT_AUTHOR_NAME": "Dishwasher",
    "GIT_AUTHOR_EMAIL": "dishwasher@localhost",
    "GIT_COMMITTER_NAME": "Dishwasher",
    "GIT_COMMITTER_EMAIL": "dishwasher@localhost",
}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A commit, and the folders of git objects that hold it and its history."""

    sha: str
    objects: tuple[Path, ...]
    changed: bool
    """It holds what is committed nowhere."""
    left_out: tuple[str, ...] = ()
    """Folders that are repositories of their own and no submodules: no commit holds their files."""


def snapshot(root: Path, folder: Path) -> Snapshot:
    """The state of `root` now; what is new is kept in `folder`, which must not exist.

    Files that git ignores are left out, as they are on the server. Raises UserError.
    """
    git = _Git(root, folder)
    inside = git("rev-parse", "--show-toplevel", check=False)
    if not inside and any(os.path.lexists(place / ".git") for place in (root, *root.parents)):
        # Broken, or somebody else's, which git does not trust: to take it for a plain folder would
        # bring what it ignores, and lose its history.
        git("rev-parse", "--show-toplevel")
    if not inside:
        return _of_plain_folder(root, folder)
    own = git("rev-parse", "--path-format=absolute", "--git-path", "objects")
    index = git("rev-parse", "--path-format=absolute", "--git-path", "index")
    objects = folder / "objects"
    (objects / "pack").mkdir(parents=True)
    if Path(index).exists():
        # Its times of files spare reading each of them again.
        shutil.copyfile(index, folder / "index")
    changing = git.with_objects(objects, Path(own))
    own_ones = _add_all(changing, Path(inside))
    tree = changing("write-tree")
    head = git("rev-parse", "--verify", "-q", "HEAD^{commit}", check=False)
    if head and git("rev-parse", "HEAD^{tree}") == tree:
        return Snapshot(head, _lending(Path(own)), changed=False, left_out=own_ones)
    parents = ("-p", head) if head else ()
    sha = changing("commit-tree", tree, *parents, "-m", "The folder as it is")
    return Snapshot(sha, (objects, *_lending(Path(own))), changed=True, left_out=own_ones)


def _of_plain_folder(root: Path, folder: Path) -> Snapshot:
    """A folder that is no repository: all of it, in a repository of its own."""
    folder.mkdir(parents=True)
    bare = folder / "repository"
    git = _Git(root, folder)
    git("init", "-q", "--bare", str(bare))
    own = git.of_repository(bare, root)
    left_out = _add_all(own, root)
    sha = own("commit-tree", own("write-tree"), "-m", "The folder as it is")
    return Snapshot(sha, (bare / "objects",), changed=True, left_out=left_out)


def _add_all(git: _Git, top: Path) -> tuple[str, ...]:
    """All files but those of repositories within; answers the folders of these.

    Git would take them for submodules that are nowhere to be had, or fail where one has no commit.
    """
    others = git("ls-files", "--others", "--exclude-standard", "-z", cwd=top).split("\0")
    own_ones = tuple(name.rstrip("/") for name in others if name.endswith("/"))
    excluded = (f":(top,exclude,literal){name}" for name in own_ones)
    git("add", "--all", "--", ".", *excluded, cwd=top)
    return own_ones


def _lending(objects: Path) -> tuple[Path, ...]:
    """These objects, and those that they borrow in their turn.

    https://git-scm.com/docs/gitrepository-layout: objects/info/alternates
    """
    found: list[Path] = []
    waiting = [objects]
    while waiting:
        place = waiting.pop(0)
        if place in found:
            continue
        found.append(place)
        lenders = place / "info" / "alternates"
        if lenders.is_file():
            lines = lenders.read_text("utf-8", "surrogateescape").splitlines()
            waiting += [
                Path(os.path.normpath(place / line)) for line in lines if line and line[0] != "#"
            ]
    return tuple(found)


class _Git:
    def __init__(self, root: Path, folder: Path, **environment: str) -> None:
        self._root, self._folder = root, folder
        host = {name: value for name, value in os.environ.items() if name[:4] != "GIT_"}
        self._environment = {**host, **_IDENTITY, "GIT_OPTIONAL_LOCKS": "0", **environment}

    def with_objects(self, objects: Path, own: Path) -> _Git:
        """One that reads the repository's objects and writes new ones elsewhere."""
        return _Git(
            self._root,
            self._folder,
            GIT_INDEX_FILE=str(self._folder / "index"),
            GIT_OBJECT_DIRECTORY=str(objects),
            GIT_ALTERNATE_OBJECT_DIRECTORIES=str(own),
        )

    def of_repository(self, bare: Path, tree: Path) -> _Git:
        return _Git(
            self._root,
            self._folder,
            GIT_DIR=str(bare),
            GIT_WORK_TREE=str(tree),
            GIT_INDEX_FILE=str(self._folder / "index"),
        )

    def __call__(self, *words: str, check: bool = True, cwd: Path | None = None) -> str:
        settings = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")
        try:
            done = subprocess.run(
                ("git", *settings, *words),
                cwd=cwd or self._root,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
            )
        except FileNotFoundError as error:
            raise UserError("git is not installed, and without it nothing can be run") from error
        if done.returncode and check:
            said = done.stderr.decode("utf-8", "replace").strip()
            raise UserError(f"git {words[0]} failed in {self._root}: {said[:500]}")
        return done.stdout.decode("utf-8", "surrogateescape").strip() if not done.returncode else ""
