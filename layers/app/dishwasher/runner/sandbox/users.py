"""An unprivileged user of each job's own, where the server is root."""

from __future__ import annotations

import fcntl
import os
import tempfile
from pathlib import Path

from dishwasher.errors import InfraError

FIRST, COUNT = 60_706, 400
"""User ids that no distribution and no systemd gives out: https://systemd.io/UIDS-GIDS/"""
SLOTS = "dishwasher-users"
"""Folder of lock files, one for each id, in the machine's temporary folder."""


class User:
    """An id that no other job of this machine has until `free`."""

    def __init__(self) -> None:
        folder = Path(tempfile.gettempdir()) / SLOTS
        folder.mkdir(mode=0o700, exist_ok=True)
        found = os.lstat(folder)
        if found.st_uid != os.geteuid() or found.st_mode & 0o022 or not folder.is_dir():
            raise InfraError(f"{folder} is not a folder of this user's own: remove it.")
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        for number in range(FIRST, FIRST + COUNT):
            self._lock = os.open(folder / str(number), flags, 0o600)
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(self._lock)
                continue
            self.id = number
            return
        raise InfraError(f"All {COUNT} users for jobs are taken.")

    def free(self) -> None:
        os.close(self._lock)


def give(folder: Path, user: tuple[int, int]) -> None:
    """Make that user the owner of the folder and all in it; nothing of the job's may run yet."""
    os.chown(folder, *user, follow_symlinks=False)
    for _, folders, files, place in os.fwalk(folder):
        for name in (*folders, *files):
            os.chown(name, *user, dir_fd=place, follow_symlinks=False)
