"""Archives of a job on their way to the server and back, each within its time and its size."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO, cast

from dishwasher.core.ticket import CacheFound, CacheOffer, Ticket, Upload
from dishwasher.errors import InfraError
from dishwasher.runner.environment import Workspace
from dishwasher.runner.pack import Full, Packed, Packer
from dishwasher.runner.sink import Sink
from dishwasher.runner.stop import Stop
from dishwasher.runner.tar import Bounds, Damaged, bounds
from dishwasher.runner.unpack import Unpacker

SECONDS = 300.0
"""For one archive, in one direction; a job that takes longer than that without it is rare."""
READ = 1024 * 1024

Say = Callable[[str], None]


class TooLong(Exception):
    """The job must stop, or the archive takes longer than it saves."""


class Archives:
    """`roots`: what paths in an archive begin with, and the folders that this stands for.

    `say` writes a line of the log, `note` one of the result.
    """

    def __init__(
        self,
        ticket: Ticket,
        sink: Sink,
        workspace: Workspace,
        stop: Stop,
        say: Say,
        note: Say,
        *,
        roots: Mapping[str, Path],
        seconds: float = SECONDS,
        within: Bounds | None = None,
    ) -> None:
        self.sink, self._workspace, self._stop = sink, workspace, stop
        self.say, self._note, self._roots = say, note, roots
        self._seconds, self._end = seconds, 0.0
        self._bounds = within or bounds(ticket.limits.cache_bytes)

    def attempt(self, what: str, work: Callable[[], None]) -> None:
        """Do the work of one archive; whatever fails makes the job slower, and is told.

        Raises Fenced and LeaseOver.
        """
        self._end = time.monotonic() + self._seconds
        try:
            self._workspace.cache.mkdir(mode=0o700)
            work()
        except TooLong as error:
            self.say(f"{what}: {error}.")
        except (Damaged, Full, InfraError, OSError) as error:
            self.say(f"{what} failed: {error}")
            self._note(f"{what} failed, and the job did without: {error}")
        finally:
            shutil.rmtree(self._workspace.cache, ignore_errors=True)

    def unpacked(self, found: CacheFound) -> Unpacker:
        """What was found, checked and ready to be moved to its places; raises Damaged."""
        archive = self._workspace.cache / "archive"
        self._download(found, archive)
        staging = self._workspace.cache / "new"
        words = (self._roots, self._workspace.root, staging, self._bounds, self.alive)
        unpacker = Unpacker(*words)
        with archive.open("rb") as file:
            unpacker.read(file)
        archive.unlink()
        return unpacker

    def pack(self, fill: Callable[[Packer], Packed]) -> Packed:
        """A new archive of what `fill` puts into it."""
        with (self._workspace.cache / "archive").open("xb") as file:
            return fill(Packer(self._roots, file, self._bounds, self.alive))

    def send(self, offer: CacheOffer) -> str:
        """Store what was packed last; else why it is not wanted."""
        leave = self.sink.offer_cache(offer)
        if not leave.url:
            return leave.why
        with (self._workspace.cache / "archive").open("rb") as file:
            mortal = cast(BinaryIO, _Mortal(file, self.alive))
            self.sink.put(Upload("a cache", leave.url, offer.sha256), mortal, offer.size)
        self.sink.keep_cache(offer)
        return ""

    def alive(self) -> None:
        """Raises TooLong where there is no time left."""
        if self._stop.cause is not None:
            raise TooLong("given up, because the job ends")
        if time.monotonic() > self._end:
            raise TooLong(f"given up after {self._seconds:g} s")

    def _download(self, found: CacheFound, archive: Path) -> None:
        if not 0 <= found.size <= self._bounds.packed:
            raise Damaged(f"it has {found.size} bytes; at most {self._bounds.packed} are taken")
        with archive.open("xb") as file:
            self.sink.fetch(found.url, cast(BinaryIO, _Mortal(file, self.alive)), found.size)
        digest, size = hashlib.sha256(), 0
        with archive.open("rb") as file:
            while data := file.read(READ):
                size += len(data)
                digest.update(data)
        if (size, digest.hexdigest()) != (found.size, found.sha256):
            raise Damaged("what came is not what was stored")


class _Mortal:
    """A file on its way: asked for each piece whether there is still time."""

    def __init__(self, file: BinaryIO, alive: Callable[[], None]) -> None:
        self._file, self._alive = file, alive
        self.seek, self.truncate = file.seek, file.truncate

    def read(self, size: int = -1) -> bytes:
        self._alive()
        return self._file.read(size)

    def write(self, data: bytes) -> int:
        self._alive()
        return self._file.write(data)


def size(number: int) -> str:
    """Bytes, for people."""
    return f"{number / 1e6:.1f} MB" if number >= 1e5 else f"{number / 1e3:.1f} kB"
