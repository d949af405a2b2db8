"""What the file holds, and how an older one gets there."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from dishwasher.errors import InfraError
from dishwasher.local.database import FILE, Database
from dishwasher.local.schema import MIGRATIONS


def test_a_newer_file_is_left_alone(data: Path) -> None:
    Database(data).close()
    connection = sqlite3.connect(data / FILE)
    connection.execute(f"PRAGMA user_version={len(MIGRATIONS) + 1}")
    connection.close()
    with pytest.raises(InfraError, match="newer Dishwasher"):
        Database(data)


def older(data: Path, version: int) -> None:
    """A file as that schema left it, with a row."""
    data.mkdir(mode=0o700)
    with closing(sqlite3.connect(data / FILE)) as connection:
        connection.executescript("".join(MIGRATIONS[:version]))
        connection.executescript(f"PRAGMA user_version={version}")
        connection.execute("INSERT INTO rows VALUES ('a', 'b', 1, '', 0, '{}')")
        connection.commit()


def schema(path: Path) -> set[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as connection:
        return set(connection.execute("SELECT name, sql FROM sqlite_schema").fetchall())


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS)))
def test_a_file_of_any_older_schema_becomes_like_a_new_one(data: Path, version: int) -> None:
    older(data, version)
    Database(data).close()
    new = data.with_name("new")
    Database(new).close()
    assert schema(data / FILE) == schema(new / FILE)


def test_an_older_file_is_copied_before_it_is_changed(data: Path) -> None:
    older(data, 1)
    Database(data).close()
    copy = data / f"{FILE}.schema-1"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    for path, version in ((copy, 1), (data / FILE, len(MIGRATIONS))):
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA user_version").fetchone() == (version,)
            assert connection.execute("SELECT id FROM rows").fetchall() == [("b",)]
    assert sorted(path.name for path in data.iterdir() if "schema" in path.name) == [copy.name]


def test_a_file_that_never_shrank_learns_it(data: Path) -> None:
    """Before, room of removed rows was only used again."""
    Database(data).close()
    with closing(sqlite3.connect(data / FILE)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("PRAGMA auto_vacuum=0")
        connection.execute("VACUUM")
    database = Database(data)
    with database.reading() as connection:
        assert connection.execute("PRAGMA auto_vacuum").fetchone() == (2,)
    assert database.shrink(10) is False
    database.close()
    with pytest.raises(InfraError, match="is closed"):
        database.shrink(10)
