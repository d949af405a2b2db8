"""The file: its modes, its life through kills and full disks, its neighbours."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import stat
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from dishwasher.core.deploy import Environment
from dishwasher.errors import Conflict, InfraError
from dishwasher.local.clock import SystemClock
from dishwasher.local.database import FILE, LOG, Database
from dishwasher.local.queue import SqliteQueue
from dishwasher.local.shared_sync import rewrite, sync
from dishwasher.local.store import SqliteStore
from dishwasher.ports import Topic

from tests.local.program import output, running


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_only_its_owner_can_read_it(data: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        database = Database(data)
        SqliteStore(database).save(Environment("7/staging"))
        modes = {path.name: mode(path) for path in data.iterdir()}
        database.close()
    finally:
        os.umask(before)
    assert mode(data) == 0o700
    assert modes == {FILE: 0o600, f"{FILE}-wal": 0o600, f"{FILE}-shm": 0o600}


def test_the_mode_of_a_folder_that_is_there_is_its_owners_business(data: Path) -> None:
    data.mkdir(mode=0o755)
    data.chmod(0o755)
    Database(data).close()
    assert mode(data) == 0o755
    assert mode(data / FILE) == 0o600


def test_a_folder_that_can_not_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(InfraError, match="file/data"):
        Database(tmp_path / "file" / "data")


def test_a_file_that_is_no_database_is_named(data: Path) -> None:
    data.mkdir()
    (data / FILE).write_text("this is not a database " * 100)
    with pytest.raises(InfraError, match=FILE):
        Database(data)


class Disk:
    """Remembers which version was in the log, for all to see, when it was told to keep it."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.database: Database | None = None
        self.kept: list[int] = []
        self.fails = False

    def __call__(self, path: Path) -> None:
        assert path == self.data / f"{FILE}-wal"
        sync(path)
        if self.fails:
            raise OSError("the disk is gone")
        assert self.database is not None
        row = SqliteStore(self.database).get(Environment, "7/staging")
        self.kept.append(row.version if row is not None else 0)


@pytest.fixture
def disk(data: Path) -> Iterator[Disk]:
    disk = Disk(data)
    disk.database = Database(data, sync=disk)
    yield disk
    disk.database.close()


def test_what_is_saved_is_on_the_disk_by_one_sync_each(disk: Disk) -> None:
    assert disk.database is not None
    store = SqliteStore(disk.database)
    for version in range(3):
        store.save(Environment("7/staging", version=version))
        assert disk.kept == list(range(1, version + 2))


def test_a_bell_waits_for_no_disk(disk: Disk) -> None:
    assert disk.database is not None
    queue = SqliteQueue(disk.database, SystemClock())
    queue.ring(Topic.JOBS, "job")
    message = queue.take(Topic.JOBS, 0)
    assert message is not None
    queue.done(message)
    assert disk.kept == []


def test_who_is_told_of_a_conflict_can_rely_on_what_was_first(disk: Disk) -> None:
    assert disk.database is not None
    store = SqliteStore(disk.database)
    store.save(Environment("7/staging"))
    with pytest.raises(Conflict):
        store.save(Environment("7/staging"))
    assert disk.kept == [1, 1]
    with pytest.raises(Conflict), disk.database.writing(durable=False):
        raise Conflict("nothing durable was asked for")
    assert disk.kept == [1, 1]


def test_a_disk_that_fails_is_a_fault(disk: Disk) -> None:
    assert disk.database is not None
    store = SqliteStore(disk.database)
    disk.fails = True
    with pytest.raises(InfraError, match="the disk is gone"):
        store.save(Environment("7/staging"))
    disk.fails = False
    # As after an answer that got lost: it may have been stored.
    row = store.get(Environment, "7/staging")
    assert row is not None
    store.save(row)
    assert disk.kept == [2]


class Kernel:
    """What a power failure leaves of the log: where a sync has failed, the kernel takes what it
    could not write for written, until somebody writes it again."""

    def __init__(self) -> None:
        self.left, self.lost = b"", range(0)
        self.fails = False

    def sync(self, path: Path) -> None:
        now = path.read_bytes()
        if self.fails:
            self.lost = range(len(self.left), len(now))
            raise OSError("the disk is full")
        gap = bytes(len(self.lost))
        self.left = now[: self.lost.start] + gap + now[self.lost.stop :] if gap else now

    def rewrite(self, path: Path) -> None:
        rewrite(path)
        self.lost = range(0)


def test_what_is_saved_after_a_failed_sync_survives_a_power_failure(
    data: Path, tmp_path: Path
) -> None:
    kernel = Kernel()
    database = Database(data, sync=kernel.sync, rewrite=kernel.rewrite)
    store = SqliteStore(database)
    store.save(Environment("before"))
    kernel.fails = True
    with pytest.raises(InfraError, match="the disk is full"):
        store.save(Environment("full"))
    kernel.fails = False
    store.save(Environment("after"))
    after = tmp_path / "after"
    after.mkdir()
    (after / FILE).write_bytes((data / FILE).read_bytes())
    (after / LOG).write_bytes(kernel.left)
    database.close()
    found = Database(after)
    store = SqliteStore(found)
    assert store.get(Environment, "before") and store.get(Environment, "after")
    found.close()


def test_the_log_is_written_through_and_kept_whole(database: Database) -> None:
    with database.writing(durable=True) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        # NORMAL: SQLite syncs around checkpoints, and who needs more syncs the log itself.
        assert connection.execute("PRAGMA synchronous").fetchone() == (1,)


def test_readers_can_not_write(database: Database) -> None:
    with pytest.raises(InfraError, match="readonly"), database.reading() as connection:
        connection.execute("DELETE FROM rows")


def test_what_raises_is_rolled_back(database: Database) -> None:
    with pytest.raises(KeyError), database.writing(durable=True) as connection:
        connection.execute("INSERT INTO rows VALUES ('kind', 'id', 1, '', 0, '{}')")
        raise KeyError
    with database.reading() as connection:
        assert connection.execute("SELECT count(*) FROM rows").fetchone() == (0,)


def test_it_is_found_again(data: Path) -> None:
    for version in range(3):
        database = Database(data)
        SqliteStore(database).save(Environment("7/staging", version=version))
        database.close()
    assert sorted(path.name for path in data.iterdir()) == [FILE]


def test_after_the_end_it_says_so(database: Database) -> None:
    database.close()
    database.close()
    with pytest.raises(InfraError, match="closed"), database.reading():
        pytest.fail("it could be read")
    with pytest.raises(InfraError, match="closed"), database.writing(durable=True):
        pytest.fail("it could be written")


def test_a_reader_may_outlive_the_end(database: Database) -> None:
    with database.reading() as connection:
        database.close()
        assert connection.execute("SELECT count(*) FROM rows").fetchone() == (0,)
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")


def test_readers_do_not_share_a_connection(database: Database) -> None:
    with database.reading() as one, database.reading() as two:
        assert one is not two
    with database.reading() as three:
        assert three in (one, two)


def test_another_process_that_keeps_the_lock_is_a_fault(database: Database, data: Path) -> None:
    impatient = Database(data, busy_seconds=0.01)
    with (
        database.writing(durable=True),
        pytest.raises(InfraError, match="locked"),
        impatient.writing(durable=True),
    ):
        pytest.fail("two wrote at once")
    with impatient.writing(durable=True) as connection:
        connection.execute("DELETE FROM rows")
    impatient.close()


def test_threads_wait_for_each_other_however_long(data: Path) -> None:
    database = Database(data, busy_seconds=0)
    inside, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        with database.writing(durable=False):
            inside.set()
            go_on.wait(timeout=30)

    holder = threading.Thread(target=hold)
    holder.start()
    assert inside.wait(timeout=30)
    with database.reading() as connection:
        assert connection.execute("SELECT count(*) FROM rows").fetchone() == (0,)
    threading.Timer(0.05, go_on.set).start()
    with database.writing(durable=True) as connection:
        connection.execute("DELETE FROM rows")
    holder.join(timeout=30)
    database.close()


OPEN = """
import sys
from pathlib import Path
from dishwasher.local.database import Database
sys.stdin.readline()
Database(Path(sys.argv[1])).close()
print("opened")
"""


def test_processes_that_open_it_first_at_the_same_moment(data: Path) -> None:
    with running(OPEN, data) as one, running(OPEN, data) as two:
        for process in (one, two):
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        assert one.communicate(timeout=60)[0] == two.communicate(timeout=60)[0] == "opened\n"


def test_who_comes_and_goes_leaves_the_log_to_those_who_stay(
    database: Database, data: Path
) -> None:
    store = SqliteStore(database)
    second = Database(data)
    with running(OPEN, data) as other:
        assert other.communicate("\n", timeout=60)[0] == "opened\n"
    store.save(Environment("7/staging"))
    assert SqliteStore(second).get(Environment, "7/staging") is not None
    second.close()


def test_a_log_that_somebody_has_removed_keeps_nothing(data: Path) -> None:
    database = Database(data)
    (data / LOG).unlink()
    with pytest.raises(InfraError, match=f"somebody has removed {LOG}; start anew"):
        SqliteStore(database).save(Environment("7/staging"))
    database.close()


def test_who_opens_it_has_the_folder_alone(data: Path) -> None:
    data.mkdir()
    folder = os.open(data, os.O_RDONLY)
    with ThreadPoolExecutor(1) as pool:
        fcntl.flock(folder, fcntl.LOCK_SH)
        opened = pool.submit(Database, data)
        with pytest.raises(TimeoutError):
            opened.result(timeout=0.1)
        os.close(folder)
        opened.result(timeout=10).close()


WRITE = """
import itertools, sys
from pathlib import Path
from dishwasher.core.deploy import Environment
from dishwasher.local.database import Database
from dishwasher.local.store import SqliteStore
store = SqliteStore(Database(Path(sys.argv[1])))
one = store.get(Environment, "one")
for version in itertools.count(one.version if one else 0):
    store.save(*(Environment(id, version=version) for id in ("one", "two")))
    print(version + 1, flush=True)
"""


def test_a_killed_writer_leaves_all_or_nothing(data: Path) -> None:
    for lines in (1, 2, 5, 9, 17):
        with running(WRITE, data) as process:
            assert process.stdout is not None
            told = [int(process.stdout.readline()) for _ in range(lines)][-1]
            process.kill()
            told = max([told, *map(int, process.stdout.read().split())])
        database = Database(data)
        store = SqliteStore(database)
        one, two = (store.get(Environment, id) for id in ("one", "two"))
        with database.reading() as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        database.close()
        assert one is not None and two is not None
        assert one.version == two.version
        # What was reported as saved is there; one more save may have been killed after its end.
        assert one.version in (told, told + 1)


HALF = """
import sys
from pathlib import Path
from dishwasher.local.database import Database
database = Database(Path(sys.argv[1]))
with database.writing(durable=True) as connection:
    # More than the page cache holds, so that some of it is in the file already.
    connection.execute("PRAGMA cache_size=2")
    for number in range(100):
        row = (f"{number}", "x" * 10_000)
        connection.execute("INSERT INTO rows VALUES ('kind', ?, 1, '', 0, ?)", row)
    print("inside", flush=True)
    sys.stdin.readline()
"""


def test_a_writer_killed_inside_a_transaction_leaves_nothing(data: Path) -> None:
    with running(HALF, data) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "inside\n"
        assert (data / f"{FILE}-wal").stat().st_size > 100_000
        process.kill()
        process.wait(timeout=30)
    database = Database(data)
    with database.reading() as connection:
        assert connection.execute("SELECT count(*) FROM rows").fetchone() == (0,)
    database.close()


FULL = """
import resource, sys
from pathlib import Path
from dishwasher.core.deploy import Environment
from dishwasher.errors import InfraError
from dishwasher.local.database import Database
from dishwasher.local.store import SqliteStore
database = Database(Path(sys.argv[1]))
store = SqliteStore(database)
store.save(Environment("before"))
limit = resource.getrlimit(resource.RLIMIT_FSIZE)
# Writing beyond it fails as on a full disk (Python ignores the signal).
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limit[1]))
try:
    store.save(Environment("small"), Environment("big", "x" * 1_000_000))
except InfraError as error:
    print(type(error).__name__)
print(store.get(Environment, "small"), store.get(Environment, "before").id)
resource.setrlimit(resource.RLIMIT_FSIZE, limit)
store.save(Environment("small"))
print(store.get(Environment, "small").version)
database.close()
"""


def test_a_full_disk_is_a_fault_that_passes(data: Path) -> None:
    assert output(FULL, data).split() == ["InfraError", "None", "before", "1"]
