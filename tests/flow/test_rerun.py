"""A click on a check run builds the same commit once more."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dishwasher.core.build import Build
from dishwasher.core.event import EventKind
from dishwasher.core.job import Reason, State
from dishwasher.errors import Conflict
from dishwasher.flow.changes import UNSEEN_FOR

from tests.flow.house import BROKEN, CHECKS, CONFIG_PATH, House, builds, reason
from tests.samples import OTHER_SHA, REPOSITORY, SHA, pull_request, push, rerun


@pytest.fixture
def house() -> House:
    return House()


# Re-runs


def failed(house: House) -> Build:
    """A push to main whose lint has failed."""
    build = house.planned(push())
    house.ended(house.jobs(build)["lint"], Reason.FAILED)
    return build


def test_a_rerun_builds_again_what_failed_and_what_waited_for_it(house: House) -> None:
    build = failed(house)
    again = house.planned(rerun(house.jobs(build)["lint"].id))
    assert again.id != build.id
    assert list(house.jobs(again)) == ["lint", "tests", "staging"]
    assert (again.event.rerun, again.event.job) == (True, house.jobs(build)["lint"].id)
    assert (again.event.branch, again.event.kind) == ("main", EventKind.PUSH)
    assert again.group == build.group


def test_a_rerun_that_is_delivered_twice_is_one_build(house: House) -> None:
    job = house.jobs(failed(house))["lint"].id
    event = rerun(job)
    house.deliver(event)
    house.store.interrupt(lambda: house.plan("rerun-1"))
    with pytest.raises(Conflict):
        house.plan("rerun-1")
    house.plan("rerun-1")
    assert len(builds(house)) == 2


def test_a_rerun_reaches_the_repository_by_its_new_name(house: House) -> None:
    job = house.jobs(failed(house))["lint"].id
    renamed = replace(REPOSITORY, name="renamed")
    assert house.planned(rerun(job, repository=renamed)).event.repository == renamed


@pytest.mark.parametrize("job", ["nonsense", "build-0"])
def test_a_check_run_that_is_not_ours_is_not_rerun(house: House, job: str) -> None:
    assert reason(house, rerun(job)) == "that check run is not one of ours"


def test_a_job_of_another_repository_is_not_rerun(house: House) -> None:
    job = house.jobs(failed(house))["lint"].id
    foreign = replace(REPOSITORY, id=8)
    assert reason(house, rerun(job, repository=foreign)) == "that check run is not one of ours"


def test_a_job_that_runs_is_not_rerun(house: House) -> None:
    build = house.planned(push())
    assert reason(house, rerun(house.jobs(build)["lint"].id)) == "lint has not ended yet"


def test_a_rerun_of_mistakes_answers_again_and_runs_what_is_right_now() -> None:
    house = House(BROKEN)
    mistakes = house.jobs(house.planned(push()))["config"]
    again = house.planned(rerun(mistakes.id))
    assert house.jobs(again)["config"].reason is Reason.CONFIG
    assert house.jobs(again)["config"].id != mistakes.id
    house.there.files[SHA][CONFIG_PATH] = CHECKS
    after_upgrade = house.planned(rerun(mistakes.id, delivery="rerun-2"))
    assert list(house.jobs(after_upgrade)) == ["lint"]


def test_a_rerun_of_a_refusal_asks_again_whom_to_believe(house: House) -> None:
    house.there.branches["topic"] = OTHER_SHA
    house.deliver(pull_request())
    house.clock.advance(UNSEEN_FOR)
    house.plan("delivery-1")
    refused = house.jobs(house.build(house.delivery("delivery-1").build))["lint"]
    house.there.branches["topic"] = SHA
    again = house.jobs(house.planned(rerun(refused.id)))["lint"]
    assert (refused.reason, again.reason, again.state) == (Reason.REFUSED, None, State.QUEUED)
