"""What simulated runners restore and store, and what must be true of it."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from typing import Any

from dishwasher.core import shelf
from dishwasher.core.build import Build
from dishwasher.core.job import Job, parse_attempt
from dishwasher.core.shelf import Shelf
from dishwasher.core.ticket import CacheFound, CacheLeave, CacheOffer, CacheQuery
from dishwasher.errors import UserError
from dishwasher.flow.caches import Caches

from tests.fakes.store import MemoryStore
from tests.sim.ports import SimBlobs
from tests.sim.world import World

KEYS = ("deps-1", "deps-2", "deps-3")
SIZE = 700
"""Bytes of a cache: four of them are more than a shelf holds."""
ROOT = "caches/"

Say = Callable[[str, Callable[[], Any]], Any]


class Caching:
    """The hands of one runner, whose `say` is repeated until there is an answer."""

    def __init__(
        self, world: World, caches: Caches, rows: MemoryStore, key: tuple[str, str], say: Say
    ) -> None:
        self._world, self._caches, self._rows = world, caches, rows
        self._attempt, self._token = key
        self._say = say
        self._name = world.random.choice(KEYS)
        self._moving = world.chance(0.2)

    def restore(self) -> None:
        """S7: what comes is whole, and nothing that this build may not have."""
        query = CacheQuery("v", self._name, ("deps-",))
        found: CacheFound = self._say("find", lambda: self._caches.find(*self._key, query))
        if not found.url:
            return
        blobs, law = self._caches.blobs, self._world.law
        assert isinstance(blobs, SimBlobs)
        data = blobs.peek(blobs.shown(found.url.rpartition("/")[2]))
        law(data is not None, "S7 a cache that was promised to", self._attempt, "is gone")
        data = data or b""
        digest = hashlib.sha256(data).hexdigest()
        law((found.size, found.sha256) == (len(data), digest), "S7 a torn cache:", self._attempt)
        writer = data.decode().split()[0]
        mine, theirs = self._build(self._attempt), self._build(writer)
        places = shelf.reach(mine).places
        law(shelf.reach(theirs).own in places, "S7", self._attempt, "restores what", writer, "made")
        main = mine.event.repository.default_branch
        if mine.event.branch == main and mine.event.pull_request is None:
            pushed = theirs.event.branch == main and theirs.event.pull_request is None
            law(pushed, "S7 the default branch restores what", writer, "made")
        self._world.sometimes("a job restored a cache of another")

    def store(self) -> None:
        data = f"{self._attempt} {self._world.now}".ljust(SIZE).encode()
        digest = hashlib.sha256(data).hexdigest()
        offer = CacheOffer("v", self._name, len(data), digest, self._moving)
        leave: CacheLeave = self._say("offer", lambda: self._caches.offer(*self._key, offer))
        if not leave.url:
            return
        blobs = self._caches.blobs
        assert isinstance(blobs, SimBlobs)
        token = leave.url.rpartition("/")[2]
        self._say("put", lambda: blobs.receive(token, io.BytesIO(data)))
        try:
            self._say("keep", lambda: self._caches.keep(*self._key, offer))
        except UserError:
            self._world.law(False, "S7 an upload is denied:", self._attempt)

    @property
    def _key(self) -> tuple[str, str]:
        return self._attempt, self._token

    def _build(self, attempt: str) -> Build:
        job = self._rows.get(Job, parse_attempt(attempt)[0])
        build = self._rows.get(Build, job.build) if job else None
        assert build is not None
        return build


def problems(rows: MemoryStore, blobs: SimBlobs) -> Iterator[str]:
    """L6: each file of a cache is known, and each cache has its file."""
    known = set()
    for one in rows.all(Shelf):
        known |= {leaving.blob for leaving in one.leavings}
        for entry in one.entries:
            known.add(entry.blob)
            if len(blobs.peek(entry.blob) or b"") != entry.size:
                yield f"L6 the cache {entry.key} of {entry.ref} has no file"
    for key in blobs.keys(ROOT):
        if key not in known:
            yield f"L6 nobody will remove {key}"
