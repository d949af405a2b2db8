"""What is stored of repositories that were deleted on GitHub: all of it, some days later."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from dishwasher.core.access import Right
from dishwasher.core.codec import decode
from dishwasher.core.heads import Looked
from dishwasher.core.history import Entry, history_group
from dishwasher.core.home import Home
from dishwasher.core.place import Place
from dishwasher.core.retention import DAY, Stock
from dishwasher.core.shelf import Shelf
from dishwasher.core.timetable import Timetable
from dishwasher.local.database import Database
from dishwasher.local.keys import path_of

GRACE = 7 * DAY
"""Seconds in which somebody may notice that it was a mistake, and have GitHub restore it.

https://docs.github.com/en/repositories/creating-and-managing-repositories/restoring-a-deleted-repository
"""
DELETED = """
SELECT id FROM rows WHERE kind = ? AND json_extract(body, '$.right') = ?
    AND json_extract(body, '$.since') BETWEEN 1 AND ? ORDER BY id
"""
ENTRIES = "SELECT id FROM rows WHERE kind = ? AND grp = ? AND grp <> '' ORDER BY id"
SHELVES = "SELECT body FROM rows WHERE kind = ? AND id >= ? AND id < ?"
OWN = "DELETE FROM rows WHERE kind = ? AND id = ?"
BELOW = "DELETE FROM rows WHERE kind = ? AND id >= ? AND id < ?"
SECRETS = "DELETE FROM secrets WHERE repository = ?"

BY_ID = (Timetable.KIND, Looked.KIND, Home.KIND)
BY_PREFIX = (Shelf.KIND, "environment", "pull", "report", "tally")
"""Kinds whose ids begin with the repository's and a slash."""


class Deleted:
    """Repositories whose end GitHub told long enough ago; that it was told is kept for ever."""

    def __init__(self, database: Database, blobs: Path) -> None:
        self._database = database
        self._blobs = blobs

    def before(self, time: float) -> tuple[str, ...]:
        """Ids of those that were deleted before that time, in seconds since the epoch."""
        with self._database.reading() as connection:
            found = connection.execute(DELETED, (Place.KIND, Right.DELETED.value, time)).fetchall()
        return tuple(id for (id,) in found)

    def builds(self, repository: str) -> Iterator[Stock]:
        """All that are left of it, to be removed."""
        group = history_group(int(repository))
        with self._database.reading() as connection:
            found = connection.execute(ENTRIES, (Entry.KIND, group)).fetchall()
        return (Stock(id, 0, busy=False) for (id,) in found)

    def forget(self, repository: str) -> None:
        """Everything else that has its id: caches, secrets, schedules, environments."""
        # "0" comes after "/": all that begin with the id and a slash.
        below = (f"{repository}/", f"{repository}0")
        self._remove_caches(below)
        with self._database.writing(durable=False) as connection:
            for kind in BY_ID:
                connection.execute(OWN, (kind, repository))
            for kind in BY_PREFIX:
                connection.execute(BELOW, (kind, *below))
            connection.execute(SECRETS, (int(repository),))

    def _remove_caches(self, below: tuple[str, str]) -> None:
        with self._database.reading() as connection:
            found = connection.execute(SHELVES, (Shelf.KIND, *below)).fetchall()
        for (body,) in found:
            shelf = decode(Shelf, json.loads(body))
            for blob in (
                *(one.blob for one in shelf.entries),
                *(one.blob for one in shelf.leavings),
            ):
                shutil.rmtree(self._blobs.joinpath(*path_of(blob)[:-1]), ignore_errors=True)
