"""What each build takes on the disk, measured when it has changed and remembered from then on.

The table's own triggers note whose line in the list of builds is new or has changed, in the same
transaction: nothing has to go through all builds to find these.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from dishwasher.core.result import added_key, log_key
from dishwasher.core.retention import Stock
from dishwasher.local.database import Database
from dishwasher.local.keys import path_of

PAGE = 200
"""Rows of one look: no reader holds an old state of the file for long."""
BLOCK = 512
"""Bytes of what `stat` calls a block: https://man7.org/linux/man-pages/man3/stat.3type.html"""

STIRRED = "SELECT entry FROM stock WHERE stirred > 0 AND entry > ? ORDER BY entry LIMIT ?"
CHANGED = """
SELECT stock.stirred, json_extract(entry.body, '$.ended') > 0, build.id,
    CASE WHEN json_extract(build.body, '$.event.kind') = 'push' AND
        json_extract(build.body, '$.event.branch') =
            json_extract(build.body, '$.event.repository.default_branch')
    THEN json_extract(build.body, '$.event.repository.id') ELSE 0 END
FROM stock
JOIN rows AS entry ON entry.kind = 'entry' AND entry.id = stock.entry
JOIN rows AS build ON build.kind = 'build' AND build.id = substr(stock.entry, 16)
WHERE stock.entry = ?
"""
"""An entry's id is 14 digits, a point and the build's id, as `core.history.entry_id` makes it."""
ATTEMPTS = """
SELECT id, json_extract(body, '$.attempt') FROM rows
WHERE kind = 'job' AND grp = ? AND grp <> ''
"""
MEASURED = """
UPDATE stock SET home = ?, bytes = ?, stirred = CASE WHEN ? THEN 0 ELSE stirred END
WHERE entry = ? AND stirred = ?
"""
"""Unless it has changed again meanwhile; one that is not over is measured again."""
TOTAL = "SELECT coalesce(sum(bytes), 0) FROM stock WHERE bytes > 0"
FIELDS = """
stock.entry, stock.bytes,
coalesce(json_extract(build.body, '$.settled') < json_array_length(build.body, '$.jobs'), 0)
    OR EXISTS (SELECT 1 FROM rows AS job
        WHERE job.kind = 'job' AND job.grp = build.id AND job.grp <> '' AND job.due > 0),
stock.home > 0 AND NOT EXISTS (SELECT 1 FROM stock AS newer
    WHERE newer.home > 0 AND newer.home = stock.home AND newer.entry > stock.entry)
"""
JOINED = "stock LEFT JOIN rows AS build ON build.kind = 'build' AND build.id = substr(entry, 16)"
BEFORE = f"SELECT {FIELDS} FROM {JOINED} WHERE entry > ? AND entry < ? ORDER BY entry LIMIT ?"
WITH_FILES = f"SELECT {FIELDS} FROM {JOINED} WHERE bytes > 0 AND entry > ? ORDER BY entry LIMIT ?"


class Stocktaking:
    """The builds of a data folder, and which folders are a build's own."""

    def __init__(self, database: Database, blobs: Path) -> None:
        self._database = database
        self._blobs = blobs

    def measure(self) -> None:
        """Look at the files of each build that is new, or has changed since the last time."""
        pages = self._pages(STIRRED, ())
        while entries := list(islice(pages, PAGE)):
            sizes = list(filter(None, (self._measured(entry) for entry, *_ in entries)))
            with self._database.writing(durable=False) as connection:
                connection.executemany(MEASURED, sizes)

    def total(self) -> int:
        """Bytes of all builds."""
        with self._database.reading() as connection:
            return int(connection.execute(TOTAL).fetchone()[0])

    def before(self, time: float) -> Iterator[Stock]:
        """The builds from before that time, the oldest first."""
        return self._stocks(BEFORE, (f"{int(time * 1000):014d}",))

    def with_files(self) -> Iterator[Stock]:
        """Those that take room, the oldest first."""
        return self._stocks(WITH_FILES, ())

    def folders(self, build: str) -> Iterator[Path]:
        """All that are this build's own, whether they are there or not."""
        with self._database.reading() as connection:
            attempts = connection.execute(ATTEMPTS, (build,)).fetchall()
        keys = [log_key(f"{job}.{at}") for job, last in attempts for at in range(1, last + 1)]
        for key in (added_key(build), *keys):
            yield self._blobs.joinpath(*path_of(key)[:-1])

    def _measured(self, entry: str) -> Sequence[str | int] | None:
        """The values of MEASURED; None where the build is gone."""
        with self._database.reading() as connection:
            changed = connection.execute(CHANGED, (entry,)).fetchone()
        if changed is None:
            return None
        stirred, over, build, home = changed
        return home, sum(map(_bytes, self.folders(build))), over, entry, stirred

    def _stocks(self, query: str, values: tuple[str, ...]) -> Iterator[Stock]:
        for entry, size, busy, latest in self._pages(query, values):
            yield Stock(entry, size, bool(busy), bool(latest))

    def _pages(self, query: str, values: tuple[str, ...]) -> Iterator[Sequence[Any]]:
        """Page by page: whoever takes one of these may change the table before the next."""
        last = ""
        while True:
            with self._database.reading() as connection:
                rows = connection.execute(query, (last, *values, PAGE)).fetchall()
            yield from rows
            if len(rows) < PAGE:
                return
            last = rows[-1][0]


def _bytes(folder: Path) -> int:
    """What its files take on the disk; a runner may write meanwhile."""
    total = 0
    try:
        with os.scandir(folder) as found:
            for one in found:
                if one.is_dir(follow_symlinks=False):
                    total += _bytes(Path(one.path))
                else:
                    total += one.stat(follow_symlinks=False).st_blocks * BLOCK
    except OSError:
        return total
    return total
