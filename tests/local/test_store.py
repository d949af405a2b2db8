"""What is SQLite's own about the store: indexes, and rows that can not be read."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace

import pytest
from dishwasher.core.codec import encode
from dishwasher.core.config import JobSpec, Kind
from dishwasher.core.job import Job, State
from dishwasher.errors import InfraError
from dishwasher.local.database import Database
from dishwasher.local.store import DUE, GET, GROUP, SqliteStore

JOB = Job("job", "build", 0, JobSpec("tests", Kind.CHECK, 1), (), State.QUEUED)
MANY = 100_000


@pytest.fixture
def full(database: Database) -> Database:
    """A database with many jobs: ten in each build, one in a thousand due."""
    body = json.dumps(encode(replace(JOB, version=1)))
    rows = (
        ("job", f"job {n}", f"build {n // 10}", float(n + 1 if n % 1000 == 0 else 0), body)
        for n in range(MANY)
    )
    with database.writing(durable=False) as connection:
        connection.executemany("INSERT INTO rows VALUES (?, ?, 1, ?, ?, ?)", rows)
    return database


@pytest.mark.parametrize(
    "query, values, expected",
    [
        (GET, ("job", "job"), "sqlite_autoindex_rows_1 (kind=? AND id=?)"),
        (GROUP, ("job", "build"), "rows_by_group (kind=? AND grp=?)"),
        (DUE, ("job", 9.0, 5), "rows_by_due (kind=? AND due>? AND due<?)"),
    ],
)
def test_every_question_has_its_index(
    database: Database, query: str, values: tuple[object, ...], expected: str
) -> None:
    with database.reading() as connection:
        plan = connection.execute(f"EXPLAIN QUERY PLAN {query}", values).fetchall()
    # One line: no sorting after the search.
    assert [line[3] for line in plan] == [f"SEARCH rows USING INDEX {expected}"]


def steps(connection: sqlite3.Connection, query: str, values: tuple[object, ...]) -> int:
    """How many instructions of its virtual machine SQLite needs: a cost that does not flicker."""
    count = 0

    def step() -> int:
        nonlocal count
        count += 1
        return 0

    connection.set_progress_handler(step, 1)
    connection.execute(query, values).fetchall()
    connection.set_progress_handler(None, 1)
    return count


def test_many_rows_cost_no_more_than_few(full: Database, tmp_path_factory: object) -> None:
    with full.reading() as connection:
        get = steps(connection, GET, ("job", f"job {MANY // 2}"))
        group = steps(connection, GROUP, ("job", "build 7"))
        due = steps(connection, DUE, ("job", 1e9, 5))
    assert get < 30
    assert group < 15 * 10 + 30
    assert due < 15 * 5 + 30


def test_many_rows_give_the_right_ones(full: Database) -> None:
    store = SqliteStore(full)
    assert len(store.group(Job, "build 7")) == 10
    assert len(store.due(Job, 5001.0, 3)) == 3
    assert len(store.due(Job, 5001.0, 100)) == 6
    assert store.get(Job, "job 99999") is not None


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"id": 1}', "nonsense"])
def test_a_row_that_can_not_be_read_is_named(database: Database, body: str) -> None:
    with database.writing(durable=True) as connection:
        connection.execute("INSERT INTO rows VALUES ('job', 'j1', 1, 'b', 1, ?)", (body,))
    store = SqliteStore(database)
    with pytest.raises(InfraError, match="job 'j1' can not be read"):
        store.get(Job, "j1")
    with pytest.raises(InfraError, match="job 'j1' can not be read"):
        store.group(Job, "b")


def test_a_row_that_can_not_be_read_does_not_hide_the_others(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    body = json.dumps(encode(replace(JOB, version=1)))
    with database.writing(durable=True) as connection:
        for number in range(5):
            connection.execute(
                "INSERT INTO rows VALUES ('job', ?, 1, '', 1, ?)",
                (f"j{number}", body if number % 2 else "{}"),
            )
    store = SqliteStore(database)
    assert len(store.due(Job, 1, 5)) == 2
    assert "the stored job 'j0' can not be read" in caplog.text
    assert len(store.due(Job, 1, 1)) == 1
    assert store.due(Job, 1, 0) == ()


def test_a_row_of_an_older_version_takes_the_defaults(database: Database) -> None:
    old = encode(JOB)
    for name in ("infra_retries", "started", "reason"):
        del old[name]
    with database.writing(durable=True) as connection:
        values = (json.dumps({**old, "version": 1, "since forgotten": [1]}),)
        connection.execute("INSERT INTO rows VALUES ('job', 'job', 1, 'build', 0, ?)", values)
    assert SqliteStore(database).get(Job, "job") == replace(JOB, version=1)
