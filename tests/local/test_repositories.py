"""Names of repositories to ids, from what this server was told."""

from __future__ import annotations

from dataclasses import replace

from dishwasher.core.delivery import Delivery
from dishwasher.local.database import Database
from dishwasher.local.repositories import find
from dishwasher.local.store import SqliteStore

from tests.samples import REPOSITORY, build, push


def test_a_repository_that_was_never_heard_of_is_not_found(database: Database) -> None:
    assert find(database, "acme/site") is None
    SqliteStore(database).save(build(), Delivery("ping", "ping", 1.0, None))
    assert find(database, "acme/sites") is None
    assert find(database, "acme") is None
    assert find(database, "acme/\udcff") is None


def test_a_build_or_a_delivery_tells_of_it_in_capitals_or_not(database: Database) -> None:
    store = SqliteStore(database)
    store.save(build())
    other = replace(REPOSITORY, id=8, name="Other")
    store.save(Delivery("guid", "push", 5.0, push(repository=other)))
    assert find(database, "Acme/SITE") == REPOSITORY
    assert find(database, "acme/other") == other


def test_a_name_belongs_to_who_had_it_last(database: Database) -> None:
    store = SqliteStore(database)
    heir = push(repository=replace(REPOSITORY, id=9))
    store.save(build(created=2e9, event=heir), replace(build(), id="old", created=1e9))
    store.save(Delivery("guid", "push", 1.5e9, push()))
    assert find(database, "acme/site") == heir.repository
