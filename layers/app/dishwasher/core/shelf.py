"""The caches of one repository: who may restore which, who may store where, and what must go."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import ClassVar

from dishwasher.core.build import Build

ENTRIES = 200
"""Caches on one shelf, which is one record: at some 400 bytes each far below DynamoDB's 400 KB.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
"""
ANNOUNCED_SECONDS = 2 * 3600.0
"""After this an upload that was announced and never kept is removed; its URL holds for an hour."""
REPLACED_SECONDS = 3600.0
"""After this what was replaced or evicted is removed: a job may still be downloading it, and the
URL of its upload has ended."""
UNUSED_SECONDS = 30 * 24 * 3600.0
"""After this a cache that nobody has restored leaves: a repository at rest takes no room."""
USED_SECONDS = 3600.0
"""A cache that was used again within this is not written down again."""


class Side(StrEnum):
    """Whose commits made the caches of a shelf; strangers' fill, and push out, only their own."""

    TEAM = "team"
    STRANGERS = "strangers"


@dataclass(frozen=True, slots=True)
class Place:
    """A shelf and the part of it that belongs to one branch, tag or pull request."""

    shelf: str
    """Id of the shelf."""
    ref: str


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a build stores caches, and where else it looks for them, in order."""

    own: Place
    others: tuple[Place, ...]

    @property
    def places(self) -> tuple[Place, ...]:
        return (self.own, *self.others)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a job looks for: `version` says which folders a cache holds, and must be the same."""

    version: str
    key: str
    fallbacks: tuple[str, ...] = ()
    """Beginnings of other keys, in order."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One stored cache."""

    ref: str
    version: str
    key: str
    blob: str
    size: int
    sha256: str
    created: float
    used: float

    def fits(self, ref: str, version: str) -> bool:
        return self.ref == ref and self.version == version


@dataclass(frozen=True, slots=True)
class Leaving:
    """A blob that is removed at `due`: announced and not kept, replaced, or evicted."""

    blob: str
    size: int
    due: float


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes that caches may take."""

    one: int = 1024**3
    shelf: int = 5 * 1024**3


@dataclass(frozen=True, slots=True)
class Shelf:
    """All caches of one repository and side, in one record: no two writers can both be first."""

    KIND: ClassVar[str] = "shelf"

    id: str
    entries: tuple[Entry, ...] = ()
    leavings: tuple[Leaving, ...] = ()
    version: int = 0

    @property
    def group(self) -> str:
        return ""

    @property
    def due(self) -> float:
        ends = [one.due for one in self.leavings]
        return min((*ends, *(one.used + UNUSED_SECONDS for one in self.entries)), default=0.0)


def reach(build: Build) -> Reach:
    """The places of a build, from its event and from GitHub, never from its configuration.

    What the default branch restores only a push to it can have stored: a pull request whose head
    is that branch stores as itself.
    """
    event, request = build.event, build.event.pull_request
    repository = event.repository
    team = f"{repository.id}/{Side.TEAM}"
    default = Place(team, f"branch {repository.default_branch}")
    base = (Place(team, f"branch {request.base_ref}"),) if request else ()
    if not build.is_trusted:
        which = f"pull {request.number}" if request else f"commit {event.sha}"
        own = Place(f"{repository.id}/{Side.STRANGERS}", which)
    elif request is not None and event.branch in ("", repository.default_branch):
        own = Place(team, f"pull {request.number}")
    elif event.branch:
        own = Place(team, f"branch {event.branch}")
    else:
        own = Place(team, f"tag {event.tag}" if event.tag else f"commit {event.sha}")
    others = dict.fromkeys((*base, default))
    return Reach(own, tuple(place for place in others if place != own))


def find(places: Iterable[tuple[str, Shelf]], wanted: Wanted) -> tuple[Shelf, Entry] | None:
    """The cache with exactly this key, or else the newest whose key begins with a fallback.

    `places` are refs and their shelves; the earlier ones come first for each key.
    """
    there = [
        (shelf, entry)
        for ref, shelf in places
        for entry in sorted(shelf.entries, key=lambda one: -one.created)
        if entry.fits(ref, wanted.version)
    ]
    for shelf, entry in there:
        if entry.key == wanted.key:
            return shelf, entry
    for beginning in wanted.fallbacks:
        for shelf, entry in there:
            if entry.key.startswith(beginning):
                return shelf, entry
    return None


def holds(shelf: Shelf, ref: str, wanted: Wanted) -> Entry | None:
    """The cache with exactly this key in one place."""
    for entry in shelf.entries:
        if entry.fits(ref, wanted.version) and entry.key == wanted.key:
            return entry
    return None


def use(shelf: Shelf, entry: Entry, now: float) -> Shelf:
    """It was restored: what is used stays longer."""
    if entry not in shelf.entries or now < entry.used + USED_SECONDS:
        return shelf
    used = (replace(one, used=now) if one == entry else one for one in shelf.entries)
    return replace(shelf, entries=tuple(used))


def drop(shelf: Shelf, entry: Entry, now: float) -> Shelf:
    """Its blob is gone or is not what was stored; whatever is there is removed."""
    after = replace(shelf, entries=tuple(one for one in shelf.entries if one.blob != entry.blob))
    if after == shelf:
        return shelf
    leaving = Leaving(entry.blob, entry.size, now + REPLACED_SECONDS)
    return replace(after, leavings=(*shelf.leavings, leaving))


def announce(shelf: Shelf, blob: str, size: int, room: Room, now: float) -> Shelf | None:
    """Written down before anything is uploaded; None where too much is under way already."""
    others = tuple(one for one in shelf.leavings if one.blob != blob)
    if size > room.one or sum(one.size for one in others) + size > 2 * room.shelf:
        return None
    if len(others) >= ENTRIES:
        return None
    return replace(shelf, leavings=(*others, Leaving(blob, size, now + ANNOUNCED_SECONDS)))


def keep(
    shelf: Shelf, entry: Entry, room: Room, now: float, *, moving: bool, slot: str = ""
) -> Shelf:
    """The announced upload is complete. Of one key the first stays, or the last where it moves.

    Others of its slot leave, and what was used longest ago until the rest fits.
    """
    wanted = Wanted(entry.version, entry.key)
    there = holds(shelf, entry.ref, wanted)
    leavings = [one for one in shelf.leavings if one.blob != entry.blob]
    if there is not None and there.blob == entry.blob:
        return replace(shelf, leavings=tuple(leavings))
    if there is not None and not moving:
        # Removed as announced, when its URL has ended: a PUT that is late may bring it once more.
        return shelf
    gone = [one for one in shelf.entries if one == there or _shares(one, entry, slot)]
    entries = [one for one in shelf.entries if one not in gone]
    entries.sort(key=lambda one: one.used)
    while entries and (
        len(entries) >= ENTRIES or sum(one.size for one in entries) + entry.size > room.shelf
    ):
        gone.append(entries.pop(0))
    leavings += (Leaving(one.blob, one.size, now + REPLACED_SECONDS) for one in gone)
    return replace(shelf, entries=(*entries, entry), leavings=tuple(leavings))


def _shares(one: Entry, other: Entry, slot: str) -> bool:
    keys = (one.key, other.key)
    return bool(slot) and one.fits(other.ref, other.version) and _begin(keys, slot)


def _begin(keys: Iterable[str], text: str) -> bool:
    return all(key.startswith(text) for key in keys)


def is_announced(shelf: Shelf, blob: str) -> bool:
    return any(one.blob == blob for one in shelf.leavings)


def overdue(shelf: Shelf, now: float) -> tuple[str, ...]:
    """Blobs that nobody may need any more."""
    return tuple(one.blob for one in shelf.leavings if one.due <= now)


def unused(shelf: Shelf, now: float) -> Shelf:
    """Without what nobody has restored for long, as if it had been evicted."""
    gone = tuple(one for one in shelf.entries if one.used + UNUSED_SECONDS <= now)
    kept = tuple(one for one in shelf.entries if one not in gone)
    leavings = (Leaving(one.blob, one.size, now + REPLACED_SECONDS) for one in gone)
    return replace(shelf, entries=kept, leavings=(*shelf.leavings, *leavings)) if gone else shelf


def removed(shelf: Shelf, blobs: tuple[str, ...]) -> Shelf:
    return replace(shelf, leavings=tuple(one for one in shelf.leavings if one.blob not in blobs))
