"""How much a job has on disk: a thread that ends its commands before they fill the machine's.

A look at the free room costs microseconds. Only where that has shrunk by so much that the job could
be the reason are its files counted, and now and then.
"""

from __future__ import annotations

import os
import stat
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from dishwasher.runner.orphans import descendants

TIMES = 9
"""What a job may have at most, as so many times of what it leaves free: two that fill a disk
together are stopped before it is full, and one that has little is left in peace."""
FASTEST = 4 * 1024**3
"""Bytes a second; no disk is written faster."""
SOONEST, LATEST = 0.1, 5.0
"""Seconds between two looks."""
COUNTED = 60.0
"""Seconds after which files are counted without a reason: what others remove hides what is new."""
IDLE = 10
"""So many times as long as a count took, the next one waits."""
AGAIN = 64 * 1024 * 1024
"""Bytes that a job may write beyond, when it has been stopped: to clean up takes a little."""
FULL = (
    "filled the disk of this machine: let it write less, or move the server's data folder "
    "(DISHWASHER_DATA) to a larger one"
)
LONG = 1_000
"""Characters of a path; with one more name, at four bytes a character, far below PATH_MAX."""
BLOCK = 512
"""Bytes of `st_blocks` (stat(2))."""
MEBIBYTE = 1024 * 1024


class Busy(Protocol):
    """The job's commands."""

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where they write besides the workspace."""
        ...

    def processes(self) -> set[int]:
        """The uppermost of theirs."""
        ...

    def strike(self) -> None:
        """Kill them all at once."""
        ...


class Disk:
    """Watches from `start` to `end`; `most`: bytes for the workspace and all else of the job."""

    def __init__(self, most: int, root: Path, busy: Busy) -> None:
        self._most, self._root, self._busy = most, root, busy
        self._counted, self._at, self._took = 0, time.monotonic(), 0.0
        self._free = self._room()
        self._allowed = 0
        self._words = ""
        self._changed = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._run, name="disk", daemon=True).start()

    def end(self) -> None:
        self._changed.set()

    def trouble(self) -> str:
        """Why commands were killed since the last time that was asked; empty when not by this."""
        words, self._words = self._words, ""
        return words

    def _run(self) -> None:
        while not self._changed.wait(self.look()):
            pass

    def look(self) -> float:
        """Count and strike if need be; answers how many seconds can pass until the next look."""
        room = self._room()
        left = self._limit(room) - self._counted - max(0, self._free - room)
        late = time.monotonic() - self._at > max(COUNTED, IDLE * IDLE * self._took)
        if left < 0 or late:
            began = time.monotonic()
            self._counted, self._free = self._count(), self._room()
            self._at = time.monotonic()
            self._took = self._at - began
            left = self._limit(self._free) - self._counted
        if left < 0:
            quota = self._counted > self._most
            self._words = _over(self._most) if quota else FULL
            self._allowed = self._counted + AGAIN
            self._busy.strike()
        elif self._counted < min(self._most, TIMES * self._free):
            self._allowed = 0
        return max(SOONEST, min(LATEST, left / FASTEST), IDLE * self._took)

    def _limit(self, room: int) -> int:
        return max(self._allowed, min(self._most, TIMES * room))

    def _room(self) -> int:
        """Bytes that are free where the job writes; those of the workspace's disk if that ends."""
        found = {}
        for folder in (self._root, *self._busy.folders):
            with suppress(FileNotFoundError):
                said = os.statvfs(folder)
                found[os.stat(folder).st_dev] = said.f_bavail * said.f_frsize
        return sum(found.values())

    def _count(self) -> int:
        folders = (self._root, *self._busy.folders)
        return used(folders) + unlinked(folders, descendants(self._busy.processes()))


def used(folders: Iterable[Path]) -> int:
    """Bytes of all files below these, each once; what may not be entered is not known."""
    total, seen = 0, set[tuple[int, int]]()
    for found in _below(map(str, folders)):
        if found.st_nlink > 1 and not stat.S_ISDIR(found.st_mode):
            if (found.st_dev, found.st_ino) in seen:
                continue
            seen.add((found.st_dev, found.st_ino))
        total += found.st_blocks * BLOCK
    return total


class _Base:
    """An open folder, from which others are reached; closed when nothing waits below it."""

    def __init__(self, path: str, above: _Base | None = None) -> None:
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        self.number: int = os.open(path, flags, dir_fd=above.number if above else None)

    def __del__(self) -> None:
        if "number" in vars(self):
            os.close(self.number)


def _below(folders: Iterable[str]) -> Iterator[os.stat_result]:
    """However deep: a path that the kernel finds too long goes on from a folder on its way."""
    waiting: list[tuple[_Base | None, str]] = [(None, folder) for folder in folders]
    while waiting:
        base, path = waiting.pop()
        # All of it may go while we look.
        with suppress(OSError):
            here = _Base(path, base)
            if len(path) > LONG:
                base, path = here, "."
            with os.scandir(here.number) as entries:
                for entry in entries:
                    with suppress(FileNotFoundError):
                        if entry.is_dir(follow_symlinks=False):
                            waiting.append((base, f"{path}/{entry.name}"))
                        yield entry.stat(follow_symlinks=False)


def unlinked(folders: Iterable[Path], pids: Iterable[int]) -> int:
    """Bytes of files on the same disks that these processes have open and that have no name."""
    disks = set()
    for folder in folders:
        with suppress(FileNotFoundError):
            disks.add(os.stat(folder).st_dev)
    found = {}
    for pid in pids:
        with suppress(OSError):
            for name in os.listdir(f"/proc/{pid}/fd"):
                with suppress(OSError):
                    one = os.stat(f"/proc/{pid}/fd/{name}")
                    if stat.S_ISREG(one.st_mode) and not one.st_nlink and one.st_dev in disks:
                        found[one.st_dev, one.st_ino] = one.st_blocks * BLOCK
    return sum(found.values())


def _over(most: int) -> str:
    return (
        f"wrote too much: a job here may have {most // MEBIBYTE:,} MiB on disk in all, its "
        "checkout and databases included. Let it write less, or raise DISHWASHER_JOB_DISK_GB"
    )
