"""The one SQLite file of the embedded mode: its schema, its connections and its write lock."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dishwasher.errors import Conflict, InfraError
from dishwasher.local.schema import migrate
from dishwasher.local.shared_sync import SharedSync, rewrite, sync

FILE = "dishwasher.sqlite3"
LOG = f"{FILE}-wal"
"""What was written since the last checkpoint: https://www.sqlite.org/wal.html"""
BUSY_SECONDS = 5.0
"""How long to wait for another process that writes; this process's threads wait for a lock."""
READER_CACHE_KIB = 512
"""SQLite's default is 2 MiB for each connection: https://www.sqlite.org/pragma.html#pragma_cache_size"""


class Database:
    """Connections to the file in `folder`, for the threads of one process.

    Writes go one at a time: waiting for a lock costs nothing, SQLite's busy handler sleeps and
    polls. Reads run beside them (WAL), each on a connection that no other thread uses meanwhile.

    The disk is waited for when the lock is free again, and by all who wait at once: with the lock
    in hand (`synchronous=FULL`), a burst of deliveries would be stored one sync at a time.
    """

    def __init__(
        self,
        folder: Path,
        busy_seconds: float = BUSY_SECONDS,
        sync: Callable[[Path], None] = sync,
        rewrite: Callable[[Path], None] = rewrite,
    ) -> None:
        self.path = folder / FILE
        self._log = folder / LOG
        self._log_sync, self._log_rewrite = sync, rewrite
        self._durable = SharedSync(self._keep_log)
        self._is_doubtful = False
        self._busy_seconds = busy_seconds
        self._write = threading.Lock()
        self._pool = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._closed = False
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _make(self.path)
            with _alone_in(folder):
                self._writer = self._opened()
        except OSError as error:
            raise InfraError(
                f"can not use the data folder {folder}: {error.strerror or error}; choose another "
                "with --data or DISHWASHER_DATA"
            ) from error

    @contextmanager
    def writing(self, *, durable: bool) -> Iterator[sqlite3.Connection]:
        """A transaction that commits at the end, or rolls back when anything is raised.

        A durable one survives a power failure from its end on (rule 4: the intent before the
        effect), and so does that whose Conflict it is told. Of others the last moments may be lost
        without harm to the file: right for bells, which may be lost (rule 1).
        """
        try:
            with self._transaction() as connection:
                yield connection
        except Conflict:
            if durable:
                self._sync()
            raise
        if durable:
            self._sync()

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
            (before,) = self._writer.execute("PRAGMA page_count").fetchone()
            self._writer.execute(f"PRAGMA incremental_vacuum({int(pages)})").fetchall()
            (after,) = self._writer.execute("PRAGMA page_count").fetchone()
            # The file itself gets shorter when the log of changes is written back to it.
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            return int(after) < int(before)

    def close(self) -> None:
        """Let go of the file; transactions under way end first. Harmless when repeated."""
        with self._write, self._pool:
            self._closed = True
            for connection in (self._writer, *self._idle):
                connection.close()
            self._idle.clear()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._write, self._faults():
            if self._closed:
                raise InfraError(f"the database {self.path} is closed")
            connection = self._writer
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                # Some errors (a full disk) have rolled back already.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def _sync(self) -> None:
        try:
            self._durable()
        except OSError as error:
            raise InfraError(f"the database {self.path} failed: {error}") from error

    def _keep_log(self) -> None:
        """Have the disk keep the log; what it did not take before is handed to it once more.

        Without that, whatever is appended stands behind a gap, where nobody finds it again.
        """
        if self._is_doubtful:
            # Other processes write beside this one, and may begin the log anew.
            with self._transaction():
                self._log_rewrite(self._log)
        self._is_doubtful = True
        self._log_sync(self._log)
        # It goes with the last connection, which has written it back; ours is open until the end.
        if not self._log.exists() and not self._closed:
            raise OSError(f"somebody has removed {self._log.name}; start anew")
        self._is_doubtful = False

    def _opened(self) -> sqlite3.Connection:
        """The connection for writing; it brings the file up to date."""
        connection = self._connect()
        try:
            with self._faults():
                migrate(connection, self.path)
            _keep_names(self.path.parent)
        except BaseException:
            connection.close()
            raise
        return connection

    def _connect(self) -> sqlite3.Connection:
        with self._faults():
            connection = sqlite3.connect(
                self.path, timeout=self._busy_seconds, isolation_level=None, check_same_thread=False
            )
            try:
                connection.execute("PRAGMA journal_mode=WAL")
                # SQLite itself syncs around checkpoints only, which keeps the file whole.
                connection.execute("PRAGMA synchronous=NORMAL")
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
        connection = self._connect()
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


def _make(path: Path) -> None:
    """The file, for its owner alone: SQLite gives its -wal and -shm files the same mode.

    One that is there is not opened: to close it would end the locks that this process has on it,
    and another process would take itself for the last one and remove the log.
    https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    path.chmod(0o600)


def _keep_names(folder: Path) -> None:
    """The log is there from the first read on, and a power failure must not take its name away."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


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
