"""The clock closes every loop: cases 6, 21, 53, 54 and 57, and every line at which one may die."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dishwasher.core.delivery import REPLAN_AFTER, Stage
from dishwasher.core.job import Job, Reason, State
from dishwasher.core.lifecycle import REPORT_AFTER
from dishwasher.core.report import Report
from dishwasher.core.result import Progress
from dishwasher.errors import InfraError
from dishwasher.flow import reap as reaping
from dishwasher.flow.claim import take
from dishwasher.ports import Topic

from tests.flow.house import House
from tests.samples import job, pull_request, push


@pytest.fixture
def house() -> House:
    return House()


def lint(house: House) -> Job:
    return house.jobs(house.planned(push()))["lint"]


def silent(house: House) -> None:
    """Every bell that rings is lost."""
    for topic in Topic:
        house.rung(topic)


def test_a_delivery_whose_bell_was_lost_is_rung_again(house: House) -> None:
    house.deliver(push())
    house.reap()
    assert house.rung(Topic.DELIVERIES) == []
    house.clock.advance(REPLAN_AFTER)
    house.reap()
    assert house.rung(Topic.DELIVERIES) == ["delivery-1"]
    house.reap()
    assert house.rung(Topic.DELIVERIES) == []
    house.clock.advance(REPLAN_AFTER)
    house.reap()
    assert house.rung(Topic.DELIVERIES) == ["delivery-1"]


def test_a_job_whose_bell_was_lost_is_rung_again(house: House) -> None:
    one = lint(house)
    silent(house)
    house.clock.advance(house.timing.start)
    house.reap()
    assert house.rung(Topic.JOBS) == [one.id]
    assert house.job(one).deadline == house.clock.now() + house.timing.start


def test_a_runner_that_does_not_start_is_replaced(house: House) -> None:
    one = lint(house)
    house.dispatch(one.id)
    house.clock.advance(house.timing.start)
    house.reap()
    assert house.fleet.stopped == [f"{one.id}.1"]
    assert (house.job(one).state, house.job(one).infra_retries) == (State.QUEUED, 1)


def test_a_runner_that_is_silent_is_lost(house: House) -> None:
    one = lint(house)
    house.started(one)
    house.clock.advance(house.timing.lease - 1)
    house.reap()
    assert house.job(one).state is State.RUNNING
    house.clock.advance(1)
    house.reap()
    assert (house.job(one).state, house.job(one).lost_retries) == (State.QUEUED, 1)
    assert house.fleet.stopped == [f"{one.id}.1"]


def test_a_runner_whose_beat_comes_at_that_moment_lives(house: House) -> None:
    one = lint(house)
    token = house.started(one)
    house.clock.advance(house.timing.lease)
    found = house.job(one)
    house.attempts.beat(found.attempt_id, token, Progress())
    house.reap._expire(found)
    assert house.job(one).state is State.RUNNING
    assert house.fleet.stopped == []


def test_a_beat_between_the_look_and_the_write_saves_the_runner(house: House) -> None:
    one = lint(house)
    token = house.started(one)
    house.clock.advance(house.timing.lease)
    house.store.interrupt(lambda: house.attempts.beat(f"{one.id}.1", token, Progress()))
    house.reap()
    assert house.job(one).state is State.RUNNING
    assert house.fleet.stopped == []


def test_the_fleets_word_that_a_runner_is_gone_needs_no_lease(house: House) -> None:
    one = lint(house)
    house.started(one)
    house.reap.ended(f"{one.id}.1")
    assert house.job(one).state is State.QUEUED


@pytest.mark.parametrize("attempt", ["{id}.2", "{id}.0", "unknown-0.1"])
def test_the_fleets_word_about_another_attempt_changes_nothing(house: House, attempt: str) -> None:
    one = lint(house)
    house.started(one)
    before = house.job(one)
    house.reap.ended(attempt.format(id=one.id))
    assert house.job(one) == before


def test_the_end_of_a_runner_that_brought_its_result_changes_nothing(house: House) -> None:
    over = house.ended(lint(house), Reason.FAILED)
    house.reap.ended(over.attempt_id)
    assert house.job(over) == over
    assert house.fleet.stopped == []


def test_a_verdict_that_github_was_not_told_is_rung_until_it_is(house: House) -> None:
    over = house.ended(lint(house), Reason.FAILED)
    silent(house)
    for _ in range(2):
        house.clock.advance(REPORT_AFTER)
        house.reap()
        assert house.rung(Topic.REPORTS) == [over.build]
    house.reports(over.build)
    house.clock.advance(REPORT_AFTER)
    house.reap()
    assert house.rung(Topic.REPORTS) == []
    assert house.job(over).due == 0


def test_a_report_whose_reporter_died_is_rung_again(house: House) -> None:
    build = house.planned(push())
    take(house.store, house.clock, build.group, house.timing.hold)
    silent(house)
    house.reap()
    assert house.rung(Topic.REPORTS) == []
    house.clock.advance(house.timing.hold)
    house.reap()
    assert house.rung(Topic.REPORTS) == [build.id]


def test_a_report_of_nothing_is_put_off(house: House) -> None:
    house.store.save(Report("7/none", due=1.0))
    house.reap()
    assert house.found(Report, "7/none").due == house.clock.now() + house.timing.hold
    assert house.rung(Topic.REPORTS) == []


def test_what_nothing_holds_back_any_more_is_let_go(house: House) -> None:
    build = house.planned(push())
    jobs = house.jobs(build)
    # As an older version may have left them.
    over = replace(jobs["lint"], state=State.CONCLUDED, reason=Reason.OK, deadline=0.0)
    house.store.save(over)
    silent(house)
    house.clock.advance(house.timing.start)
    house.reap()
    assert house.jobs(build)["tests"].state is State.QUEUED
    assert house.rung(Topic.JOBS) == [jobs["tests"].id]


def test_a_blocked_job_goes_on_waiting(house: House) -> None:
    build = house.planned(push())
    house.clock.advance(house.timing.start)
    house.reap()
    tests = house.jobs(build)["tests"]
    assert (tests.state, tests.deadline) == (
        State.BLOCKED,
        house.clock.now() + house.timing.start,
    )


def test_another_writer_at_that_moment_has_looked_already(house: House) -> None:
    house.deliver(push())
    house.clock.advance(REPLAN_AFTER)
    house.store.interrupt(lambda: house.plan("delivery-1"))
    house.reap()
    assert house.delivery("delivery-1").stage is Stage.PLANNED


def test_a_record_that_can_not_be_looked_at_keeps_nobody_waiting(house: House) -> None:
    orphan = job(id="a-0", build="gone", spec=lint(house).spec, cancel=True, state=State.STARTING)
    house.store.save(orphan)
    one = house.jobs(house.planned(pull_request(delivery="delivery-2")))["lint"]
    silent(house)
    house.clock.advance(house.timing.start)
    with pytest.raises(ExceptionGroup) as failed:
        house.reap()
    assert [str(error) for error in failed.value.exceptions] == ["job a-0 has no build"]
    assert one.id in house.rung(Topic.JOBS)


def test_a_round_looks_at_all_that_is_due(house: House) -> None:
    count = reaping.BATCH + 5
    for number in range(count):
        house.deliver(push(delivery=f"delivery-{number:03}"))
    house.clock.advance(REPLAN_AFTER)
    house.reap()
    assert len(house.rung(Topic.DELIVERIES)) == count


def test_a_round_ends_though_nothing_can_be_postponed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reaping, "BATCH", 1)
    house.deliver(push())
    house.clock.advance(REPLAN_AFTER)
    before = house.store.saves

    class Broken:
        """A queue that takes nothing."""

        def ring(self, *_: object) -> None:
            raise InfraError("the disk is full")

    with pytest.raises(ExceptionGroup):
        replace(house.reap, bells=Broken())()  # type: ignore[arg-type]
    assert house.store.saves == before


def test_a_clock_that_is_set_back_loses_no_runner(house: House) -> None:
    one = lint(house)
    token = house.started(one)
    house.clock.advance(-600)
    house.reap()
    house.attempts.beat(f"{one.id}.1", token, Progress())
    house.reap()
    assert house.job(one).state is State.RUNNING


@pytest.mark.parametrize("state", sorted(set(State) - {State.CONCLUDED}))
def test_every_state_that_is_not_the_end_is_reached_by_the_reaper(
    house: House, state: State
) -> None:
    build = house.planned(push())
    one = house.jobs(build)["tests" if state is State.BLOCKED else "lint"]
    if state is State.STARTING:
        house.dispatch(one.id)
    if state is State.RUNNING:
        house.started(one)
    assert house.job(one).state is state
    found = house.store.due(Job, house.clock.now() + 3600, 100)
    assert one.id in [due.id for due in found]
