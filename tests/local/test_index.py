"""Rows that are found without their ids."""

from __future__ import annotations

from dataclasses import replace

from dishwasher.core.build import Build
from dishwasher.core.history import Entry, begun
from dishwasher.local.database import Database
from dishwasher.local.index import Index
from dishwasher.local.store import SqliteStore

from tests.samples import REPOSITORY, build, push


def stored(database: Database, id: str, repository: int, sha: str, created: float) -> Entry:
    event = push(repository=replace(REPOSITORY, id=repository), sha=sha)
    made: Build = replace(build(event=event), id=id, created=created)
    entry = begun(made, ())
    SqliteStore(database).save(made, entry)
    return entry


def test_an_empty_table_has_nothing_to_find(database: Database) -> None:
    index = Index(database)
    assert index.newest(5) == index.builds("a", 5) == index.commits(7, "", 5) == ()
    assert index.repositories() == ()


def test_the_newest_lines_are_those_of_all_repositories(database: Database) -> None:
    old = stored(database, "a" * 20, 7, "1" * 40, 100.0)
    new = stored(database, "b" * 20, 1000, "2" * 40, 300.0)
    between = stored(database, "c" * 20, 80, "3" * 40, 200.0)
    index = Index(database)
    assert index.newest(2) == (new.id, between.id)
    assert index.newest(2, between.id) == (old.id,)
    assert sorted(index.repositories()) == [7, 80, 1000]


def test_builds_and_commits_are_found_by_how_they_begin(database: Database) -> None:
    first, second, third = "ab0" + "0" * 17, "abf" + "f" * 17, "ac" + "0" * 18
    stored(database, first, 7, "1234" + "0" * 36, 1.0)
    stored(database, second, 7, "1234" + "f" * 36, 2.0)
    stored(database, third, 70, "1234" + "a" * 36, 3.0)
    index = Index(database)
    assert index.builds("ab", 5) == (first, second)
    assert index.builds("ab", 1) == (first,)
    assert index.builds(third, 5) == (third,)
    assert index.builds("ad", 5) == ()
    assert index.commits(7, "1234", 5) == (f"7/1234{'0' * 36}", f"7/1234{'f' * 36}")
    assert index.commits(7, f"1234{'f' * 36}", 5) == (f"7/1234{'f' * 36}",)
    assert index.commits(7, "99", 5) == ()
