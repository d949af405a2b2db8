"""The Store port over SQLite."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from typing import TypeVar

from dishwasher.core.codec import decode, encode
from dishwasher.errors import Conflict, InfraError
from dishwasher.local.database import Database, to_column
from dishwasher.ports import Record

R = TypeVar("R", bound=Record)

_log = logging.getLogger(__name__)

GET = "SELECT id, body FROM rows WHERE kind = ? AND id = ?"
GROUP = "SELECT id, body FROM rows WHERE kind = ? AND grp = ? AND grp <> '' ORDER BY id"
LATEST = (
    "SELECT id, body FROM rows WHERE kind = ? AND grp = ? AND grp <> '' AND id < ? "
    "ORDER BY id DESC LIMIT ?"
)
AFTER_ALL = b"\xff" * 8
"""SQLite sorts every text below any blob: https://www.sqlite.org/datatype3.html#comparisons"""
NO_LIMIT = -1
"""https://www.sqlite.org/lang_select.html#the_limit_clause: rows are read as they are needed."""
DUE = "SELECT id, body FROM rows WHERE kind = ? AND due > 0 AND due <= ? ORDER BY due, id LIMIT ?"
INSERT = (
    "INSERT INTO rows (kind, id, version, grp, due, body) VALUES (?, ?, 1, ?, ?, ?) "
    "ON CONFLICT DO NOTHING"
)
UPDATE = (
    "UPDATE rows SET version = version + 1, grp = ?, due = ?, body = ? "
    "WHERE kind = ? AND id = ? AND version = ?"
)


class SqliteStore:
    """The table: one row a record, its value as JSON."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, kind: type[R], id: str) -> R | None:
        with self._database.reading() as connection:
            rows = connection.execute(GET, (kind.KIND, to_column(id))).fetchall()
        return next(iter(_records(kind, rows)), None)

    def save(self, *records: Record) -> None:
        # Encoded before the write lock is taken: others need not wait for it.
        bodies = [_body(record) for record in records]
        with self._database.writing(durable=True) as connection:
            for record, body in zip(records, bodies, strict=True):
                _put(connection, record, body)

    def group(self, kind: type[R], group: str) -> tuple[R, ...]:
        with self._database.reading() as connection:
            rows = connection.execute(GROUP, (kind.KIND, to_column(group))).fetchall()
        return tuple(_records(kind, rows))

    def latest(
        self, kind: type[R], group: str, limit: int, before: str | None = None
    ) -> tuple[R, ...]:
        end = AFTER_ALL if before is None else to_column(before)
        with self._database.reading() as connection:
            place = (kind.KIND, to_column(group), end, limit)
            rows = connection.execute(LATEST, place).fetchall()
        return tuple(_records(kind, rows))

    def due(self, kind: type[R], now: float, limit: int) -> tuple[R, ...]:
        found: list[R] = []
        with (
            self._database.reading() as connection,
            closing(connection.execute(DUE, (kind.KIND, now, NO_LIMIT))) as rows,
        ):
            for row in rows:
                if len(found) >= limit:
                    break
                try:
                    found.extend(_records(kind, (row,)))
                except InfraError as error:
                    # A row of a later version, say: it must not hide the others from the reaper.
                    _log.error("%s", error)
        return tuple(found)


def _put(connection: sqlite3.Connection, record: Record, body: str) -> None:
    if record.version == 0:
        values = (record.KIND, to_column(record.id), to_column(record.group), record.due, body)
        cursor = connection.execute(INSERT, values)
    else:
        place = (record.KIND, to_column(record.id), record.version)
        cursor = connection.execute(UPDATE, (to_column(record.group), record.due, body, *place))
    if cursor.rowcount != 1:
        raise Conflict(f"{record.KIND} {record.id} is not at version {record.version} any more")


def _body(record: Record) -> str:
    # ASCII, so that any text of Python's can be stored, half a surrogate pair too.
    return json.dumps({**encode(record), "version": record.version + 1}, separators=(",", ":"))


def _records(kind: type[R], rows: Iterable[tuple[str | bytes, str]]) -> Iterable[R]:
    for id, body in rows:
        try:
            yield decode(kind, json.loads(body))
        except ValueError as error:
            raise InfraError(f"the stored {kind.KIND} {id!r} can not be read: {error}") from error
