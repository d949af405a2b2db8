"""The caches of a job: restored before its first phase, stored when it has succeeded.

Nothing here fails a job: what does not work makes it slower, and is told.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from dishwasher.core.outputs import Cache
from dishwasher.core.ticket import CacheFound, CacheOffer, CacheQuery, Ticket, Upload
from dishwasher.errors import InfraError
from dishwasher.runner import files, variables
from dishwasher.runner.artifacts import open_regular
from dishwasher.runner.environment import Workspace
from dishwasher.runner.pack import Full, Packed, Packer, Unkept
from dishwasher.runner.sink import Sink
from dishwasher.runner.stop import Stop
from dishwasher.runner.tar import Bounds, Damaged, bounds
from dishwasher.runner.unpack import Unpacker

FORMAT = "1"
"""Part of each version: raised when old archives can not be read any more."""
KEY = 400
"""Characters of a key's text; the server takes a hash behind them too."""
SECONDS = 300.0
"""For one cache, in one direction; a job that takes longer than that without it is rare."""
READ = 1024 * 1024


class TooLong(Exception):
    """The job must stop, or the cache takes longer than it saves."""


@dataclass(frozen=True, slots=True)
class Keyed:
    """A cache of the configuration with what it is called in this build."""

    cache: Cache
    version: str
    key: str
    fallbacks: tuple[str, ...]

    @property
    def moving(self) -> bool:
        """Nothing in its key follows its content."""
        return not self.cache.files


class Caches:
    """`say` writes a line of the log, `note` one of the result."""

    def __init__(
        self,
        ticket: Ticket,
        sink: Sink,
        workspace: Workspace,
        stop: Stop,
        say: Callable[[str], None],
        note: Callable[[str], None],
        *,
        seconds: float = SECONDS,
        within: Bounds | None = None,
    ) -> None:
        self._ticket, self._sink, self._workspace, self._stop = ticket, sink, workspace, stop
        self._say, self._note = say, note
        self._keyed: list[Keyed] = []
        self._restored: set[tuple[str, str]] = set()
        self._damaged: set[tuple[str, str]] = set()
        """What is stored under these is of no use, and may be replaced."""
        self._seconds, self._end = seconds, 0.0
        self._bounds = within or bounds(ticket.limits.cache_bytes)

    def restore(self, environment: Mapping[str, str]) -> None:
        """Every cache that there is, by keys from the files of the checkout as they are now.

        `environment`: values of the variables in keys. Raises Fenced and LeaseOver.
        """
        hidden = {name for name, _ in self._ticket.secrets}
        shown = {name: value for name, value in environment.items() if name not in hidden}
        for cache in self._ticket.spec.caches:
            keyed = self._key(cache, shown)
            self._keyed.append(keyed)
            if cache.restore:
                self._try(f"Restoring {_named(keyed)}", keyed, self._restore)

    def store(self) -> None:
        """Every cache whose key was not there. Raises Fenced and LeaseOver."""
        for keyed in self.unstored:
            self._try(f"Storing {_named(keyed)}", keyed, self._store)

    @property
    def unstored(self) -> list[Keyed]:
        """Caches to store when the job has succeeded."""
        return [
            keyed
            for keyed in self._keyed
            if keyed.cache.save
            and (keyed.moving or (keyed.version, keyed.key) not in self._restored)
        ]

    def _try(self, what: str, keyed: Keyed, work: Callable[[Keyed], None]) -> None:
        folder = self._workspace.cache
        self._end = time.monotonic() + self._seconds
        try:
            folder.mkdir(mode=0o700)
            work(keyed)
        except TooLong as error:
            self._say(f"{what}: {error}.")
        except (Damaged, Full, InfraError, OSError) as error:
            self._say(f"{what} failed: {error}")
            self._note(f"{what} failed, and the job did without: {error}")
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _alive(self) -> None:
        if self._stop.cause is not None:
            raise TooLong("given up, because the job ends")
        if time.monotonic() > self._end:
            raise TooLong(f"given up after {self._seconds:g} s")

    def _key(self, cache: Cache, environment: Mapping[str, str]) -> Keyed:
        text = variables.expand(cache.key, environment)
        fallbacks = (variables.expand(one, environment)[:KEY] for one in cache.fallbacks)
        if cache.files:
            text = text[:KEY] + self._hash(cache)
        what = json.dumps([FORMAT, *cache.paths]).encode()
        version = hashlib.sha256(what).hexdigest()[:16]
        return Keyed(cache, version, text[: KEY + 64], tuple(one for one in fallbacks if one))

    def _hash(self, cache: Cache) -> str:
        """Of the paths and the content of its files, whatever the order of the globs."""
        checkout, found = self._workspace.checkout, dict[str, str]()
        for pattern in cache.files:
            before = len(found)
            found.update(files.found(checkout, pattern))
            if len(found) == before:
                self._say(f"The cache's key is made from {pattern}, which matches no file.")
        digest = hashlib.sha256()
        for path, place in sorted(found.items()):
            digest.update(f"{path}\0".encode("utf-8", "surrogateescape"))
            try:
                with open_regular(place) as file:
                    while data := file.read(READ):
                        digest.update(hashlib.sha256(data).digest())
            except OSError:
                # A link, say: that it is there is all that counts.
                continue
        return digest.hexdigest()

    def _restore(self, keyed: Keyed) -> None:
        query = CacheQuery(keyed.version, keyed.key, keyed.fallbacks)
        found, began = self._sink.find_cache(query), time.monotonic()
        if not found.url:
            self._say(f"There is no cache yet of {_named(keyed)}.")
            return
        archive = self._workspace.cache / "archive"
        try:
            problems = self._unpack(found, archive, keyed.cache.paths)
        except Damaged:
            self._damaged.add((keyed.version, found.key))
            raise
        for problem in problems:
            self._say(f"Left out of the cache: {problem}")
        if found.key == keyed.key and not problems:
            self._restored.add((keyed.version, keyed.key))
        which = "" if found.key == keyed.key else ", of another key"
        took = time.monotonic() - began
        self._say(f"Restored {_named(keyed)}{which}: {_size(found.size)} in {took:.1f} s.")

    def _unpack(self, found: CacheFound, archive: Path, paths: tuple[str, ...]) -> list[str]:
        self._download(found, archive)
        unpacker = Unpacker(self._workspace.cache / "new", self._bounds, self._alive)
        with archive.open("rb") as file:
            unpacker.read(file)
        archive.unlink()
        return unpacker.place(paths, self._workspace.checkout, self._workspace.home)

    def _download(self, found: CacheFound, archive: Path) -> None:
        if not 0 <= found.size <= self._bounds.packed:
            raise Damaged(f"it has {found.size} bytes; at most {self._bounds.packed} are taken")
        with archive.open("xb") as file:
            self._sink.fetch(found.url, cast(BinaryIO, _Mortal(file, self._alive)), found.size)
        digest, size = hashlib.sha256(), 0
        with archive.open("rb") as file:
            while data := file.read(READ):
                size += len(data)
                digest.update(data)
        if (size, digest.hexdigest()) != (found.size, found.sha256):
            raise Damaged("what came is not what was stored")

    def _store(self, keyed: Keyed) -> None:
        began, archive = time.monotonic(), self._workspace.cache / "archive"
        packed = self._pack(keyed, archive)
        if not packed.members:
            return
        moving = keyed.moving or (keyed.version, keyed.key) in self._damaged
        offer = CacheOffer(keyed.version, keyed.key, packed.size, packed.sha256, moving)
        leave = self._sink.offer_cache(offer)
        if not leave.url:
            self._say(f"Not stored, because {leave.why}: {_named(keyed)}.")
            return
        with archive.open("rb") as file:
            mortal = cast(BinaryIO, _Mortal(file, self._alive))
            self._sink.put(Upload("a cache", leave.url), mortal, packed.size)
        self._sink.keep_cache(offer)
        took = time.monotonic() - began
        what = f"{packed.members} files, {_size(packed.content)}, as {_size(packed.size)}"
        self._say(f"Stored {_named(keyed)}: {what} in {took:.1f} s.")

    def _pack(self, keyed: Keyed, archive: Path) -> Packed:
        checkout, home = self._workspace.checkout, self._workspace.home
        with archive.open("xb") as file:
            packer = Packer(checkout, home, file, self._bounds, self._alive)
            for path in dict.fromkeys(keyed.cache.paths):
                try:
                    packer.add(path)
                except Unkept as error:
                    self._say(f"{path} is not kept: {error}.")
            return packer.finish()


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


def _named(keyed: Keyed) -> str:
    paths = keyed.cache.paths
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return f"{paths[0]}{more}"


def _size(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.1f} kB"
