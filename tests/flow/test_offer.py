"""A commit that is offered twice shows the checks that count: GitHub shows the last of a name."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dishwasher.core.event import Event, EventKind
from dishwasher.core.pull import Pull

from tests.flow.house import CHECKS, CONFIG_PATH, House, builds, reason
from tests.samples import BASE_SHA, SHA, from_fork, pull_request


@pytest.fixture
def house() -> House:
    return House(CHECKS)


def test_a_stranger_s_checks_do_not_take_the_place_of_the_team_s(house: House) -> None:
    """Opened into a branch whose configuration asks for less, they would pass for the team's."""
    house.there.files[BASE_SHA][CONFIG_PATH] = b"checks: {tests: 'true'}\n"
    ours = house.planned(pull_request())
    theirs = replace(from_fork(number=6), delivery="delivery-2")
    assert reason(house, theirs) == "this commit is the team's, whose checks it has already"
    assert builds(house) == [house.build(ours.id)]
    assert house.found(Pull, "7/6").head == SHA


def test_what_the_team_has_given_up_a_stranger_may_offer(house: House) -> None:
    house.planned(pull_request())
    reason(house, pull_request(kind=EventKind.PULL_REQUEST_CLOSED, delivery="closed-1"))
    theirs = replace(from_fork(number=6), delivery="delivery-2")
    assert not house.planned(theirs).is_trusted


def offered(number: int, base: str) -> Event:
    """The same commit, from a fork, into this branch."""
    event = from_fork(number=number, delivery=f"offer-{number}-{base}")
    assert event.pull_request is not None
    return replace(event, pull_request=replace(event.pull_request, base_ref=base))


def test_of_two_offers_of_a_commit_the_one_for_the_default_branch_is_shown(house: House) -> None:
    """A branch that asks for less would make it look checked."""
    house.planned(offered(6, "lax"))
    strict = house.planned(offered(7, "main"))
    assert strict.pull_request == 7
    house.there.pulls[6].is_open = True
    again = replace(offered(6, "lax"), delivery="again-1", action="reopened")
    assert reason(house, again) == "pull request 7 has this commit's checks already"


def test_an_offer_into_another_branch_waits_for_no_closed_one(house: House) -> None:
    house.planned(offered(7, "main"))
    house.ended(house.jobs(builds(house)[0])["lint"])
    closed = replace(offered(7, "main"), kind=EventKind.PULL_REQUEST_CLOSED, delivery="closed-1")
    reason(house, closed)
    assert house.planned(offered(6, "lax")).pull_request == 6


def test_offers_into_one_branch_are_each_built(house: House) -> None:
    house.planned(offered(6, "lax"))
    assert house.planned(offered(8, "lax")).pull_request == 8


def test_what_one_stranger_offers_another_may(house: House) -> None:
    house.planned(from_fork())
    theirs = replace(from_fork(number=6), delivery="delivery-2")
    assert house.planned(theirs).pull_request == 6
