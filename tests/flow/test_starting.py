"""A job gets a runner that fits it, waits where a limit says so, and moves to a larger one once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dishwasher.core import lifecycle
from dishwasher.core.check_run import render
from dishwasher.core.job import Job, Reason, State, Timing
from dishwasher.core.price import Rate
from dishwasher.core.result import Result
from dishwasher.core.size import Resource, Size
from dishwasher.errors import Throttled
from dishwasher.flow.starting import CROWDED
from dishwasher.ports import Topic

from tests.core.test_size import FUNCTION, LARGE, SIZES, SMALL
from tests.flow.house import CHECKS, CONFIG, House
from tests.samples import from_fork, push

SHORT = b"checks:\n  lint:\n    run: flake8\n    timeout: 1m\n"


@pytest.fixture
def house() -> House:
    return House(CHECKS, sizes=SIZES)


def lint(house: House) -> Job:
    return house.jobs(house.planned(push()))["lint"]


def died(house: House, one: Job, exhausted: Resource | None, reason: Reason = Reason.FAILED) -> Job:
    return house.ended(one, reason, exhausted=exhausted, detail="It ran out of memory.")


def test_the_fleet_is_told_the_size_narrowed_to_the_job() -> None:
    house = House(SHORT, sizes=SIZES)
    one = lint(house)
    claimed = house.claimed(one)
    assert house.fleet.sizes == [replace(FUNCTION, seconds=60.0)]
    assert house.job(one).size == "function"
    limits = claimed.ticket.limits
    assert (limits.job_seconds, limits.memory_bytes) == (60.0, FUNCTION.memory)
    assert limits.disk_bytes == FUNCTION.disk


def test_its_start_may_take_as_long_as_that_size_needs(house: House) -> None:
    house = House(CHECKS, sizes=(SMALL,))
    one = lint(house)
    house.dispatch(one.id)
    assert house.job(one).deadline == house.clock.now() + SMALL.start


def test_strangers_get_a_runner_that_is_made_for_them(house: House) -> None:
    one = house.jobs(house.planned(from_fork()))["lint"]
    house.dispatch(one.id)
    (size,) = house.fleet.sizes
    assert (size.name, size.strangers, size.jail, size.docker) == ("small", True, True, False)


def test_what_no_runner_here_can_do_is_refused_and_started_nowhere() -> None:
    house = House(CHECKS, sizes=(FUNCTION,))
    one = house.jobs(house.planned(from_fork()))["lint"]
    house.dispatch(one.id)
    over = house.job(one)
    assert (over.reason, house.fleet.started) == (Reason.REFUSED, [])
    assert "it is not trusted" in over.detail


@pytest.mark.parametrize("exhausted", list(Resource))
def test_a_check_that_died_for_want_of_room_is_run_again_where_there_is_more(
    house: House, exhausted: Resource
) -> None:
    one = died(house, lint(house), exhausted)
    assert (one.state, one.size) == (State.QUEUED, "small")
    assert one.outgrown == (
        "It ran out of memory. That was on a function with 3,538 MB, so its next attempt was "
        "planned on a small machine."
    )
    house.clock.advance(house.timing.retry)
    assert house.rung(Topic.JOBS) == [one.id]
    house.dispatch(one.id)
    assert house.fleet.sizes[-1].name == "small"


def test_it_moves_once_in_its_life(house: House) -> None:
    one = died(house, lint(house), Resource.MEMORY)
    over = died(house, one, Resource.MEMORY)
    assert (over.reason, over.attempt, over.size) == (Reason.FAILED, 2, "small")


def test_on_the_largest_its_end_is_its_end() -> None:
    house = House(CHECKS, sizes=(LARGE,))
    assert died(house, lint(house), Resource.MEMORY).reason is Reason.FAILED


def test_a_failure_of_its_own_is_no_reason_to_move(house: House) -> None:
    assert died(house, lint(house), None).reason is Reason.FAILED


def test_a_deployment_never_moves() -> None:
    house = House(CONFIG, sizes=SIZES)
    build = house.planned(push())
    for name in ("lint", "tests"):
        house.ended(house.jobs(build)[name])
    over = died(house, house.jobs(build)["staging"], Resource.TIME, Reason.TIMED_OUT)
    assert (over.reason, over.attempt) == (Reason.UNKNOWN_EFFECT, 1)


def test_what_must_not_be_done_twice_does_not_move(house: House) -> None:
    one = lint(house)
    once = replace(one.spec, repeatable=False)
    house.store.save(replace(one, spec=once))
    assert died(house, one, Resource.MEMORY).reason is Reason.FAILED


def test_what_is_to_stop_does_not_move(house: House) -> None:
    one = lint(house)
    token = house.started(one)
    house.verdicts.change(
        one.id, lambda found: lifecycle.stop(found, Reason.CANCELLED, "Enough.", house.clock.now())
    )
    result = Result(Reason.FAILED, "It ran out of memory.", exhausted=Resource.MEMORY)
    house.settle(house.job(one).attempt_id, token, result)
    assert house.job(one).reason is Reason.CANCELLED


def test_what_is_stopped_before_it_begins_anew_is_not_said_to_have_run_again(house: House) -> None:
    """Seed 0 of the simulation's impatient worlds: the check said that it was run again."""
    one = died(house, lint(house), Resource.MEMORY)
    house.verdicts.change(
        one.id, lambda found: lifecycle.stop(found, Reason.CANCELLED, "Enough.", house.clock.now())
    )
    over = house.job(one)
    assert (over.reason, over.attempt) == (Reason.CANCELLED, 1)
    check = render(over, house.build(over.build), None, "https://ci.example/jobs/1")
    assert "its next attempt was planned on a small machine" in check.summary
    assert "run again" not in check.summary


def test_a_runner_that_is_lost_is_followed_by_a_larger_one(house: House) -> None:
    """Lambda ends a function that has no memory left without a word to anybody."""
    one = lint(house)
    house.started(one)
    house.clock.advance(house.timing.lease + 1)
    house.reap()
    house.dispatch(one.id)
    moved = house.job(one)
    assert (moved.attempt, moved.size, moved.lost_retries) == (2, "small", 1)
    assert moved.outgrown.startswith("The runner was lost. That was on a function")


def test_on_the_largest_a_lost_runner_is_followed_by_its_like() -> None:
    house = House(CHECKS, sizes=(LARGE,))
    one = lint(house)
    house.started(one)
    house.clock.advance(house.timing.lease + 1)
    house.reap()
    house.dispatch(one.id)
    assert (house.job(one).size, house.job(one).outgrown) == ("large", "")


def throttled(house: House, one: Job, seconds: float = 60.0) -> None:
    house.fleet.fault = Throttled("too many builds", house.clock.now() + seconds)
    with pytest.raises(Throttled):
        house.dispatch(one.id)


def test_a_limit_of_the_fleet_costs_no_attempt(house: House) -> None:
    one = lint(house)
    house.rung(Topic.JOBS)
    throttled(house, one)
    waiting = house.job(one)
    assert (waiting.state, waiting.infra_retries) == (State.QUEUED, 0)
    assert waiting.deadline == house.clock.now() + 60.0
    # Who is told when to come back rings; the reaper does so too should that bell be lost.
    assert house.rung(Topic.JOBS) == []
    house.clock.advance(60.0)
    house.reap()
    assert house.rung(Topic.JOBS) == [one.id]
    house.fleet.fault = None
    house.claimed(one)
    assert (house.job(one).attempt, house.job(one).crowded) == (2, 0.0)


def test_a_limit_that_never_passes_is_told_in_the_end(house: House) -> None:
    one = lint(house)
    throttled(house, one)
    house.clock.advance(CROWDED + 1)
    house.fleet.fault = Throttled("not more than 0 builds", house.clock.now() + 60.0)
    for _ in range(3):
        house.dispatch(one.id)
    over = house.job(one)
    assert over.reason is Reason.INFRA
    assert over.detail == "No runner came up in 3 attempts. not more than 0 builds"


def test_what_was_cancelled_at_that_moment_does_not_wait(house: House) -> None:
    one = lint(house)

    def cancel() -> None:
        house.verdicts.change(
            one.id,
            lambda found: lifecycle.stop(found, Reason.CANCELLED, "Enough.", house.clock.now()),
        )

    # The first save is the claim's own.
    house.store.interrupt(None, cancel)
    house.fleet.fault = Throttled("too many builds", house.clock.now() + 60.0)
    house.dispatch(one.id)
    assert house.job(one).reason is Reason.CANCELLED


def test_a_deployment_that_waits_for_a_limit_keeps_its_environment() -> None:
    house = House(CONFIG, sizes=SIZES, timing=Timing())
    build = house.planned(push())
    for name in ("lint", "tests"):
        house.ended(house.jobs(build)[name])
    one = house.jobs(build)["staging"]
    throttled(house, one)
    house.fleet.fault = None
    house.started(one)
    assert house.job(one).state is State.RUNNING


def test_what_the_attempts_on_a_runner_cost_is_kept_with_the_job() -> None:
    rate = Rate(second=0.5, start=1.0)
    house = House(CHECKS, sizes=(Size("one", rate=rate),))
    build = house.planned(push())
    first, *_ = house.jobs(build).values()
    token = house.started(first)
    house.clock.advance(10.0)
    house.settle_as(first, token)
    assert house.job(first).bill.spent == 6.0
    assert house.build(build.id).spent == 6.0
