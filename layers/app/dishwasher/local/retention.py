"""What is not kept any longer: old builds with their files, and old deliveries."""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dishwasher.core import retention
from dishwasher.core.build import Build, build_group
from dishwasher.core.delivery import GIVE_UP_AFTER
from dishwasher.core.history import Entry
from dishwasher.core.job import Job
from dishwasher.core.report import Report
from dishwasher.core.retention import DAY, Keep, Stock
from dishwasher.local.database import Database
from dishwasher.ports import Clock

_log = logging.getLogger(__name__)

ATTEMPTS = "attempts"
"""The folder of blobs in which each attempt has one: its log, artifacts and result."""
BATCH = 200
"""Builds that are removed in one transaction, so that nobody waits for long."""
PAGES = 1000
"""Of the file that are given back in one step: 4 MB."""
LEAST_DAYS = GIVE_UP_AFTER / DAY + 1
"""A delivery is known for as long as GitHub may repeat it, whatever the setting."""
BUILDS = """
SELECT id, json_extract(body, '$.created'),
    json_extract(body, '$.event.repository.id'), json_extract(body, '$.event.sha'),
    json_extract(body, '$.event.branch') = json_extract(body, '$.event.repository.default_branch')
        AND json_extract(body, '$.event.kind') = 'push',
    json_extract(body, '$.settled') < json_array_length(body, '$.jobs')
        OR EXISTS (SELECT 1 FROM rows AS job
            WHERE job.kind = 'job' AND job.grp = rows.id AND job.grp <> '' AND job.due > 0)
FROM rows WHERE kind = 'build'
"""
DELIVERIES = """
DELETE FROM rows WHERE kind = 'delivery' AND due = 0
    AND json_extract(body, '$.received') < ?
"""
LEFT = "SELECT 1 FROM rows WHERE kind = 'build' AND grp = ? AND grp <> '' LIMIT 1"
REMOVE = "DELETE FROM rows WHERE kind = ? AND id = ?"
REMOVE_GROUP = "DELETE FROM rows WHERE kind = ? AND grp = ? AND grp <> ''"


@dataclass(frozen=True, slots=True)
class _Row:
    stock: Stock
    repository: int
    sha: str


class Retention:
    """One round removes what is overdue; ended in the middle, the next one goes on there."""

    def __init__(self, database: Database, blobs: Path, clock: Clock, keep: Keep) -> None:
        self._database = database
        self._attempts = blobs / ATTEMPTS
        self._clock = clock
        self._keep = keep

    def __call__(self) -> None:
        now = self._clock.now()
        rows = {row.stock.build: row for row in self._rows()}
        ids = retention.overdue((row.stock for row in rows.values()), now, self._keep)
        for at in range(0, len(ids), BATCH):
            batch = [rows[id] for id in ids[at : at + BATCH]]
            # Files first: a row is what leads to them.
            for row in batch:
                self._remove_files(row.stock.build)
            with self._database.writing(durable=False) as connection:
                for row in batch:
                    _remove(connection, row)
        forgotten = self._forget_deliveries(now)
        if ids or forgotten:
            freed = sum(rows[id].stock.bytes for id in ids)
            text = "removed %d builds with %d bytes of files, forgot %d deliveries"
            _log.info(text, len(ids), freed, forgotten)
        self._give_back()

    def _rows(self) -> Iterator[_Row]:
        sizes = self._sizes()
        with self._database.reading() as connection:
            found = connection.execute(BUILDS).fetchall()
        for id, created, repository, sha, home, busy in found:
            place = str(repository) if home else ""
            stock = Stock(id, created, sizes.get(id, 0), bool(busy), place)
            yield _Row(stock, repository, sha)

    def _sizes(self) -> dict[str, int]:
        """Bytes on the disk by build."""
        found: dict[str, int] = {}
        if self._attempts.is_dir():
            for path in self._attempts.iterdir():
                build = path.name.rpartition("-")[0]
                found[build] = found.get(build, 0) + sum(_blocks(path))
        return found

    def _remove_files(self, build: str) -> None:
        for path in self._attempts.glob(f"{build}-*"):
            shutil.rmtree(path, ignore_errors=True)

    def _forget_deliveries(self, now: float) -> int:
        if not self._keep.days:
            return 0
        before = now - max(self._keep.days, LEAST_DAYS) * DAY
        with self._database.writing(durable=False) as connection:
            return connection.execute(DELIVERIES, (before,)).rowcount

    def _give_back(self) -> None:
        """Cut free pages off the file, a few at a time: SQLite itself only uses them again."""
        while self._free() >= PAGES and self._database.shrink(PAGES):
            pass

    def _free(self) -> int:
        with self._database.reading() as connection:
            return int(connection.execute("PRAGMA freelist_count").fetchone()[0])


def _remove(connection: sqlite3.Connection, row: _Row) -> None:
    build = row.stock.build
    connection.execute(REMOVE_GROUP, (Job.KIND, build))
    connection.execute(REMOVE, (Build.KIND, build))
    # As `core.history.entry_id` makes it.
    connection.execute(REMOVE, (Entry.KIND, f"{int(row.stock.created * 1000):014d}.{build}"))
    group = build_group(row.repository, row.sha)
    if connection.execute(LEFT, (group,)).fetchone() is None:
        connection.execute(REMOVE, (Report.KIND, group))


def _blocks(path: Path) -> Iterator[int]:
    """What files take on the disk; a runner may write meanwhile."""
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    yield from _blocks(Path(entry.path))
                else:
                    yield entry.stat(follow_symlinks=False).st_blocks * 512
    except OSError:
        return
