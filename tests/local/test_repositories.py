"""Names of repositories to ids, from what this server was told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from dishwasher.core.delivery import Delivery, Stage
from dishwasher.core.event import Event
from dishwasher.core.history import begun
from dishwasher.core.place import place_of
from dishwasher.local.database import Database
from dishwasher.local.repositories import find
from dishwasher.local.store import SqliteStore

from tests.samples import REPOSITORY, build, push

DONE = Stage.PLANNED


def built(store: SqliteStore, event: Event, created: float, **values: Any) -> None:
    """A build, with its line in the list of its repository."""
    one = build(event=event, created=created, **values)
    store.save(one, begun(one, ()))


def test_a_repository_that_was_never_heard_of_is_not_found(database: Database) -> None:
    assert find(database, "acme/site") is None
    store = SqliteStore(database)
    built(store, push(), 1e9)
    store.save(Delivery("ping", "ping", 1.0, None), Delivery("early", "ping", 1.0, None, due=2.0))
    assert find(database, "acme/sites") is None
    assert find(database, "acme") is None
    assert find(database, "acme/\udcff") is None


@pytest.mark.parametrize("due", [0.0, 9.0])
def test_a_build_or_a_delivery_tells_of_it_in_capitals_or_not(
    database: Database, due: float
) -> None:
    store = SqliteStore(database)
    built(store, push(), 1e9)
    other = replace(REPOSITORY, id=8, name="Other")
    store.save(Delivery("guid", "push", 5.0, push(repository=other), due=due))
    assert find(database, "Acme/SITE") == REPOSITORY
    assert find(database, "acme/other") == other


def test_a_name_belongs_to_who_had_it_last(database: Database) -> None:
    store = SqliteStore(database)
    heir = push(repository=replace(REPOSITORY, id=9))
    built(store, push(), 1e9, id="old")
    built(store, heir, 2e9)
    store.save(Delivery("guid", "push", 1.5e9, push(), stage=DONE))
    assert find(database, "acme/site") == heir.repository


def test_the_last_that_was_heard_of_a_name_counts(database: Database) -> None:
    store = SqliteStore(database)
    for id, received in ((8, 1e9), (9, 2e9), (10, 1.5e9)):
        event = push(repository=replace(REPOSITORY, id=id))
        store.save(Delivery(f"guid {id}", "push", received, event, stage=DONE))
    assert find(database, "acme/site") == replace(REPOSITORY, id=9)


def test_a_repository_is_found_by_the_name_that_it_has_now(database: Database) -> None:
    store = SqliteStore(database)
    built(store, push(), 1e9, id="first")
    built(store, push(), 2e9, id="second")
    renamed = replace(REPOSITORY, name="house")
    store.save(place_of(renamed))
    assert find(database, "acme/house") == renamed
    assert find(database, "acme/site") is None


def test_a_line_whose_build_is_gone_names_nothing(database: Database) -> None:
    SqliteStore(database).save(begun(build(), ()))
    assert find(database, "acme/site") is None
