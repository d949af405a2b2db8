"""The one SQLite file of the embedded mode: its schema, its connections and its write lock."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dishwasher.errors import InfraError

FILE = "dishwasher.sqlite3"
BUSY_SECONDS = 5.0
"""How long to wait for another process that writes; this process's threads wait for a lock."""
INCREMENTAL = 2
"""Free pages are cut off when asked for: https://www.sqlite.org/pragma.html#pragma_auto_vacuum"""
READER_CACHE_KIB = 512
"""SQLite's default is 2 MiB for each connection: https://www.sqlite.org/pragma.html#pragma_cache_size"""

MIGRATIONS = (
    """
    CREATE TABLE rows (
        kind TEXT NOT NULL,
        id TEXT NOT NULL,
        version INTEGER NOT NULL,
        grp TEXT NOT NULL,
        due REAL NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (kind, id)
    );
    CREATE INDEX rows_by_group ON rows (kind, grp, id) WHERE grp <> '';
    CREATE INDEX rows_by_due ON rows (kind, due, id) WHERE due > 0;
    CREATE TABLE messages (
        topic TEXT NOT NULL,
        key TEXT NOT NULL,
        visible_at REAL NOT NULL,
        holder TEXT NOT NULL,
        again REAL,
        PRIMARY KEY (topic, key)
    ) WITHOUT ROWID;
    CREATE INDEX messages_by_time ON messages (topic, visible_at, key);
    """,
    """
    CREATE TABLE secrets (
        repository INTEGER NOT NULL,
        environment TEXT NOT NULL,
        store TEXT NOT NULL,
        name TEXT NOT NULL,
        body TEXT NOT NULL,
        sealed BLOB NOT NULL,
        used_at REAL NOT NULL,
        PRIMARY KEY (repository, environment, store, name)
    ) WITHOUT ROWID;
    """,
    """
    CREATE TABLE stock (
        entry TEXT PRIMARY KEY,
        home INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        stirred INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX stock_by_home ON stock (home, entry) WHERE home > 0;
    CREATE INDEX stock_with_files ON stock (entry, bytes) WHERE bytes > 0;
    CREATE INDEX stock_stirred ON stock (entry) WHERE stirred > 0;
    CREATE TRIGGER entry_begun AFTER INSERT ON rows WHEN NEW.kind = 'entry' BEGIN
        INSERT INTO stock VALUES (NEW.id, 0, 0, NEW.version);
    END;
    CREATE TRIGGER entry_changed AFTER UPDATE ON rows WHEN NEW.kind = 'entry' BEGIN
        UPDATE stock SET stirred = NEW.version WHERE entry = NEW.id;
    END;
    INSERT INTO stock SELECT id, 0, 0, version FROM rows WHERE kind = 'entry';
    CREATE INDEX rows_by_reception ON rows (kind, json_extract(body, '$.received'))
        WHERE kind = 'delivery' AND due = 0;
    DELETE FROM rows WHERE kind = 'tally';
    UPDATE rows SET due = CAST(strftime('%s', 'now') AS REAL),
            body = json_set(body, '$.due', CAST(strftime('%s', 'now') AS REAL))
        WHERE kind = 'pull' AND json_extract(body, '$.is_open') = 0;
    """,
)
"""Script n brings a file of `user_version` n to n + 1; scripts are added, never changed."""


class Database:
    """Connections to the file in `folder`, for the threads of one process.

    Writes go one at a time: waiting for a lock costs nothing, SQLite's busy handler sleeps and
    polls. Reads run beside them (WAL), each on a connection that no other thread uses meanwhile.
    """

    def __init__(self, folder: Path, busy_seconds: float = BUSY_SECONDS) -> None:
        self.path = folder / FILE
        self._busy_seconds = busy_seconds
        self._write = threading.Lock()
        self._pool = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._closed = False
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # SQLite gives its -wal and -shm files the mode of the database file.
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self.path.chmod(0o600)
            with _alone_in(folder):
                self._durable, self._quick = self._opened()
        except OSError as error:
            raise InfraError(
                f"can not use the data folder {folder}: {error.strerror or error}; choose another "
                "with --data or DISHWASHER_DATA"
            ) from error

    @contextmanager
    def writing(self, *, durable: bool) -> Iterator[sqlite3.Connection]:
        """A transaction that commits at the end, or rolls back when anything is raised."""
        with self._write, self._faults():
            if self._closed:
                raise InfraError(f"the database {self.path} is closed")
            connection = self._durable if durable else self._quick
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                # Some errors (a full disk) have rolled back already.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection of one's own; each statement sees everything committed before it."""
        with self._faults():
            connection = self._borrow()
            try:
                yield connection
            finally:
                self._give_back(connection)

    def shrink(self, pages: int) -> bool:
        """Cut that many free pages off the file; False where there was nothing to cut."""
        with self._write, self._faults():
            if self._closed:
                raise InfraError(f"the database {self.path} is closed")
            (before,) = self._quick.execute("PRAGMA page_count").fetchone()
            self._quick.execute(f"PRAGMA incremental_vacuum({int(pages)})").fetchall()
            (after,) = self._quick.execute("PRAGMA page_count").fetchone()
            # The file itself gets shorter when the log of changes is written back to it.
            self._quick.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            return int(after) < int(before)

    def close(self) -> None:
        """Let go of the file; transactions under way end first. Harmless when repeated."""
        with self._write, self._pool:
            self._closed = True
            for connection in (self._durable, self._quick, *self._idle):
                connection.close()
            self._idle.clear()

    def _opened(self) -> tuple[sqlite3.Connection, sqlite3.Connection]:
        """The connections for writing; the first one brings the file up to date."""
        # FULL: what was saved survives a power failure (rule 4: the intent before the effect).
        durable = self._connect("FULL")
        try:
            with self._faults():
                _migrate(durable, self.path)
            # NORMAL: survives the death of the process, and a power failure may lose the last
            # moments without harm to the file: right for bells, which may be lost (rule 1).
            return durable, self._connect("NORMAL")
        except BaseException:
            durable.close()
            raise

    def _connect(self, synchronous: str) -> sqlite3.Connection:
        with self._faults():
            connection = sqlite3.connect(
                self.path, timeout=self._busy_seconds, isolation_level=None, check_same_thread=False
            )
            try:
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute(f"PRAGMA synchronous={synchronous}")
            except BaseException:
                connection.close()
                raise
            return connection

    def _borrow(self) -> sqlite3.Connection:
        with self._pool:
            if self._closed:
                raise InfraError(f"the database {self.path} is closed")
            if self._idle:
                return self._idle.pop()
        connection = self._connect("NORMAL")
        connection.execute(f"PRAGMA cache_size=-{READER_CACHE_KIB}")
        connection.execute("PRAGMA query_only=ON")
        return connection

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._pool:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise InfraError(f"the database {self.path} failed: {error}") from error


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """One process at a time: the first change to WAL fails at once where two begin it together.

    https://www.sqlite.org/wal.html#sometimes_queries_return_sqlite_busy_in_wal_mode
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the file up to date; raises InfraError when it is newer than this program.

    A file of an older schema is copied beforehand: a Dishwasher of then can still read the copy.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        raise InfraError(
            f"{path} was written by a newer Dishwasher (schema {version}, this one "
            f"knows {len(MIGRATIONS)}): update this one or choose another data folder"
        )
    if 0 < version < len(MIGRATIONS):
        _back_up(connection, path.with_name(f"{path.name}.schema-{version}"))
    if connection.execute("PRAGMA auto_vacuum").fetchone() != (INCREMENTAL,):
        # Room of removed rows can go back to the disk; an existing file is rewritten for it once.
        connection.execute(f"PRAGMA auto_vacuum={INCREMENTAL}")
        connection.execute("VACUUM")
    for number, script in enumerate(MIGRATIONS[version:], version + 1):
        connection.executescript(f"BEGIN IMMEDIATE; {script} PRAGMA user_version={number}; COMMIT")


def _back_up(connection: sqlite3.Connection, copy: Path) -> None:
    """Copy the whole file, in one step and for its owner only."""
    draft = copy.with_name(f"{copy.name}.new")
    draft.unlink(missing_ok=True)
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    connection.execute("VACUUM INTO ?", (str(draft),))
    draft.replace(copy)


def to_column(text: str) -> str | bytes:
    """The text as SQLite can hold it: ids come from outside, and half a surrogate is no UTF-8.

    SQLite never takes a blob for equal to a text, so different texts stay different.
    """
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
    return text


def from_column(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("utf-8", "surrogatepass")
