from __future__ import annotations

from dataclasses import replace

from dishwasher.github.names import CONFIRMED, MOST, Names

from tests.github.conftest import REPOSITORY

NOW = 1_750_000_000.0


def test_a_repository_has_the_name_of_its_event_until_another_is_learnt() -> None:
    names = Names()
    assert names.of(REPOSITORY) == "octo/demo"
    names.learn(REPOSITORY, "hubber/renamed", NOW)
    assert names.of(REPOSITORY) == "hubber/renamed"


def test_a_later_event_may_know_better() -> None:
    names = Names()
    names.learn(REPOSITORY, "octo/second", NOW)
    assert names.of(replace(REPOSITORY, name="third")) == "octo/third"
    assert names.of(REPOSITORY) == "octo/second"


def test_a_name_that_came_back_is_used_again() -> None:
    names = Names()
    names.learn(REPOSITORY, "octo/second", NOW)
    names.learn(REPOSITORY, "Octo/Demo", NOW)
    assert names.of(REPOSITORY) == "octo/demo"


def test_a_confirmation_holds_for_a_minute() -> None:
    names = Names()
    assert not names.is_confirmed(REPOSITORY, NOW)
    names.learn(REPOSITORY, "octo/demo", NOW)
    assert names.is_confirmed(REPOSITORY, NOW + CONFIRMED - 1)
    assert not names.is_confirmed(REPOSITORY, NOW + CONFIRMED)
    assert not names.is_confirmed(REPOSITORY, NOW - 1)


def test_memory_is_bounded() -> None:
    names = Names()
    for id in range(MOST + 10):
        names.learn(replace(REPOSITORY, id=id), "octo/demo", NOW)
    assert not names.is_confirmed(replace(REPOSITORY, id=9), NOW)
    assert names.is_confirmed(replace(REPOSITORY, id=10), NOW)
