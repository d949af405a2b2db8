"""Where a repository is follows GitHub's latest word, whichever comes first."""

from __future__ import annotations

from dataclasses import replace

from dishwasher.core.access import Named, Right
from dishwasher.core.place import place_of, reached, told

from tests.samples import REPOSITORY

MOVED = replace(REPOSITORY, owner="others", installation=9)


def test_an_older_word_that_comes_late_changes_nothing() -> None:
    place = told(place_of(REPOSITORY), MOVED, Right.GRANTED, 20.0, 100.0)
    assert place.repository == MOVED
    assert told(place, REPOSITORY, Right.DELETED, 10.0, 200.0) == place


def test_since_when_it_is_archived_or_deleted_is_kept() -> None:
    place = told(place_of(REPOSITORY), REPOSITORY, Right.ARCHIVED, 10.0, 100.0)
    assert (place.right, place.since) == (Right.ARCHIVED, 100.0)
    assert told(place, REPOSITORY, Right.ARCHIVED, 10.0, 200.0).since == 100.0
    place = told(place, REPOSITORY, Right.DELETED, 11.0, 300.0)
    assert (place.right, place.since) == (Right.DELETED, 300.0)
    assert told(place, REPOSITORY, Right.GRANTED, 12.0, 400.0).since == 0.0


def test_who_lists_it_reaches_it_by_this_name() -> None:
    named = Named(7, "others/shop", private=False)
    place = reached(place_of(REPOSITORY), named, 9, 1.0)
    there = replace(REPOSITORY, owner="others", name="shop", private=False, installation=9)
    assert place.repository == there
    # A name that is none of GitHub's is not believed.
    assert reached(place, Named(7, ""), 10, 2.0).repository.full_name == "others/shop"


def test_what_was_deleted_and_is_listed_was_restored_and_an_archive_stays_one() -> None:
    deleted = told(place_of(REPOSITORY), REPOSITORY, Right.DELETED, 1.0, 1.0)
    assert reached(deleted, Named(7, "acme/site"), 3, 2.0).right is Right.GRANTED
    archived = told(place_of(REPOSITORY), REPOSITORY, Right.ARCHIVED, 1.0, 1.0)
    assert reached(archived, Named(7, "acme/site"), 3, 0.0).right is Right.ARCHIVED


def test_a_list_that_comes_late_restores_nothing() -> None:
    """Found by the simulation (seed 40891): installed, then deleted, and told the other way."""
    deleted = told(place_of(REPOSITORY), REPOSITORY, Right.DELETED, 20.0, 30.0)
    assert reached(deleted, Named(7, "acme/site"), 9, 10.0) == deleted


def test_only_what_is_owed_something_is_listed_by_installation() -> None:
    assert (place_of(REPOSITORY).group, replace(place_of(REPOSITORY), owed=True).group) == ("", "3")
