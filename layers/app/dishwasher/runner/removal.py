"""Folders that a job could write into, removed whatever it has made of them."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NAME = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def remove(folder: Path) -> None:
    """Remove a folder and all in it; raises OSError."""
    try:
        shutil.rmtree(folder)
    except (OSError, RecursionError):
        # No permission, as in Go's module cache, or deeper than Python or the kernel follows.
        _open_up(str(folder))
        _empty(folder)
        os.rmdir(folder)


def clear(folder: Path) -> None:
    """The same, as far as it goes."""
    with suppress(OSError):
        remove(folder)


def _empty(folder: Path) -> None:
    """Each folder is moved to the top before it is looked into, so that no path is ever long."""
    prefix, count = f".{os.urandom(8).hex()}-", 0
    top = os.open(folder, _FOLDER)
    try:
        waiting = ["."]
        while waiting:
            path = waiting.pop()
            here = os.open(path, _FOLDER, dir_fd=top)
            try:
                for name in os.listdir(here):
                    if not _unlinked(name, here):
                        count += 1
                        waiting.append(f"{prefix}{count}")
                        _open_up(name, here)
                        os.rename(name, waiting[-1], src_dir_fd=here, dst_dir_fd=top)
            finally:
                os.close(here)
            if path != ".":
                os.rmdir(path, dir_fd=top)
    finally:
        os.close(top)


def _unlinked(name: str, folder: int) -> bool:
    """False for a folder."""
    try:
        os.unlink(name, dir_fd=folder)
    except IsADirectoryError:
        return False
    return True


def _open_up(name: str, folder: int | None = None) -> None:
    """A folder that is moved, or listed, has to allow that itself; raises OSError for a link."""
    descriptor = os.open(name, _NAME, dir_fd=folder)
    try:
        # Never through a link that has taken its place.
        os.chmod(f"/proc/self/fd/{descriptor}", 0o700)
    finally:
        os.close(descriptor)
