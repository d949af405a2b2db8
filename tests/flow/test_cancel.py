"""What nobody needs any more ends, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dishwasher.core.event import EventKind
from dishwasher.core.job import Reason, State, conclude

from tests.flow.house import House, builds, reason
from tests.samples import pull_request, push


@pytest.fixture
def house() -> House:
    return House()


# A pull request that is closed


CLOSED = replace(pull_request(), kind=EventKind.PULL_REQUEST_CLOSED, delivery="closed-1")


def test_closing_a_pull_request_cancels_its_checks(house: House) -> None:
    build = house.planned(pull_request())
    lint = house.jobs(build)["lint"]
    token = house.started(lint)
    assert reason(house, CLOSED) == "pull request 5 was closed"
    jobs = house.jobs(build)
    assert (jobs["lint"].state, jobs["lint"].cancel) == (State.RUNNING, True)
    assert jobs["tests"].reason is Reason.CANCELLED
    assert house.attempts.log(jobs["lint"].attempt_id, token, 0, b"").cancel


def test_closing_a_pull_request_ends_what_waits_for_a_runner(house: House) -> None:
    build = house.planned(pull_request())
    reason(house, CLOSED)
    assert {job.reason for job in house.jobs(build).values()} <= {
        Reason.CANCELLED,
        Reason.NEED_FAILED,
    }
    assert house.build(build.id).is_over


def test_closing_a_pull_request_leaves_other_builds_of_the_commit(house: House) -> None:
    deploying = house.planned(push())
    house.planned(pull_request(delivery="delivery-2"))
    reason(house, CLOSED)
    assert house.jobs(deploying)["lint"].reason is None


def test_a_reopened_pull_request_is_built_again_and_once(house: House) -> None:
    first = house.planned(pull_request())
    reason(house, CLOSED)
    again = house.planned(pull_request(delivery="reopened-1", action="reopened"))
    assert again.id != first.id and not house.build(again.id).is_over
    assert house.planned(pull_request(delivery="reopened-2")).id == again.id
    assert len(builds(house)) == 2


def test_a_pull_request_closed_after_its_checks_counts_as_built(house: House) -> None:
    first = house.planned(pull_request())
    for job in house.jobs(first).values():
        over = conclude(house.job(job), Reason.OK, "", house.clock.now())
        house.store.save(over)
    reason(house, CLOSED)
    assert house.planned(pull_request(delivery="reopened-1", action="reopened")).id == first.id


def test_a_job_that_ends_while_it_is_cancelled_keeps_its_verdict(house: House) -> None:
    build = house.planned(pull_request())
    lint = house.jobs(build)["lint"]
    house.started(lint)
    over = replace(house.job(lint), state=State.CONCLUDED, reason=Reason.OK)
    house.store.interrupt(lambda: house.store.save(over))
    house.deliver(CLOSED)
    house.plan("closed-1")
    assert house.job(lint).reason is Reason.OK
