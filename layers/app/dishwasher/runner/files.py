"""Files by glob, found without following a link."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from dishwasher.core import glob

MAGIC = re.compile(r"[*?\[]")
_BRACES = re.compile(r"\{([^{}]*,[^{}]*)\}")
CHOICES = 100
"""Patterns that the braces of one glob may stand for."""
EVERYTHING = ("**", "**/*")


def found(folder: Path, pattern: str) -> Iterator[tuple[str, str]]:
    """(path relative to the folder, absolute path) of what matches, or is in what matches.

    `**` is any number of folders, `{a,b}` either; nothing is found outside of the folder.
    """
    seen: set[str] = set()
    for choice in _choices(pattern):
        parts = inside(choice)
        if not parts:
            continue
        wanted = "/".join(parts)
        for path, place in _below(str(folder), parts):
            if path not in seen and fits(wanted, path):
                seen.add(path)
                yield path, place


def fits(pattern: str, path: str) -> bool:
    """The path matches, or one of the folders that it is in."""
    return (
        pattern in EVERYTHING
        or glob.matches(pattern, path)
        or glob.matches(f"{pattern.rstrip('/')}/**", path)
    )


def inside(pattern: str) -> list[str]:
    """The parts of a relative path; empty for what leads out of its folder or is the folder."""
    parts = [part for part in pattern.split("/") if part not in ("", ".")]
    return [] if pattern.startswith("/") or ".." in parts else parts


def folders(folder: Path, pattern: str) -> list[Path]:
    """Folders that match, in order; the folder itself for an empty pattern or a dot."""
    if pattern.strip("/") in ("", "."):
        return [folder]
    parts = inside(pattern)
    places = [folder] if parts else []
    for part in parts:
        places = [
            place
            for parent in places
            for place in (_entries(parent) if MAGIC.search(part) else [parent / part])
            if is_folder(place) and (place.name == part or glob.matches(part, place.name))
        ]
    return places


def matching(root: Path, parts: list[str]) -> Iterator[str]:
    """Files and folders below the root that these parts stand for; no parent of them is a link."""
    found = [""]
    for number, part in enumerate(parts):
        is_last = number == len(parts) - 1
        after = []
        for parent in found:
            folder = root / parent
            names = _names(folder) if MAGIC.search(part) else [part]
            for name in names:
                place = folder / name
                fits = name == part or glob.matches(part, name)
                if fits and (is_folder(place) or (is_last and os.path.lexists(place))):
                    after.append(f"{parent}/{name}" if parent else name)
        found = after
    yield from found


def walk(folder: str, prefix: str = "") -> Iterator[tuple[str, str]]:
    """(relative path, absolute path) of all that is not a folder, in order of names."""
    waiting = [(folder, prefix)]
    while waiting:
        folder, prefix = waiting.pop()
        if not is_folder(folder):
            continue
        with os.scandir(folder) as entries:
            ordered = sorted(entries, key=lambda entry: entry.name)
        for entry in ordered:
            path = f"{prefix}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                if path != ".git":
                    waiting.append((entry.path, f"{path}/"))
            else:
                yield path, entry.path


def create(place: Path, data: bytes) -> int:
    """Write a new file where a job can write too, and open it; nothing that it put there is used.

    Raises OSError.
    """
    place.unlink(missing_ok=True)
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(place, flags, 0o600)
    with open(descriptor, "wb", closefd=False) as file:
        file.write(data)
    return descriptor


def content(place: Path, limit: int) -> bytes:
    """The first bytes of a regular file that a job may have made; raises OSError for others."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with open(os.open(place, flags), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(f"{place.name} is no regular file")
        return file.read(limit)


class Folders:
    """Folders below a root, each opened from the one that it is in: no link is ever followed.

    A process of the job's may be alive, and put a link in place of any of them at any time.
    """

    def __init__(self, root: Path) -> None:
        self._root, self._last, self._open = root, "", -1

    def __enter__(self) -> Folders:
        return self

    def __exit__(self, *_: object) -> None:
        if self._open >= 0:
            os.close(self._open)

    def opened(self, path: str) -> int:
        """A descriptor of this folder, good until the next is asked for; raises OSError."""
        if self._open < 0 or path != self._last:
            flags = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
            folder = os.open(self._root, flags)
            for part in path.split("/") if path else ():
                above = folder
                try:
                    folder = os.open(part, flags, dir_fd=above)
                finally:
                    os.close(above)
            self.__exit__()
            self._last, self._open = path, folder
        return self._open


def is_folder(place: str | Path) -> bool:
    try:
        return stat.S_ISDIR(os.lstat(place).st_mode)
    except OSError:
        return False


def _names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder)) if is_folder(folder) else []


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def _below(folder: str, parts: list[str]) -> Iterator[tuple[str, str]]:
    """What can match at all: below the parts that hold no wildcard, none of them a link."""
    fixed = []
    for part in parts:
        if MAGIC.search(part):
            break
        fixed.append(part)
    place = folder
    for part in fixed[:-1]:
        place = os.path.join(place, part)
        if not is_folder(place):
            return
    if fixed:
        place = os.path.join(place, fixed[-1])
    prefix = "/".join(fixed)
    if is_folder(place):
        yield from walk(place, f"{prefix}/" if prefix else "")
    elif os.path.lexists(place) and len(fixed) == len(parts):
        yield prefix, place


def _choices(pattern: str) -> list[str]:
    """What the braces stand for; as it is where that would be too much."""
    done = [pattern]
    while any(_BRACES.search(text) for text in done):
        done = [opened for text in done for opened in _opened(text)]
        if len(done) > CHOICES:
            return [pattern]
    return done


def _opened(text: str) -> list[str]:
    """One pair of braces less."""
    braces = _BRACES.search(text)
    if braces is None:
        return [text]
    before, after = text[: braces.start()], text[braces.end() :]
    return [f"{before}{word}{after}" for word in braces[1].split(",")]
