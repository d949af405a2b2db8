"""What is not kept any longer: old builds with their files, deliveries, and what was counted."""

from __future__ import annotations

import logging
import shutil
import sqlite3
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from dishwasher.core import retention
from dishwasher.core.build import Build, build_group
from dishwasher.core.delivery import GIVE_UP_AFTER
from dishwasher.core.history import Entry
from dishwasher.core.job import Job
from dishwasher.core.pull import Pull
from dishwasher.core.report import Report, pull_key
from dishwasher.core.retention import DAY, Keep, Stock
from dishwasher.local.database import Database
from dishwasher.local.deleted import GRACE, Deleted
from dishwasher.local.stock import Stocktaking
from dishwasher.ports import Clock

_log = logging.getLogger(__name__)

BATCH = 200
"""Rows or builds that are removed in one transaction, so that nobody waits for long."""
PAGES = 1000
"""Of the file that are given back in one step: 4 MB."""
LEAST_DAYS = GIVE_UP_AFTER / DAY + 1
"""A delivery is known for as long as GitHub may repeat it, whatever the setting."""
DELIVERIES = """
DELETE FROM rows WHERE rowid IN (SELECT rowid FROM rows
    WHERE kind = 'delivery' AND due = 0 AND json_extract(body, '$.received') < ? LIMIT ?)
"""
COUNTED = """
DELETE FROM rows WHERE rowid IN (SELECT rowid FROM rows
    WHERE kind = 'tally' AND due > 0 AND due < ? LIMIT ?)
"""
CLOSED = "SELECT id FROM rows WHERE kind = 'pull' AND due > 0 AND due < ? ORDER BY due LIMIT ?"
PLACE = """
SELECT json_extract(body, '$.event.repository.id'), json_extract(body, '$.event.sha')
FROM rows WHERE kind = 'build' AND id = ?
"""
LEFT = "SELECT 1 FROM rows WHERE kind = 'build' AND grp = ? AND grp <> '' LIMIT 1"
REMOVE = "DELETE FROM rows WHERE kind = ? AND id = ?"
REMOVE_GROUP = "DELETE FROM rows WHERE kind = ? AND grp = ? AND grp <> ''"
REMOVE_STOCK = "DELETE FROM stock WHERE entry = ?"


class Retention:
    """One round removes what is overdue; ended in the middle, the next one goes on there.

    It costs what has changed since the last round and what it removes, however much is kept.
    """

    def __init__(self, database: Database, blobs: Path, clock: Clock, keep: Keep) -> None:
        self._database = database
        self._stocks = Stocktaking(database, blobs)
        self._deleted = Deleted(database, blobs)
        self._clock = clock
        self._keep = keep

    def __call__(self) -> None:
        now = self._clock.now()
        for repository in self._deleted.before(now - GRACE):
            self._remove(self._deleted.builds(repository))
            self._deleted.forget(repository)
        self._stocks.measure()
        horizon = self._keep.horizon(now)
        old = self._remove(retention.aged(self._stocks.before(horizon)))
        files, total = self._stocks.with_files(), self._stocks.total()
        many = self._remove(retention.surplus(files, total, self._keep))
        forgotten = self._forget(now, horizon)
        if old or many or forgotten:
            text = "removed %d builds with %d bytes of files, forgot %d deliveries"
            freed = sum(one.bytes for one in (*old, *many))
            _log.info(text, len(old) + len(many), freed, forgotten)
        self._give_back()

    def _remove(self, stocks: Iterable[Stock]) -> list[Stock]:
        removed: list[Stock] = []
        left = iter(stocks)
        while batch := list(islice(left, BATCH)):
            # Files first: a row is what leads to them.
            for one in batch:
                for folder in self._stocks.folders(one.build):
                    shutil.rmtree(folder, ignore_errors=True)
            with self._database.writing(durable=False) as connection:
                for one in batch:
                    _remove(connection, one)
            removed += batch
        return removed

    def _forget(self, now: float, horizon: float) -> int:
        """Answers how many deliveries."""
        self._some(COUNTED, now)
        if not horizon:
            return 0
        self._forget_pulls(horizon)
        return self._some(DELIVERIES, min(horizon, now - LEAST_DAYS * DAY))

    def _some(self, query: str, before: float) -> int:
        """Remove all that the query finds, a few at a time."""
        total = 0
        while True:
            with self._database.writing(durable=False) as connection:
                count = connection.execute(query, (before, BATCH)).rowcount
            total += count
            if count < BATCH:
                return total

    def _forget_pulls(self, before: float) -> None:
        """Pull requests that were closed; one that is opened again is found out about anew."""
        while True:
            with self._database.writing(durable=False) as connection:
                ids = [id for (id,) in connection.execute(CLOSED, (before, BATCH))]
                for id in ids:
                    repository, _, number = id.partition("/")
                    connection.execute(REMOVE, (Pull.KIND, id))
                    connection.execute(
                        REMOVE, (Report.KIND, pull_key(int(repository), int(number)))
                    )
            if len(ids) < BATCH:
                return

    def _give_back(self) -> None:
        """Cut free pages off the file, a few at a time: SQLite itself only uses them again."""
        while self._free() >= PAGES and self._database.shrink(PAGES):
            pass

    def _free(self) -> int:
        with self._database.reading() as connection:
            return int(connection.execute("PRAGMA freelist_count").fetchone()[0])


def _remove(connection: sqlite3.Connection, stock: Stock) -> None:
    place = connection.execute(PLACE, (stock.build,)).fetchone()
    connection.execute(REMOVE_GROUP, (Job.KIND, stock.build))
    connection.execute(REMOVE, (Build.KIND, stock.build))
    connection.execute(REMOVE, (Entry.KIND, stock.entry))
    connection.execute(REMOVE_STOCK, (stock.entry,))
    group = build_group(*place) if place else ""
    if group and connection.execute(LEFT, (group,)).fetchone() is None:
        connection.execute(REMOVE, (Report.KIND, group))
