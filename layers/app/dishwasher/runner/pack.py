"""Folders of a job → one compressed archive, in constant memory and without following a link."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tarfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tarfile import TarInfo
from typing import IO, Any, BinaryIO, cast

from dishwasher.runner import files, links, tar
from dishwasher.runner.artifacts import open_regular
from dishwasher.runner.links import Virtualenv
from dishwasher.runner.tar import Bounds

LEVEL = 3
"""zstd's own default: more costs much more time than the smaller download saves."""
THREADS = 2
ABOUT = "about.json"
"""Last member of an archive: what the others can not say."""


class Unkept(Exception):
    """A path that can not be kept, and why."""


class Full(Exception):
    """The archive is larger than it may be."""


@dataclass(frozen=True, slots=True)
class Packed:
    """What was written: bytes and SHA-256 of the archive, and of the files that are in it."""

    size: int
    sha256: str
    members: int
    content: int


class Packer:
    """Writes one archive; `alive()` is asked for each file and raises where there is no time."""

    def __init__(
        self,
        roots: Mapping[str, Path],
        out: BinaryIO,
        bounds: Bounds,
        alive: Callable[[], None],
    ) -> None:
        """`roots`: what paths in the archive begin with, and the folders that this stands for."""
        import zstandard

        self._end_of_frame = zstandard.FLUSH_FRAME
        self._roots = roots
        self._target = _Target(out, bounds.packed)
        compressor = zstandard.ZstdCompressor(level=LEVEL, threads=THREADS)
        self._stream = compressor.stream_writer(cast(IO[bytes], self._target), closefd=False)
        self._bounds, self._alive = bounds, alive
        self._virtualenvs: list[Virtualenv] = []
        self._members = self._content = 0

    def add(self, path: str) -> None:
        """A path of the configuration, or what its glob stands for; raises Unkept."""
        root, parts = split(path)
        found = list(files.matching(self._roots[root], parts)) if parts else []
        if not found:
            raise Unkept("there is no such folder")
        self.take(root, found)

    def take(self, root: str, found: list[str]) -> None:
        """Files and folders, by their paths below a root; raises Unkept."""
        members, size, virtualenvs = self._look(root, found)
        total, content = self._members + members, self._content + size
        if total > self._bounds.members or content > self._bounds.content:
            raise Unkept(f"it has {members} files of {size} bytes, which is too much")
        left_out = {place for one in virtualenvs for place in one.places}
        with files.Folders(self._roots[root]) as folders:
            for name, _ in self._all(root, found):
                if name not in left_out:
                    parent, _, base = name.partition("/")[2].rpartition("/")
                    self._write(name, base, folders.opened(parent))
        self._virtualenvs += virtualenvs
        self._members, self._content = total, content

    def finish(self, made: Mapping[str, str] | None = None) -> Packed:
        """`made`: how it came about, for whoever restores it."""
        # Only where they matter: the same files in another folder make the same archive.
        used = self._roots if self._virtualenvs else {}
        roots = {name: str(folder) for name, folder in used.items()}
        about: dict[str, Any] = {
            "roots": roots,
            "virtualenvs": [one.told for one in self._virtualenvs],
        }
        if made:
            about["made"] = dict(made)
        data = json.dumps(about, sort_keys=True).encode()
        info = TarInfo(ABOUT)
        info.size = len(data)
        self._stream.write(tar.header(info) + data + tar.padding(info.size) + tar.END)
        self._stream.flush(self._end_of_frame)
        digest = self._target.digest.hexdigest()
        return Packed(self._target.size, digest, self._members, self._content)

    def _look(self, root: str, found: list[str]) -> tuple[int, int, list[Virtualenv]]:
        """How much it is; nothing is written before all of it may be."""
        members, size, virtualenvs = 0, 0, []
        for name, place in self._all(root, found):
            self._alive()
            state, members = os.lstat(place), members + 1
            if stat.S_ISREG(state.st_mode):
                size += state.st_size
                if name.endswith(f"/{links.SETTINGS}"):
                    virtualenvs.append(links.virtualenv(name, place))
            elif stat.S_ISLNK(state.st_mode):
                target = os.readlink(place)
                if not links.stays(name, target) and not links.is_python(name, place):
                    raise Unkept(f"{name.partition('/')[2]} is a link to {target}, which leads out")
        return members, size, virtualenvs

    def _all(self, root: str, found: list[str]) -> Iterator[tuple[str, str]]:
        for path in found:
            place = str(self._roots[root] / path)
            yield f"{root}/{path}", place
            if files.is_folder(place):
                yield from _below(place, f"{root}/{path}")

    def _write(self, name: str, base: str, folder: int) -> None:
        self._alive()
        state = os.lstat(base, dir_fd=folder)
        info = TarInfo(name)
        info.mode = state.st_mode & 0o777
        if stat.S_ISDIR(state.st_mode):
            info.type = tarfile.DIRTYPE
            self._stream.write(tar.header(info))
        elif stat.S_ISLNK(state.st_mode):
            info.type, info.linkname = tarfile.SYMTYPE, os.readlink(base, dir_fd=folder)
            self._stream.write(tar.header(info))
        elif stat.S_ISREG(state.st_mode):
            with open_regular(base, folder) as file:
                info.size = os.fstat(file.fileno()).st_size
                info.mtime = min(max(0, int(state.st_mtime)), tar.OCTAL - 1)
                self._copy(tar.header(info), file, info.size)
        # Sockets and FIFOs are of processes that are gone.

    def _copy(self, header: bytes, file: BinaryIO, size: int) -> None:
        left, data = size, header
        while left:
            piece = file.read(min(tar.PIECE, left))
            if not piece:
                raise OSError("a file became shorter while it was read")
            left -= len(piece)
            # In one call where it can be: most files are small.
            data += piece
            if left:
                self._stream.write(data)
                data = b""
        self._stream.write(data + tar.padding(size))


class _Target:
    """The archive's file, which may have no more than the limit."""

    def __init__(self, file: BinaryIO, limit: int) -> None:
        self._file, self._limit = file, limit
        self.size, self.digest = 0, hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.size += len(data)
        if self.size > self._limit:
            raise Full(f"it would be larger than {self._limit} bytes")
        self.digest.update(data)
        return self._file.write(data)

    def flush(self) -> None:
        """The file is flushed by whoever has opened it."""


def split(path: str) -> tuple[str, list[str]]:
    """Which root a path of the configuration is below, and its parts there; none: it leaves."""
    if path.startswith("~/"):
        return "home", files.inside(path[2:])
    return "checkout", files.inside(path)


def _below(folder: str, name: str) -> Iterator[tuple[str, str]]:
    """Everything in it, each folder before what is in it, the same order each time."""
    waiting = [(folder, name)]
    while waiting:
        folder, name = waiting.pop()
        with os.scandir(folder) as entries:
            ordered = sorted(entries, key=lambda entry: entry.name)
        for entry in ordered:
            yield f"{name}/{entry.name}", entry.path
            if entry.is_dir(follow_symlinks=False):
                waiting.append((entry.path, f"{name}/{entry.name}"))
