"""One deployment at a time in each environment; an unknown outcome asks a human."""

from __future__ import annotations

import pytest
from dishwasher.core.deploy import (
    Environment,
    begin,
    environment_id,
    release,
    take,
    take_by_hand,
    wait,
    waited,
)

FREE = Environment(environment_id(7, "staging"))


def held_by(job: str) -> Environment:
    taken = take(FREE, job)
    assert taken is not None
    return taken


def test_environments_of_two_repositories_are_two() -> None:
    assert environment_id(7, "staging") != environment_id(8, "staging")
    assert (FREE.group, FREE.due) == ("", 0.0)


def test_a_free_environment_is_taken_once() -> None:
    held = held_by("one")
    assert held.holder == "one"
    assert take(held, "two") is None
    assert take(held, "one") == held


def test_whoever_waits_is_named_once_and_no_longer_when_it_holds_the_lock() -> None:
    waiting = wait(wait(wait(held_by("one"), "two"), "three"), "two")
    assert waiting.waiting == ("two", "three")
    taken = take(release(waiting, "one", unknown=False), "two")
    assert taken is not None
    assert (taken.holder, taken.waiting) == ("two", ("three",))
    taken = take(wait(FREE, "two"), "two")
    assert taken is not None
    assert taken.waiting == ()


def test_a_release_frees_the_lock_and_knows_who_waits() -> None:
    freed = release(wait(held_by("one"), "two"), "one", unknown=False)
    assert (freed.holder, freed.unknown, freed.waiting) == ("", False, ("two",))
    assert waited(freed, "two", "three").waiting == ()


@pytest.mark.parametrize("unknown", [True, False])
def test_only_the_holder_releases(unknown: bool) -> None:
    held = held_by("one")
    assert release(held, "two", unknown=unknown) == held


def test_an_unknown_outcome_keeps_the_lock_from_everybody_but_a_human() -> None:
    unknown = release(wait(begin(held_by("one"), "a" * 40, "build"), "two"), "one", unknown=True)
    assert (unknown.holder, unknown.unknown, unknown.waiting) == ("one", True, ())
    assert take(unknown, "two") is None
    by_hand = take_by_hand(unknown, "two")
    assert by_hand is not None
    assert (by_hand.holder, by_hand.unknown, by_hand.sha) == ("two", False, "a" * 40)


def test_not_even_a_human_takes_the_lock_of_a_deployment_that_runs() -> None:
    assert take_by_hand(held_by("one"), "two") is None
    assert take_by_hand(FREE, "two") == held_by("two")


def test_the_commit_is_known_from_the_start_of_its_deployment() -> None:
    begun = begin(held_by("one"), "b" * 40, "build")
    assert (begun.sha, begun.build) == ("b" * 40, "build")


def test_a_deployment_by_hand_that_never_began_leaves_the_outcome_unknown() -> None:
    """Found by the simulation (seed 31403): no runner came up, and the next push deployed."""
    unknown = release(begin(held_by("one"), "a" * 40, "build"), "one", unknown=True)
    by_hand = take_by_hand(unknown, "two")
    assert by_hand is not None
    retried = take(by_hand, "two")
    assert retried == by_hand
    left = release(wait(by_hand, "three"), "two", unknown=False)
    assert (left.unknown, left.unsettled, left.waiting) == (True, False, ())
    assert take(left, "three") is None
    again = take_by_hand(left, "four")
    assert again is not None and again.holder == "four"
    done = release(begin(again, "b" * 40, "other"), "four", unknown=False)
    assert (done.holder, done.unknown, done.unsettled) == ("", False, False)
