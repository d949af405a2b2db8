"""The Blobs port over a folder of files."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from dishwasher.errors import Gone, InfraError, Refused
from dishwasher.local.keys import path_of
from dishwasher.local.uploads import UPLOAD_SECONDS, Leave, Sight, sign, verify, verify_sight
from dishwasher.ports import Clock

TEMPORARY = "%new"
"""Folder of what is not complete; no key has this path, for no quoted name holds `%n`."""
ABANDONED_SECONDS = 24 * 3600.0
CHUNK = 256 * 1024
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_NOFOLLOW | os.O_CLOEXEC


class FileBlobs:
    """A blob is a regular file below `folder`; links are never followed on the way to it."""

    def __init__(
        self, folder: Path, clock: Clock, secret: bytes, base_url: Callable[[], str]
    ) -> None:
        self._folder = folder.absolute()
        self._clock = clock
        self._secret = secret
        self._base_url = base_url
        with _faults(f"can not use the folder {folder}"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            (folder / TEMPORARY).mkdir(mode=0o700, exist_ok=True)
            self._sweep()

    def put(self, key: str, data: bytes) -> None:
        path = path_of(key)
        with _faults(f"can not store {key}"), self._new() as (temporary, file):
            file.write(data)
            self._keep(temporary, file, path)

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes | None:
        with _faults(f"can not read {key}"), self._opened(key) as file:
            if file is None:
                return None
            file.seek(start)
            return file.read() if end is None else file.read(max(end - start, 0))

    def size(self, key: str) -> int | None:
        with _faults(f"can not read {key}"), self._opened(key) as file:
            return None if file is None else os.fstat(file.fileno()).st_size

    def append(self, key: str, offset: int, data: bytes) -> int:
        *folders, name = path_of(key)
        with _faults(f"can not append to {key}"), self._within(folders, make=True) as folder:
            flags = os.O_RDWR | (os.O_CREAT if offset == 0 else 0) | _FILE
            try:
                descriptor = os.open(name, flags, 0o600, dir_fd=folder)
            except FileNotFoundError:
                return 0
            with open(descriptor, "r+b", buffering=0):
                # Held until the file is closed, against other threads and processes alike.
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                size = os.fstat(descriptor).st_size
                if offset > size or offset + len(data) <= size:
                    return size
                return _extend(descriptor, size, memoryview(data)[size - offset :])

    def upload_url(self, key: str, size: int, sha256: str) -> str:
        path_of(key)
        leave = Leave(key, size, sha256.lower(), self._clock.now() + UPLOAD_SECONDS)
        return f"{self._base_url()}/uploads/{sign(leave, self._secret)}"

    def download_url(self, key: str) -> str:
        path_of(key)
        sight = Sight(key, self._clock.now() + UPLOAD_SECONDS)
        return f"{self._base_url()}/downloads/{sign(sight, self._secret)}"

    def delete(self, key: str) -> None:
        *folders, name = path_of(key)
        with (
            _faults(f"can not remove {key}"),
            suppress(FileNotFoundError),
            self._within(folders, make=False) as folder,
        ):
            os.unlink(name, dir_fd=folder)

    def shown(self, token: str) -> str:
        """The key that a download URL is for; raises Refused, or Gone when it is too old."""
        return verify_sight(token, self._secret, self._clock.now()).key

    def expected(self, token: str) -> int:
        """Bytes that may be PUT to this upload URL: none where it is not one of ours."""
        try:
            return verify(token, self._secret, self._clock.now()).size
        except (Refused, Gone):
            return 0

    def receive(self, token: str, stream: BinaryIO) -> None:
        """Store what was PUT to an upload URL; raises Refused unless it is exactly what was agreed.

        Repeating it is harmless. Raises Gone when the URL is too old.
        """
        leave = verify(token, self._secret, self._clock.now())
        path = path_of(leave.key)
        with _faults(f"can not store {leave.key}"), self._new() as (temporary, file):
            _copy(stream, file, leave)
            self._keep(temporary, file, path)

    def _sweep(self) -> None:
        """Remove what a killed process left behind; a live one's files are never this old."""
        for path in (self._folder / TEMPORARY).iterdir():
            if path.stat().st_mtime < self._clock.now() - ABANDONED_SECONDS:
                path.unlink(missing_ok=True)

    @contextmanager
    def _opened(self, key: str) -> Iterator[BinaryIO | None]:
        *folders, name = path_of(key)
        try:
            with self._within(folders, make=False) as folder:
                descriptor = os.open(name, os.O_RDONLY | _FILE, dir_fd=folder)
        except FileNotFoundError:
            yield None
            return
        with open(descriptor, "rb", buffering=0) as file:
            yield file

    @contextmanager
    def _new(self) -> Iterator[tuple[Path, BinaryIO]]:
        """A new file, gone at the end unless `_keep` has moved it."""
        path = self._folder / TEMPORARY / self._clock.secret()
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FILE, 0o600)
        try:
            with open(descriptor, "wb") as file:
                yield path, file
        finally:
            path.unlink(missing_ok=True)

    def _keep(self, temporary: Path, file: BinaryIO, path: tuple[str, ...]) -> None:
        """Move the complete file to its place, in one step that survives a power failure."""
        file.flush()
        os.fsync(file.fileno())
        *folders, name = path
        with self._within(folders, make=True) as folder:
            os.replace(temporary, name, dst_dir_fd=folder)
            os.fsync(folder)

    @contextmanager
    def _within(self, folders: list[str], *, make: bool) -> Iterator[int]:
        """A descriptor of the folder; each name is opened in the one before, links refused."""
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for name in folders:
                if make:
                    _make(name, descriptor)
                inner = os.open(name, _FOLDER, dir_fd=descriptor)
                os.close(descriptor)
                descriptor = inner
            yield descriptor
        finally:
            os.close(descriptor)


def _make(name: str, folder: int) -> None:
    try:
        os.mkdir(name, 0o700, dir_fd=folder)
    except FileExistsError:
        return
    os.fsync(folder)


def _extend(descriptor: int, size: int, data: memoryview) -> int:
    """Write at the end of the file, all or nothing; answers the new size."""
    at = size
    try:
        while at < size + len(data):
            at += os.pwrite(descriptor, data[at - size :], at)
    except OSError:
        os.ftruncate(descriptor, size)
        raise
    return at


def _copy(stream: BinaryIO, file: BinaryIO, leave: Leave) -> None:
    """Copy exactly the agreed bytes; raises Refused for others."""
    digest, left = hashlib.sha256(), leave.size
    # One byte more than agreed is read, to know that nothing follows.
    while data := stream.read(min(CHUNK, left + 1)):
        left -= len(data)
        if left < 0:
            raise Refused(f"the upload has more than the {leave.size} bytes that were agreed")
        digest.update(data)
        file.write(data)
    if left > 0:
        raise Refused(f"the upload ended {left} bytes before the {leave.size} that were agreed")
    if digest.hexdigest() != leave.sha256:
        raise Refused("the upload does not have the SHA-256 that was agreed")


@contextmanager
def _faults(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        hint = "; make room on the disk" if full else ""
        raise InfraError(f"{what}: {error}{hint}") from error
