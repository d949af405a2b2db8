"""One call to the disk for all threads that wait for it: group commit.

A sync makes everything durable that was written before it began, whoever wrote it. So those who
write while one is under way share the next, and a burst of writers waits for two calls at most.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

BLOCK = 1024 * 1024


@dataclass(slots=True)
class _Round:
    """One sync and those who wait for it."""

    callers: int = 0
    is_over: bool = False
    error: BaseException | None = None


class SharedSync:
    """Calls `sync`, never twice at a time, for any number of threads."""

    def __init__(self, sync: Callable[[], None]) -> None:
        self._sync = sync
        self._changed = threading.Condition()
        self._next = _Round()
        self._is_busy = False

    @property
    def waiting(self) -> int:
        """How many will share the next sync."""
        with self._changed:
            return self._next.callers

    def __call__(self) -> None:
        """Come back after a sync that began after this call; raises OSError where it failed."""
        with self._changed:
            mine = self._next
            mine.callers += 1
            while self._is_busy and not mine.is_over:
                self._changed.wait()
            leads = not mine.is_over
            if leads:
                self._is_busy, self._next = True, _Round()
        if leads:
            self._lead(mine)
        elif mine.error is not None:
            raise OSError(f"the disk did not take it: {mine.error}") from mine.error

    def _lead(self, mine: _Round) -> None:
        try:
            self._sync()
        except BaseException as error:
            mine.error = error
            raise
        finally:
            with self._changed:
                mine.is_over, self._is_busy = True, False
                self._changed.notify_all()


def sync(path: Path) -> None:
    """Have the disk keep what was written to the file, if there is one."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        # The last connection to close has written the log back, and synced that itself.
        return
    try:
        os.fdatasync(descriptor)
    finally:
        os.close(descriptor)


def rewrite(path: Path) -> None:
    """Write the file's own bytes once more, while nobody else writes to it.

    What a sync could not put on the disk counts as written for the kernel, and no later sync tries
    it again: https://wiki.postgresql.org/wiki/Fsync_Errors
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        place = 0
        while block := os.pread(descriptor, BLOCK, place):
            place += os.pwrite(descriptor, block, place)
    finally:
        os.close(descriptor)
