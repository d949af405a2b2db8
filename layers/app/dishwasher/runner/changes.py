"""What an installation has put into a job's folders, found by comparing before and after."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from dishwasher.runner.fingerprint import OWNED

ROOTS = ("checkout", "home", "node")
_CACHES = ("pip", "uv", "pipenv", "pypoetry/artifacts", "pypoetry/cache")
_NODE_CACHES = ("yarn", "pnpm", "node-gyp", "electron")
NOT_KEPT = frozenset(
    {"checkout/.git", "home/.npm", "home/.local/share/pnpm/store", "home/.config/configstore"}
    | {f"home/.cache/{name}" for name in (*_CACHES, *_NODE_CACHES)}
)
"""Git's own folder, and what installers keep to be faster the next time.

Not all of `~/.cache`: packages put there what they need to work, such as browsers. And not Yarn's
own, which is where Plug'n'Play runs packages from.
"""
_ABOVE = frozenset(
    path.rsplit("/", count)[0] for path in NOT_KEPT for count in range(1, path.count("/"))
)
"""Folders that are not taken whole: what they are in they share with those."""
CACHE = "home/.cache/"
SEEN = 200_000
"""Files and folders of a job that are looked at."""


class TooMany(Exception):
    """There is more than is worth looking at."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Paths relative to the job's folder, in order."""

    new: tuple[str, ...]
    """Each with all that is in it."""
    changed: tuple[str, ...]
    """What was there before, and is another file or gone."""


State = tuple[int, ...]
_FOLDER: State = (0,)


def look(root: Path, most: int = SEEN) -> dict[str, State]:
    """Everything that there is now; raises TooMany, OSError."""
    found: dict[str, State] = {}
    waiting = [name for name in ROOTS if (root / name).is_dir()]
    while waiting:
        folder = waiting.pop()
        with os.scandir(root / folder) as entries:
            for entry in entries:
                path = f"{folder}/{entry.name}"
                if path in NOT_KEPT:
                    continue
                if len(found) >= most:
                    raise TooMany(f"the job has more than {most} files")
                found[path] = state = _state(entry.stat(follow_symlinks=False))
                if state is _FOLDER and entry.name not in OWNED:
                    waiting.append(path)
    return found


def compare(before: dict[str, State], after: dict[str, State]) -> Changes:
    """What installers own counts as theirs, whoever has made it first."""
    gone = before.keys() - after.keys()
    changed = {path for path, state in after.items() if before.get(path, state) != state}
    changed = {path for path in changed if not path.startswith(CACHE)}
    theirs = {path for path in after if path.rpartition("/")[2] in OWNED}
    new = ((after.keys() - before.keys()) | theirs) - _ABOVE
    tops = sorted(path for path in new if not _is_within(path, new))
    lost = sorted(path for path in gone | changed if path.rpartition("/")[2] not in OWNED)
    return Changes(tuple(tops), tuple(lost))


def _state(found: os.stat_result) -> State:
    if stat.S_ISDIR(found.st_mode):
        return _FOLDER
    # ctime: nobody can set it.
    return (found.st_mode, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _is_within(path: str, others: set[str]) -> bool:
    while path := path.rpartition("/")[0]:
        if path in others:
            return True
    return False
