"""The files that a job leaves: found without following a link, hashed, and sent."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, cast

from dishwasher.core.outputs import ArtifactSet
from dishwasher.core.result import Artifact
from dishwasher.core.ticket import Limits
from dishwasher.errors import InfraError
from dishwasher.runner import files
from dishwasher.runner.sink import Sink

READ = 1024 * 1024
NOTES_KEPT = 20
PATH_BYTES = 900
"""Of an artifact's path: with the attempt before it, it is a key of Amazon S3, of at most 1,024.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
"""


@dataclass(frozen=True, slots=True)
class Kept:
    artifact: Artifact
    place: str
    """Absolute path of the file."""


class Collection:
    """Files for upload within the limits; whatever is left out is in `notes`."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._files: dict[str, Kept] = {}
        self._bytes = 0
        self._skipped: list[str] = []
        self._more = 0

    def add_folder(self, folder: Path, prefix: str = "") -> None:
        """Everything regular below it, by its path relative to it, below `prefix`."""
        for path, place in files.walk(str(folder), prefix):
            self._add(path, place)

    def add_set(self, checkout: Path, home: Path, wanted: ArtifactSet) -> None:
        """What one entry of the configuration asks for; `~/` begins a path in the job's home."""
        if wanted.base == "~" or wanted.base.startswith("~/"):
            bases = files.folders(home, wanted.base[2:])
        else:
            bases = files.folders(checkout, wanted.base)
        if not bases:
            self._skip(f"{wanted.base}: is no folder of the checkout")
        for base in bases:
            for glob in wanted.files:
                if glob.startswith("~/"):
                    self._add_glob(home, glob[2:], wanted)
                else:
                    self._add_glob(base, glob, wanted)

    def _add_glob(self, base: Path, glob: str, wanted: ArtifactSet) -> None:
        if not files.inside(glob):
            self._skip(f"{glob}: artifacts are named relative to the checkout")
            return
        found = False
        for path, place in files.found(base, glob):
            found = True
            if any(files.fits("/".join(files.inside(out)), path) for out in wanted.exclude):
                continue
            kept = path.rpartition("/")[2] if wanted.flat else path
            name = "/".join(files.inside(wanted.name))
            target = _target(place, base) if wanted.symlinks else place
            self._add(f"{name}/{kept}" if name else kept, target)
        if not found:
            self._skip(f"{glob}: matches no file")

    def leave_out(self, wanted: ArtifactSet, why: str) -> None:
        self._skip(f"{', '.join(wanted.files)}: {why}")

    @property
    def files(self) -> tuple[Kept, ...]:
        return tuple(self._files.values())

    @property
    def notes(self) -> tuple[str, ...]:
        shown = [f"Artifact left out: {text}" for text in self._skipped]
        more = f"… and {self._more} more artifacts left out."
        return (*shown, more) if self._more else tuple(shown)

    def _skip(self, text: str) -> None:
        """A million of them are counted, and take no memory."""
        if len(self._skipped) < NOTES_KEPT:
            self._skipped.append(text)
        else:
            self._more += 1

    def _add(self, path: str, place: str) -> None:
        problem = self._refusal(path, place)
        if problem:
            self._skip(f"{_shown(path)}: {problem}")

    def _refusal(self, path: str, place: str) -> str:
        """Keep the file, or say why not."""
        if path in self._files:
            same = self._files[path].place == place
            return "" if same else "another file has this path already"
        if _shown(path) != path:
            return "its name is not valid UTF-8"
        if len(path.encode()) > PATH_BYTES:
            return f"its path is longer than {PATH_BYTES} bytes"
        if len(self._files) >= self._limits.artifact_files:
            return f"the limit is {self._limits.artifact_files} files"
        try:
            with open_regular(place) as file:
                size = os.fstat(file.fileno()).st_size
                if self._bytes + size > self._limits.artifact_bytes:
                    return f"the limit is {self._limits.artifact_bytes} bytes in all"
                digest = _digest(file, size)
        except OSError as error:
            return error.strerror or str(error)
        self._files[path] = Kept(Artifact(path, size, digest), place)
        self._bytes += size
        return ""


def send(sink: Sink, files: tuple[Kept, ...]) -> None:
    """Upload all of them; raises what the sink raises."""
    places = {kept.artifact.path: kept for kept in files}
    for upload in sink.uploads(tuple(kept.artifact for kept in files)):
        kept = places[upload.path]
        upload = replace(upload, sha256=kept.artifact.sha256)
        with open_regular(kept.place) as file:
            sink.put(upload, cast(BinaryIO, _Part(file, kept.artifact.size)), kept.artifact.size)


class _Part:
    """The first bytes of a file that may have grown meanwhile: what was hashed is what is sent."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file, self._size = file, size

    def read(self, size: int = -1) -> bytes:
        left = self._size - self._file.tell()
        data = self._file.read(left if size < 0 else min(size, left))
        if not data and left and size:
            raise InfraError("a file became shorter while it was sent")
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)


def open_regular(place: str, folder: int | None = None) -> BinaryIO:
    """Open a regular file only: a link is not followed, a FIFO can not block us.

    `folder`: a descriptor of the folder that the place is relative to.

    Hard links are kept: they give a job nothing that it could not have copied.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    if not stat.S_ISREG(os.lstat(place, dir_fd=folder).st_mode):
        raise OSError("it is not a regular file")
    return os.fdopen(os.open(place, flags, dir_fd=folder), "rb")


def _target(place: str, base: Path) -> str:
    """Where a link leads, so long as it stays below the folder; else the link, which is refused."""
    if not os.path.islink(place):
        return place
    real = os.path.realpath(place)
    return real if real.startswith(f"{os.path.realpath(base)}/") else place


def _digest(file: BinaryIO, size: int) -> str:
    """Of so many bytes, and not of what somebody adds while they are read."""
    digest, left = hashlib.sha256(), size
    while left:
        block = file.read(min(READ, left))
        if not block:
            raise OSError("it became shorter while it was read")
        digest.update(block)
        left -= len(block)
    return digest.hexdigest()


def _shown(path: str) -> str:
    return path.encode("utf-8", "replace").decode("utf-8")
