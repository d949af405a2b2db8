"""Schedules are those of the default branch's file, and come true exactly once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dishwasher.core.delivery import Delivery
from dishwasher.core.event import Event, EventKind
from dishwasher.core.timetable import Timetable
from dishwasher.flow.timetable import Timetables
from dishwasher.ports import Topic

from tests.flow.house import CHECKS, CONFIG_PATH, House, builds
from tests.samples import OTHER_SHA, push

SCHEDULED = CHECKS + b"schedules:\n  nightly: '30 4 * * *'\n"
HOUR = 3600.0


@pytest.fixture
def house() -> House:
    return House(SCHEDULED)


def table(house: House) -> Timetable:
    return house.found(Timetable, "7")


def scheduled(house: House) -> list[Delivery]:
    return [one for one in house.store.all(Delivery) if one.name == "schedule"]


def test_a_push_to_the_default_branch_brings_its_schedules(house: House) -> None:
    house.planned(push())
    (entry,) = table(house).entries
    assert (entry.name, entry.cron, entry.next) == ("nightly", "30 4 * * *", table(house).due)
    assert entry.next % 86_400 == 4.5 * HOUR
    assert 0 < entry.next - house.clock.now() <= 24 * HOUR


@pytest.mark.parametrize("event", [push(branch="topic"), push(tag="v1", branch="")])
def test_other_pushes_bring_none(house: House, event: Event) -> None:
    house.deliver(event)
    house.plan(event.delivery)
    assert house.store.get(Timetable, "7") is None


def test_a_file_without_schedules_leaves_no_row() -> None:
    house = House(CHECKS)
    house.planned(push())
    assert house.store.get(Timetable, "7") is None


def test_a_file_that_is_taken_away_takes_its_schedules_along(house: House) -> None:
    house.planned(push())
    house.there.files[OTHER_SHA].clear()
    event = push(delivery="delivery-2", sha=OTHER_SHA)
    house.deliver(event)
    house.plan(event.delivery)
    assert (table(house).entries, table(house).due) == ((), 0.0)


def test_an_older_push_that_comes_late_does_not_take_schedules_back(house: House) -> None:
    house.planned(push(pushed_at=20))
    house.there.files[OTHER_SHA][CONFIG_PATH] = CHECKS
    house.planned(push(delivery="delivery-2", sha=OTHER_SHA, pushed_at=10))
    assert len(table(house).entries) == 1


def test_the_same_schedules_again_are_not_written(house: House) -> None:
    house.planned(push())
    house.planned(push(delivery="delivery-2", sha=OTHER_SHA))
    assert table(house).version == 1


def test_a_schedule_whose_time_has_come_is_built_where_its_branch_stands(house: House) -> None:
    house.planned(push())
    house.clock.advance(25 * HOUR)
    house.reap()
    (delivery,) = scheduled(house)
    assert delivery.id in house.rung(Topic.DELIVERIES)
    house.plan(delivery.id)
    build = house.build(house.delivery(delivery.id).build)
    assert (build.event.kind, build.event.schedule) == (EventKind.SCHEDULE, "nightly")
    assert build.event.sha == house.there.branches["main"]
    assert list(house.jobs(build)) == ["lint"]


def test_a_week_without_a_server_is_one_build_and_the_next_comes_in_time(house: House) -> None:
    house.planned(push())
    house.clock.advance(7 * 24 * HOUR)
    house.reap()
    house.reap()
    assert len(scheduled(house)) == 1
    assert 0 < table(house).due - house.clock.now() <= 24 * HOUR
    house.clock.advance(24 * HOUR)
    house.reap()
    assert len(scheduled(house)) == 2


def test_two_who_look_at_once_make_one_delivery(house: House) -> None:
    house.planned(push())
    house.clock.advance(25 * HOUR)
    looking = Timetables(house.store, house.queue, house.clock)
    seen = table(house)
    house.store.interrupt(lambda: looking(seen))
    looking(seen)
    assert len(scheduled(house)) == 1
    assert len(builds(house)) == 1


def test_a_time_that_was_set_back_is_passed_once_and_does_not_stop_the_schedule(
    house: House,
) -> None:
    """Found by the simulation (seed 40977): a push was planned by a clock that was slow."""
    house.planned(push())
    before = table(house)
    house.clock.advance(25 * HOUR)
    house.reap()
    house.store.save(replace(before, version=table(house).version))
    house.reap()
    assert len(scheduled(house)) == 1
    assert table(house).due > house.clock.now()
