"""A tarball of a commit, as GitHub makes it → the commit's files in a folder, and nothing more.

It is no clone: files that `.gitattributes` marks `export-ignore` are not in it.
https://docs.github.com/en/repositories/working-with-files/using-files/downloading-source-code-archives
"""

from __future__ import annotations

import gzip
import io
import re
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path
from tarfile import TarInfo
from typing import BinaryIO, cast

from dishwasher.runner import files, links
from dishwasher.runner.tar import PIECE, Bounds, Damaged, Reader, bounds
from dishwasher.runner.tree import Tree

PACKED = 2 * 1024**3
"""Bytes of a tarball: what git itself would fetch for minutes."""
RUNNABLE = 0o100
MODES = {True: 0o755, False: 0o644}
ATTRIBUTES = ".gitattributes"
_LACKING = re.compile(rb"^[^#\n]*\s-?export-(?:ignore|subst)\b", re.MULTILINE)
NAMED = 5
"""Links that a note names."""


class Tarball:
    """Unpacks into `folder`, which is empty; `alive()` is asked for each member, and may raise."""

    def __init__(self, folder: Path, alive: Callable[[], None]) -> None:
        self._folder, self._alive = folder, alive
        self._tree, self._top = Tree(folder), ""
        self._out: list[str] = []

    def read(self, file: BinaryIO, sha: str, packed: int) -> tuple[str, ...]:
        """Answers what is not as in a clone, for people.

        Raises Damaged for what is no tarball of this commit, or more than `tar.bounds` allow.
        """
        limits = bounds(packed)
        try:
            with gzip.GzipFile(fileobj=file) as plain:
                reader = Reader(
                    cast(BinaryIO, io.BufferedReader(cast(io.RawIOBase, plain), PIECE)),
                    commented=True,
                )
                self._members(reader, sha, limits)
        except (OSError, EOFError, zlib.error) as error:
            if isinstance(error, OSError) and not isinstance(error, gzip.BadGzipFile):
                raise
            raise Damaged(f"it is no gzip, or not whole: {error}") from error
        return tuple(self._notes())

    def _members(self, reader: Reader, sha: str, limits: Bounds) -> None:
        members, left = limits.members, limits.content
        for info in reader:
            self._alive()
            if reader.comment != sha:
                raise Damaged(f"it is of {_shown(reader.comment)}, and {sha} was asked for")
            members, left = members - 1, left - info.size
            if members < 0 or left < 0:
                raise Damaged("it is too much when unpacked")
            self._member(info, reader)
        if reader.comment != sha:
            raise Damaged(f"it is of {_shown(reader.comment)}, and {sha} was asked for")

    def _member(self, info: TarInfo, reader: Reader) -> None:
        top, *parts = info.name.split("/")
        if not self._top:
            self._top = top
        if top != self._top or any(one in ("", ".", "..") for one in (top, *parts)):
            raise Damaged(f"{info.name!r} is no path in {self._top!r}")
        if "\0" in info.name + info.linkname:
            raise Damaged("a name holds a NUL")
        if any(one.lower() == ".git" for one in parts):
            # Git has no such file; with one, a folder would pass for a clone with settings.
            raise Damaged(f"{info.name!r} is a name that no commit holds")
        if not parts:
            if info.type != tarfile.DIRTYPE:
                raise Damaged(f"{info.name!r} is no folder")
            return
        if info.type == tarfile.SYMTYPE and not links.stays(info.name, info.linkname):
            self._out.append("/".join(parts))
            return
        runnable = info.type == tarfile.DIRTYPE or bool(info.mode & RUNNABLE)
        self._tree.add(info, "/".join(parts), MODES[runnable], reader)

    def _notes(self) -> list[str]:
        notes = []
        if self._out:
            shown = ", ".join(self._out[:NAMED])
            more = f" and {len(self._out) - NAMED} more" if len(self._out) > NAMED else ""
            notes.append(f"Links that lead out of the checkout were left out: {shown}{more}.")
        try:
            attributes = files.content(self._folder / ATTRIBUTES, PIECE)
        except OSError:
            attributes = b""
        if _LACKING.search(attributes):
            notes.append(
                "`.gitattributes` has GitHub leave files out of tarballs, or change them "
                "(export-ignore, export-subst): with git on the runner's machine all would be here."
            )
        return notes


def _shown(comment: str) -> str:
    return repr(comment[:64]) if comment else "no commit"
