"""Caches, as the server sees them: what a job may restore, what it may store, and what must go."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from dishwasher.core import shelf
from dishwasher.core.build import Build
from dishwasher.core.job import Job
from dishwasher.core.shelf import Entry, Room, Shelf, Wanted
from dishwasher.core.ticket import CacheFound, CacheLeave, CacheOffer, CacheQuery
from dishwasher.errors import Conflict, UserError
from dishwasher.ports import Blobs, Clock, Store

WRITES = 50
"""Lost compare-and-sets on one shelf before giving up."""
TEXT = 512
"""Characters of a key or of what it may begin with."""
FALLBACKS = 20
ALREADY = "it is stored already"


class Authorises(Protocol):
    def authorised(self, attempt_id: str, token: str) -> Job:
        """The live job that this token speaks for; raises Refused."""
        ...


@dataclass(frozen=True, slots=True)
class Caches:
    store: Store
    blobs: Blobs
    clock: Clock
    attempts: Authorises
    room: Room

    def find(self, attempt_id: str, token: str, query: CacheQuery) -> CacheFound:
        """Where to GET the cache that fits best; its scope is the server's to say."""
        _check(query.version, query.key, *query.fallbacks)
        places = shelf.reach(self._build(attempt_id, token)).places
        wanted = Wanted(query.version, query.key, query.fallbacks)
        shelves = {place.shelf: self._shelf(place.shelf) for place in places}
        while found := shelf.find(((one.ref, shelves[one.shelf]) for one in places), wanted):
            where, entry = found
            if self.blobs.size(entry.blob) == entry.size:
                self._quietly(where.id, entry, shelf.use)
                url = self.blobs.download_url(entry.blob)
                return CacheFound(url, entry.key, entry.size, entry.sha256)
            shelves[where.id] = shelf.drop(shelves[where.id], entry, self.clock.now())
            self._quietly(where.id, entry, shelf.drop)
        return CacheFound()

    def offer(self, attempt_id: str, token: str, offer: CacheOffer) -> CacheLeave:
        """Where to PUT it, unless a cache with its key is there already."""
        _check(offer.version, offer.key, offer.slot)
        place = shelf.reach(self._build(attempt_id, token)).own
        there = shelf.holds(self._shelf(place.shelf), place.ref, Wanted(offer.version, offer.key))
        if there is not None and (not offer.moving or there.sha256 == offer.sha256):
            return CacheLeave(why=ALREADY)
        if not 0 <= offer.size <= self.room.one:
            return CacheLeave(why=f"it is larger than {self.room.one} bytes")
        blob, announced = _blob(attempt_id, offer), True

        def announce(now: Shelf) -> Shelf:
            nonlocal announced
            after = shelf.announce(now, blob, offer.size, self.room, self.clock.now())
            announced = after is not None
            return after or now

        # Before the upload: one that is never finished is removed, whoever dies meanwhile.
        self._change(place.shelf, announce)
        if not announced:
            return CacheLeave(why="too many caches are being stored at once")
        return CacheLeave(self.blobs.upload_url(blob, offer.size, offer.sha256))

    def keep(self, attempt_id: str, token: str, offer: CacheOffer) -> None:
        """It is uploaded: from now on others find it. Repeating it is harmless."""
        _check(offer.version, offer.key, offer.slot)
        place = shelf.reach(self._build(attempt_id, token)).own
        blob, now = _blob(attempt_id, offer), self.clock.now()
        if not shelf.is_announced(self._shelf(place.shelf), blob):
            # A repeated word, or one that comes hours late, when the upload is gone again.
            return
        if self.blobs.size(blob) != offer.size:
            raise UserError("the cache was not uploaded")
        words = (place.ref, offer.version, offer.key, blob, offer.size, offer.sha256)
        entry = Entry(*words, created=now, used=now)

        def kept(there: Shelf) -> Shelf:
            if not shelf.is_announced(there, blob):
                return there
            return shelf.keep(there, entry, self.room, now, moving=offer.moving, slot=offer.slot)

        self._change(place.shelf, kept)

    def sweep(self, found: Shelf) -> None:
        """Remove what nobody may need any more; done twice, or by two at once, it is the same."""
        now = self.clock.now()
        # Read anew: a list of what is due may show a shelf as it was before an upload was kept.
        blobs = shelf.overdue(self._shelf(found.id), now)
        for blob in blobs:
            self.blobs.delete(blob)
        self._change(found.id, lambda there: shelf.unused(shelf.removed(there, blobs), now))

    def _build(self, attempt_id: str, token: str) -> Build:
        job = self.attempts.authorised(attempt_id, token)
        build = self.store.get(Build, job.build)
        if build is None:
            raise LookupError(f"job {job.id} has no build")
        return build

    def _shelf(self, id: str) -> Shelf:
        return self.store.get(Shelf, id) or Shelf(id)

    def _change(self, id: str, change: Callable[[Shelf], Shelf]) -> None:
        for _ in range(WRITES):
            before = self._shelf(id)
            after = change(before)
            try:
                if after != before:
                    self.store.save(after)
            except Conflict:
                continue
            return
        raise Conflict(f"shelf {id} is written too often")

    def _quietly(
        self, id: str, entry: Entry, change: Callable[[Shelf, Entry, float], Shelf]
    ) -> None:
        """Once; where another writes meanwhile, it is no loss."""
        before = self._shelf(id)
        after = change(before, entry, self.clock.now())
        try:
            if after != before:
                self.store.save(after)
        except Conflict:
            return


def _check(*texts: str) -> None:
    if len(texts) > FALLBACKS + 2 or any(len(text) > TEXT for text in texts):
        raise UserError(f"a cache's key has at most {TEXT} characters, and {FALLBACKS} fallbacks")


def _blob(attempt_id: str, offer: CacheOffer) -> str:
    """Of this attempt and key alone, so that no two entries share one."""
    words = f"{offer.version}\n{offer.key}\n{offer.sha256}"
    return f"caches/{attempt_id}/{hashlib.sha256(words.encode()).hexdigest()[:32]}"
