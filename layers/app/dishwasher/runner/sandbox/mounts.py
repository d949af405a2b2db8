"""Folders that a job's own user may not enter, made passable for the job alone.

Where the server is root, its Python or its data folder often stand below a home that nobody else
may enter. For the job such a folder is replaced by an empty one that lets everybody through, and
in it stands, at its own place, what the job needs: nothing else of it is there.

The supervisor imports this without `site`, so it imports next to nothing itself.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Collection, Iterable

# linux/sched.h and linux/mount.h
CLONE_NEWNS, CLONE_NEWIPC = 0x20000, 0x8000000
MS_NOSUID, MS_NODEV, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 4096, 16384, 1 << 18

_libc = ctypes.CDLL(None, use_errno=True)


def closed(places: Iterable[str]) -> tuple[str, ...]:
    """The uppermost of the folders above these that do not let everybody through."""
    found = {folder for place in places if (folder := _closed(place))}
    return tuple(sorted(found))


def is_open(place: str) -> bool:
    """Whether the folders above let everybody through."""
    return not _closed(place)


def open_up(
    places: Collection[str],
    folders: Collection[str],
    instead: Iterable[tuple[str, str]],
    shared_memory: int,
) -> None:
    """For this process and all that it starts; needs the right to mount, raises OSError.

    `instead`: files of ours, each with the place of the file that it replaces. `shared_memory`:
    bytes of a /dev/shm of its own, with which System V's memory is its own; 0 for the machine's.
    """
    _checked(_libc.unshare(CLONE_NEWNS | (CLONE_NEWIPC if shared_memory else 0)))
    _mount("none", "/", "", MS_REC | MS_PRIVATE)
    if shared_memory and os.path.isdir("/dev/shm"):
        words = f"mode=1777,size={shared_memory}".encode()
        _mount("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, words)
    for file, place in instead:
        _mount(file, place, "", MS_BIND)
    kept = []
    # A link such as /etc/resolv.conf may lead to what is covered: so its target.
    for place in sorted({*places, *map(os.path.realpath, places)}):
        if any(place == folder or place.startswith(f"{folder}/") for folder in folders):
            try:
                # Before its folder is covered: a descriptor goes on leading there.
                kept.append((place, os.open(place, os.O_PATH | os.O_CLOEXEC)))
            except FileNotFoundError:
                continue
    for folder in folders:
        # What is below another one of them is covered already.
        if not any(folder.startswith(f"{other}/") for other in folders):
            _mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV, b"mode=755,size=1m")
    for place, descriptor in kept:
        source = f"/proc/self/fd/{descriptor}"
        if os.path.isdir(source):
            os.makedirs(place, 0o755, exist_ok=True)
        else:
            os.makedirs(os.path.dirname(place), 0o755, exist_ok=True)
            os.close(os.open(place, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o644))
        _mount(source, place, "", MS_BIND | MS_REC)
        os.close(descriptor)


def _closed(place: str) -> str:
    above = os.path.dirname(place)
    found = ""
    while above not in ("/", ""):
        # What is not there keeps nobody out.
        if os.path.exists(above) and not os.stat(above).st_mode & 0o001:
            found = above
        above = os.path.dirname(above)
    return found


def _mount(source: str, target: str, kind: str, flags: int, words: bytes | None = None) -> None:
    said = (os.fsencode(source), os.fsencode(target), kind.encode() or None)
    _checked(_libc.mount(*said, ctypes.c_ulong(flags), words))


def _checked(answer: int) -> None:
    if answer < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
