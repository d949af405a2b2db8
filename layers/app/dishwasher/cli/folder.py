"""A folder on this machine as the Repository that the formats look at."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from dishwasher.errors import UserError
from dishwasher.formats.repository import Repository

FILES = 100_000
"""Files that are looked at; those nearest to the top come first."""
BYTES = 1024 * 1024
"""Of one file that is read: what a format asks for is written by hand, or a lock file's name."""
SECONDS = 60.0
"""A git that takes longer to list files is stuck."""

SKIPPED = frozenset(
    {".git", ".hg", ".svn", ".tox", ".nox", ".venv", "venv", "__pycache__", "node_modules"}
)
"""Folders that a folder without git is not searched in: they hold what tools have made."""
_OPTIONS = (
    # The folder may have come from anywhere; a monitor is a program that its settings name.
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "safe.directory=*"),
)
_LISTING = ("ls-files", "-z", "--cached", "--others", "--exclude-standard")


def look(root: Path) -> Repository:
    """The folder's files as they stand now, what git ignores left out; UserError for no folder."""
    try:
        top = root.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise UserError(f"there is no folder {root}") from error
    if not top.is_dir():
        raise UserError(f"{root} is a file, and a folder is wanted")
    # git lists nothing for a folder that a repository around it ignores.
    listed = _listed(top) or _walked(top)
    nearest = sorted((path.count("/"), path) for path in listed)[:FILES]
    return Repository(frozenset(path for _, path in nearest), _Reader(top))


class _Reader:
    """Reads a file that lies inside the folder, wherever its links lead."""

    def __init__(self, top: Path) -> None:
        self._top = top

    def __call__(self, path: str) -> str | None:
        try:
            real = (self._top / path).resolve(strict=True)
            if not real.is_relative_to(self._top) or not real.is_file():
                return None
            with real.open("rb") as file:
                data = file.read(BYTES + 1)
            return None if len(data) > BYTES else data.decode("utf-8-sig")
        except (OSError, ValueError, RuntimeError):
            # Absent, not ours to read, no UTF-8, a NUL in the name, or links in a circle.
            return None


def top(root: Path) -> Path | None:
    """The root of the repository that the folder lies in; None where there is none."""
    said = _git(root, "rev-parse", "--show-toplevel").removesuffix("\n")
    return Path(said) if said else None


def branch(root: Path) -> str:
    """The repository's main branch, else the one that is checked out; empty where there is none."""
    head = _git(root, "symbolic-ref", "--quiet", "refs/remotes/origin/HEAD").strip()
    if head:
        return head.removeprefix("refs/remotes/origin/")
    return _git(root, "symbolic-ref", "--quiet", "--short", "HEAD").strip()


def _listed(root: Path) -> list[str]:
    """What git tracks or would track, as far as it is there; nothing where git can not say."""
    # A file in conflict is listed once for each side.
    names = set(filter(None, _git(root, *_LISTING).split("\0")))
    return [name for name in names if os.path.isfile(root / name)]


def _git(root: Path, *words: str) -> str:
    """What git prints; nothing where it fails, or is not installed."""
    environment = {name: value for name, value in os.environ.items() if name[:4] != "GIT_"}
    try:
        done = subprocess.run(
            ("git", *_OPTIONS, "-C", str(root), *words),
            env={**environment, "GIT_OPTIONAL_LOCKS": "0"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return "" if done.returncode else done.stdout.decode("utf-8", "surrogateescape")


def _walked(top: Path) -> list[str]:
    found = []
    for path in _files(top):
        found.append(path)
        if len(found) >= FILES:
            break
    return found


def _files(top: Path) -> Iterator[str]:
    """Level by level, so that a limit cuts off what lies deepest; links to folders are left."""
    level = [top]
    while level:
        deeper: list[Path] = []
        for folder in level:
            try:
                entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
            except OSError:
                # What may not be read says nothing.
                continue
            for entry in entries:
                if entry.is_dir(follow_symlinks=False) and entry.name not in SKIPPED:
                    deeper.append(Path(entry.path))
                elif os.path.isfile(entry.path):
                    yield Path(entry.path).relative_to(top).as_posix()
        level = deeper
