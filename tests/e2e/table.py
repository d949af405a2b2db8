"""The bot's database as another process sees it: what is stored, and harm done to it."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from dishwasher.local.database import FILE

T = TypeVar("T")
Row = dict[str, Any]

SECONDS = 30.0
LOOK = 0.02
"""Seconds between two looks: SQLite tells no other process that something has changed."""


class Table:
    """Reads for assertions; writes only what a test says has happened to the file."""

    def __init__(self, data: Path) -> None:
        self._path = data / FILE

    @contextlib.contextmanager
    def open(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self._path, timeout=SECONDS, isolation_level=None)
        with contextlib.closing(connection):
            yield connection

    def rows(self, kind: str) -> list[Row]:
        """Every record of a kind, as the JSON that it is stored as."""
        with self.open() as connection:
            found = connection.execute("SELECT body FROM rows WHERE kind = ? ORDER BY id", (kind,))
            return [json.loads(body) for (body,) in found]

    def row(self, kind: str, id: str) -> Row:
        return next(row for row in self.rows(kind) if row["id"] == id)

    def jobs(self, sha: str) -> list[Row]:
        """The jobs of all builds of a commit, in the order of the plan."""
        builds = [row["id"] for row in self.rows("build") if row["event"]["sha"] == sha]
        return [row for row in self.rows("job") if row.get("build") in builds]

    def age(self, kind: str, id: str, **changes: float) -> None:
        """As if time had gone by: set these fields of a record, and its `due` as it is indexed."""
        with self.open() as connection:
            for field, value in changes.items():
                connection.execute(
                    "UPDATE rows SET version = version + 1, body = json_set(body, '$.version',"
                    f" version + 1, '$.{field}', ?) WHERE kind = ? AND id = ?",
                    (value, kind, id),
                )
            if "due" in changes:
                connection.execute(
                    "UPDATE rows SET due = ? WHERE kind = ? AND id = ?", (changes["due"], kind, id)
                )

    def messages(self) -> set[tuple[str, str]]:
        """(topic, key) of every bell that waits."""
        with self.open() as connection:
            return set(connection.execute("SELECT topic, key FROM messages"))

    def ring(self, topic: str, key: str) -> None:
        """A bell that rings now, also if somebody has taken it and is not done."""
        with self.open() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO messages (topic, key, visible_at, holder)"
                " VALUES (?, ?, 0, '')",
                (topic, key),
            )

    def lose_messages(self) -> int:
        with self.open() as connection:
            return connection.execute("DELETE FROM messages").rowcount

    def wait(self, condition: Callable[[], T], what: str, seconds: float = SECONDS) -> T:
        """Wait until the condition is true of the table, and answer its value."""
        deadline = time.monotonic() + seconds
        while not (value := condition()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited {seconds} s for {what}")
            time.sleep(LOOK)
        return value
