"""The process may end between any two writes: what it began is finished by the next one."""

from __future__ import annotations

import pytest
from dishwasher.core.build import Build
from dishwasher.core.config import Kind
from dishwasher.core.deploy import Environment
from dishwasher.core.deployment import stage_of
from dishwasher.core.job import Job, Reason
from dishwasher.core.result import Result
from dishwasher.core.ticket import Bootstrap
from dishwasher.ports import Topic

from tests.flow.house import House
from tests.flow.mortal import Death, Life, mortal
from tests.samples import finding, push

RESULT = Result(Reason.OK, "fine", findings=(finding(),) * 60, findings_total=60)
PLENTY = 10_000


def story(house: House) -> None:
    """A push is planned, run, settled and reported, as far as the process lives."""
    house.plan("delivery-1")
    build = house.build(house.delivery("delivery-1").build)
    house.reports(build.id)
    for name in house.jobs(build):
        house.ended(house.jobs(build)[name], findings=RESULT.findings, findings_total=60)
        house.reports(build.id)


def world(branch: str) -> House:
    house = House()
    house.deliver(push(branch=branch))
    return house


def moments(branch: str) -> range:
    life = Life(PLENTY)
    story(mortal(world(branch), life))
    return range(1, PLENTY - life.left + 1)


def go_on(house: House, step: float = 5.0, times: int = 1) -> None:
    """Ten minutes of the next process: the bells are heard, and each new runner does its job.

    `step`: seconds from one look of the reaper to the next. `times`: how often each bell is heard.
    """
    ran = {bootstrap.attempt for bootstrap in house.fleet.started}
    for _ in range(round(600 / step)):
        for topic, flow in (
            (Topic.DELIVERIES, house.plan),
            (Topic.JOBS, house.dispatch),
            (Topic.REPORTS, house.reports),
        ):
            for key in house.rung(topic) * times:
                flow(key)
        for bootstrap in house.fleet.started:
            if bootstrap.attempt not in ran:
                ran.add(bootstrap.attempt)
                run(house, bootstrap)
        house.clock.advance(step)
        house.reap()


def run(house: House, bootstrap: Bootstrap) -> None:
    claimed = house.attempts.claim(bootstrap.attempt, bootstrap.code)
    house.attempts.started(bootstrap.attempt, claimed.token, claimed.ticket.source.token)
    house.effects.append(claimed.ticket.job)
    house.settle(bootstrap.attempt, claimed.token, RESULT)


@pytest.mark.parametrize("moment", moments("main"))
def test_a_death_at_any_moment_loses_nothing_and_deploys_nothing_twice(moment: int) -> None:
    house = world("main")
    with pytest.raises(Death):
        story(mortal(house, Life(moment)))
    go_on(house)
    (build,) = house.store.all(Build)
    jobs = is_well(house, build)
    for environment in house.store.all(Environment):
        unknown = jobs["staging"].reason is Reason.UNKNOWN_EFFECT
        assert (environment.holder != "") == environment.unknown == unknown


def is_well(house: House, build: Build) -> dict[str, Job]:
    """Its jobs, all of which are concluded and shown, and none of which has deployed twice."""
    jobs = house.jobs(build)
    assert all(job.is_over and job.due == 0 for job in jobs.values())
    assert build.settled == len(jobs) == 3
    for name, job in jobs.items():
        is_shown(house, name, job)
        assert house.effects.count(job.id) <= (1 if job.spec.kind is Kind.DEPLOYMENT else 2)
    return jobs


def is_shown(house: House, name: str, job: Job) -> None:
    """GitHub's newest check run of the name shows the verdict, and none is left open."""
    runs = [run for run in house.runs() if run.shown.name == f"dishwasher / {name}"]
    assert {(run.shown.status, run.shown.conclusion) for run in runs} == {
        ("completed", job.conclusion)
    }
    if job.reason is Reason.OK:
        assert [len(run.annotations) for run in runs] == [60]
    told = [one.stages[-1:] for one in house.stages.of(job.id)]
    # A double that a lost answer has made is retired; without a runner nothing was announced.
    assert [stage for stage in told if stage != ["inactive"]] == (
        [[stage_of(job)]] if job.spec.kind is Kind.DEPLOYMENT and job.started else []
    )


def test_a_death_of_both_processes_is_no_worse() -> None:
    for moment in moments("main")[::7]:
        house = world("main")
        with pytest.raises(Death):
            story(mortal(house, Life(moment)))
        try:
            go_on(mortal(house, Life(moment + 3)))
        except Death:
            go_on(house)
        (build,) = house.store.all(Build)
        assert all(job.is_over and job.due == 0 for job in house.jobs(build).values())


def test_the_story_without_a_death_needs_no_second_try() -> None:
    house = world("main")
    story(house)
    (build,) = house.store.all(Build)
    assert {job.reason for job in house.jobs(build).values()} == {Reason.OK}
    assert len(house.runs()) == 3
    assert house.forge.calls.count("list") == 0
    assert build.is_over
