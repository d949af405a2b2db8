"""Files, folders and links below a new folder: each made once, and none through a link."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path
from tarfile import TarInfo

from dishwasher.runner.tar import Damaged, Reader


class Tree:
    """What is below `folder`, which nobody else writes into meanwhile."""

    def __init__(self, folder: Path) -> None:
        self._base = str(folder)
        self.folders: set[str] = {""}
        """Those that were made here: no link is ever a parent."""

    def add(self, info: TarInfo, name: str, mode: int, reader: Reader) -> None:
        """Write a member at this path; raises Damaged where something else is there already.

        The parts of `name` have to be names: not empty, no dots alone, no NUL.
        """
        place = f"{self._base}/{name}"
        try:
            self._make(name.rpartition("/")[0])
            if info.type == tarfile.DIRTYPE:
                self._make(name)
                # Ours stays, so that its content can be made and moved.
                os.chmod(place, mode | 0o700)
            elif info.type == tarfile.SYMTYPE:
                os.symlink(info.linkname, place)
            else:
                _write(place, mode, info.mtime, reader)
        except (FileExistsError, NotADirectoryError) as error:
            raise Damaged(f"{name!r} is there twice") from error

    def _make(self, name: str) -> None:
        """The folder and those that it is in."""
        if name in self.folders:
            return
        self._make(name.rpartition("/")[0])
        # A link or a file of this name is an error here.
        os.mkdir(f"{self._base}/{name}", 0o700)
        self.folders.add(name)


def _write(place: str, mode: int, mtime: float, reader: Reader) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(os.open(place, flags, 0o600), "wb", buffering=0) as file:
        for data in reader.content():
            file.write(data)
        os.fchmod(file.fileno(), mode)
        os.utime(file.fileno(), (mtime, mtime))
