"""Where the App may act is known from events alone, in whatever order they come."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dishwasher.core.access import Change, Named, Right
from dishwasher.core.delivery import Delivery, Stage
from dishwasher.core.findings import Finding, Level
from dishwasher.core.job import Conclusion, Reason
from dishwasher.core.result import Result
from dishwasher.core.timetable import Entry, Timetable
from dishwasher.flow.places import Places
from dishwasher.flow.tenancy import Tenancy

from tests.flow.house import House, builds, reason
from tests.samples import OTHER_SHA, REPOSITORY, pull_request, push


@pytest.fixture
def house() -> House:
    return House()


SUSPENDED = Change(3, Right.SUSPENDED, "installation 3 was suspended", told=10.0)
GRANTED = Change(3, Right.GRANTED, "installation 3 is not suspended any more", told=20.0)


def test_nothing_is_planned_or_asked_where_the_app_is_suspended(house: House) -> None:
    ended = house.tells(SUSPENDED)
    assert (ended.stage, ended.reason) == (Stage.IGNORED, "installation 3 was suspended")
    assert reason(house, push()) == "the App is suspended there"
    assert (builds(house), house.forge.calls) == ([], [])
    house.tells(GRANTED)
    assert house.planned(push(delivery="delivery-2")).jobs


def test_an_older_word_that_comes_late_changes_nothing(house: House) -> None:
    house.tells(GRANTED)
    house.tells(SUSPENDED)
    assert Tenancy(house.store).barred(REPOSITORY) == ""


def test_a_word_that_comes_twice_is_one(house: House) -> None:
    house.tells(SUSPENDED)
    house.tells(SUSPENDED)
    assert Tenancy(house.store).barred(REPOSITORY) == "the App is suspended there"


def test_a_repository_that_is_taken_out_is_left_alone_and_others_are_not(house: House) -> None:
    house.tells(Change(3, Right.REMOVED, "1 repository was removed", (7,), 10.0))
    assert reason(house, push()) == "the App was removed from there"
    assert Tenancy(house.store).barred(replace(REPOSITORY, id=8)) == ""
    # Who installs the App again has another installation.
    assert Tenancy(house.store).barred(replace(REPOSITORY, installation=4)) == ""


def test_a_job_that_waits_is_not_begun_where_the_app_was_removed(house: House) -> None:
    lint = house.jobs(house.planned(push()))["lint"]
    house.tells(Change(3, Right.REMOVED, "installation 3 was removed"))
    house.dispatch(lint.id)
    assert house.fleet.started == []
    assert house.job(lint).detail == "Not started: the App was removed from there."


def test_schedules_follow_a_repository_to_its_new_name(house: House) -> None:
    house.store.save(Timetable("7", REPOSITORY))
    renamed = replace(REPOSITORY, name="other")
    change = Change(3, Right.GRANTED, "acme/other was renamed", (7,), 10.0, renamed)
    for _ in range(2):
        house.tells(change)
    assert house.found(Timetable, "7").repository == renamed
    assert house.found(Timetable, "7").version == 2


def test_a_repository_without_schedules_may_be_renamed_too(house: House) -> None:
    change = Change(3, Right.GRANTED, "acme/site was renamed", (7,), 10.0, REPOSITORY)
    assert house.tells(change).reason == "acme/site was renamed"


def test_no_schedule_comes_true_where_the_app_was_removed(house: House) -> None:
    table = Timetable("7", REPOSITORY, (Entry("nightly", "30 4 * * *", "", 10.0),), due=10.0)
    house.store.save(table)
    house.tells(Change(3, Right.REMOVED, "installation 3 was removed"))
    house.reap()
    assert [one for one in house.store.all(Delivery) if one.name == "schedule"] == []
    assert house.found(Timetable, "7").due > house.clock.now()


# Where a repository is now

MOVED = replace(REPOSITORY, owner="others", name="shop", installation=9)
TRANSFERRED = Change(9, Right.GRANTED, "others/shop was transferred", (7,), 10.0, MOVED)


def test_a_build_goes_on_where_its_repository_was_transferred_to(house: House) -> None:
    build = house.planned(pull_request())
    house.reports(build.id)
    house.forge.shut.add(3)
    house.tells(TRANSFERRED)
    lint = house.jobs(build)["lint"]
    claimed = house.claimed(lint)
    ticket = claimed.ticket
    assert ticket.source.url == "https://forge.invalid/others/shop.git"
    assert dict(ticket.environment)["DISHWASHER_REPOSITORY"] == "others/shop"
    house.attempts.started(house.job(lint).attempt_id, claimed.token, "")
    finding = Finding("a.py", 1, 1, Level.FAILURE, "wrong")
    result = Result(Reason.FAILED, "it failed", findings=(finding,), findings_total=1)
    house.settle(house.job(lint).attempt_id, claimed.token, result)
    house.rest(60.0)
    assert house.run("lint").shown.conclusion is Conclusion.FAILURE
    (word,) = house.talk.of(REPOSITORY, 5)
    assert "lint" in word.body


def test_a_comment_follows_too_whichever_build_is_rung_for(house: House) -> None:
    first = house.planned(pull_request())
    house.there.branches["topic"] = house.there.pulls[5].head_sha = OTHER_SHA
    house.there.pulls[5].updated = 2.0
    last = house.planned(pull_request(sha=OTHER_SHA, delivery="2", updated=2.0))
    house.talk.stands(REPOSITORY, 5, OTHER_SHA)
    house.ended(house.jobs(last)["lint"], Reason.FAILED)
    house.forge.shut.add(3)
    house.tells(TRANSFERRED)
    house.clock.advance(3600.0)
    house.reports(first.id)
    assert len(house.talk.of(REPOSITORY, 5)) == 1


def test_an_event_that_was_under_way_is_planned_where_the_repository_is(house: House) -> None:
    house.forge.shut.add(3)
    house.tells(TRANSFERRED)
    assert house.planned(push()).event.repository == MOVED


def test_a_schedule_comes_true_where_the_app_was_installed_again(house: House) -> None:
    table = Timetable("7", REPOSITORY, (Entry("nightly", "30 4 * * *", "", 10.0),), due=10.0)
    house.store.save(table)
    house.tells(Change(3, Right.REMOVED, "installation 3 was removed"))
    Places(house.store, house.queue, house.clock).owe(REPOSITORY)
    there = replace(REPOSITORY, installation=4)
    house.tells(Change(4, Right.GRANTED, "it was made", named=(Named(7, "acme/site"),)))
    house.reap()
    (found,) = [one for one in house.store.all(Delivery) if one.name == "schedule"]
    assert found.event is not None and found.event.repository == there


def test_a_later_event_is_believed_where_the_place_is_out_of_date(house: House) -> None:
    tenancy, there = Tenancy(house.store), replace(REPOSITORY, installation=4)
    Places(house.store, house.queue, house.clock).owe(REPOSITORY)
    # Both may be reached: the place is what was told last.
    assert tenancy.present(there) == REPOSITORY
    house.tells(Change(3, Right.REMOVED, "installation 3 was removed"))
    assert tenancy.present(there) == there
    house.tells(Change(4, Right.REMOVED, "installation 4 was removed"))
    assert tenancy.present(there) == REPOSITORY


def test_the_worse_of_two_rights_counts(house: House) -> None:
    house.tells(Change(3, Right.ARCHIVED, "it was archived", (7,), 10.0, REPOSITORY))
    assert Tenancy(house.store).barred(REPOSITORY) == "the repository is archived"
    house.tells(SUSPENDED)
    assert Tenancy(house.store).barred(REPOSITORY) == "the App is suspended there"
    house.tells(Change(3, Right.DELETED, "it was deleted", (7,), 20.0, REPOSITORY))
    assert Tenancy(house.store).barred(REPOSITORY) == "the repository was deleted"
