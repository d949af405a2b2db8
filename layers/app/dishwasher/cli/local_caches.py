"""Caches of `dishwasher run`: a folder of this user, with the same rules as on the server."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from dishwasher.core import shelf
from dishwasher.core.codec import decode, encode
from dishwasher.core.shelf import Entry, Room, Shelf, Wanted
from dishwasher.core.ticket import CacheFound, CacheLeave, CacheOffer, CacheQuery

INDEX = "index.json"


def folder_of(checkout: Path, environment: Mapping[str, str]) -> Path:
    """`$XDG_CACHE_HOME/dishwasher/cache/<repository>`, of this checkout alone.

    https://specifications.freedesktop.org/basedir-spec/latest/: a relative path is to be ignored.
    """
    given = environment.get("XDG_CACHE_HOME", "")
    base = Path(given) if given.startswith("/") else Path.home() / ".cache"
    place = checkout.resolve()
    digest = hashlib.sha256(os.fsencode(place)).hexdigest()[:8]
    name = re.sub(r"[^A-Za-z0-9._-]", "-", place.name)[:80]
    return base / "dishwasher" / "cache" / f"{name}-{digest}"


class LocalCaches:
    """`refs`: the branch of this run, and those whose caches will do too."""

    def __init__(
        self,
        folder: Path,
        refs: tuple[str, ...],
        room: Room | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._folder, self._refs, self._clock = folder, refs, clock
        self._room = room or Room()

    def find(self, query: CacheQuery) -> CacheFound:
        wanted = Wanted(query.version, query.key, query.fallbacks)
        with self._shelf() as there:
            while found := shelf.find(((ref, there[0]) for ref in self._refs), wanted):
                entry = found[1]
                place = self._folder / entry.blob
                if place.is_file() and place.stat().st_size == entry.size:
                    there[0] = shelf.use(there[0], entry, self._clock())
                    return CacheFound(str(place), entry.key, entry.size, entry.sha256)
                there[0] = shelf.drop(there[0], entry, self._clock())
        return CacheFound()

    def offer(self, offer: CacheOffer) -> CacheLeave:
        with self._shelf() as there:
            held = shelf.holds(there[0], self._refs[0], Wanted(offer.version, offer.key))
            if held is not None and (not offer.moving or held.sha256 == offer.sha256):
                return CacheLeave(why="it is stored already")
            blob = _blob(offer)
            after = shelf.announce(there[0], blob, offer.size, self._room, self._clock())
            if after is None:
                return CacheLeave(why="there is no room for it")
            there[0] = after
        return CacheLeave(str(self._folder / blob))

    def holds(self, url: str) -> bool:
        return Path(url).parent == self._folder

    def put(self, url: str, file: BinaryIO) -> None:
        place = Path(url)
        new = place.with_suffix(f".{os.getpid()}")
        with new.open("wb") as kept:
            shutil.copyfileobj(file, kept)
        new.replace(place)

    def keep(self, offer: CacheOffer) -> None:
        now = self._clock()
        words = (self._refs[0], offer.version, offer.key, _blob(offer), offer.size, offer.sha256)
        with self._shelf() as there:
            entry = Entry(*words, created=now, used=now)
            one = (there[0], entry, self._room, now)
            there[0] = shelf.keep(*one, moving=offer.moving, slot=offer.slot)

    @contextmanager
    def _shelf(self) -> Iterator[list[Shelf]]:
        """The index, alone, as the one item of a list; what is put there is stored."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            before = self._read()
            there = [before]
            yield there
            blobs = shelf.overdue(there[0], self._clock())
            for blob in blobs:
                (self._folder / blob).unlink(missing_ok=True)
            after = shelf.removed(there[0], blobs)
            if after != before:
                new = self._folder / f"{INDEX}.new"
                new.write_text(json.dumps(encode(after)))
                new.replace(self._folder / INDEX)
        finally:
            os.close(descriptor)

    def _read(self) -> Shelf:
        # Of another version, or damaged: then nothing is cached, and all is new.
        with suppress(FileNotFoundError, ValueError):
            return decode(Shelf, json.loads((self._folder / INDEX).read_text()))
        return Shelf("local")


def _blob(offer: CacheOffer) -> str:
    words = f"{offer.version}\n{offer.key}\n{offer.sha256}"
    return hashlib.sha256(words.encode()).hexdigest()[:32]
