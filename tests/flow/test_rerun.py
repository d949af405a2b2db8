"""A click on a check run builds the same commit once more."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dishwasher.core.build import Build
from dishwasher.core.event import Event, EventKind
from dishwasher.core.job import Job, Reason, State
from dishwasher.core.trust import BY_HAND
from dishwasher.errors import Conflict
from dishwasher.flow.changes import UNSEEN_FOR

from tests.flow.house import BROKEN, CHECKS, CONFIG_PATH, House, builds, reason
from tests.samples import OTHER_SHA, REPOSITORY, SHA, from_fork, pull_request, push, rerun


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
    # By a machine that has no jail for it.
    refused = house.ended(refused, Reason.REFUSED)
    house.there.branches["topic"] = SHA
    again = house.jobs(house.planned(rerun(refused.id)))["lint"]
    assert (refused.reason, again.reason, again.state) == (Reason.REFUSED, None, State.QUEUED)


# Who


BUTTONS = (
    *(EventKind.RERUN, EventKind.RERUN_FAILED, EventKind.RERUN_ALL),
    *(EventKind.CANCEL, EventKind.CANCEL_JOB),
)
BOB = {"sender": "bob", "sender_id": 2}


@pytest.mark.parametrize("kind", BUTTONS)
@pytest.mark.parametrize(
    "who", [BOB, {"sender": "ann", "sender_id": 9}, {"sender": "", "sender_id": 0}]
)
def test_a_click_of_who_may_not_write_does_nothing(
    house: House, kind: EventKind, who: dict[str, object]
) -> None:
    build = failed(house)
    lint = house.jobs(build)["lint"]
    asked = rerun(lint.id, kind=kind, **who)
    assert reason(house, asked) == (
        f"{who['sender'] or 'whoever clicked'} may not write to the repository"
    )
    assert builds(house) == [house.build(build.id)]
    assert house.jobs(build)["staging"].reason is Reason.NEED_FAILED


def test_a_stranger_deploys_nothing_by_a_click(house: House) -> None:
    build = house.planned(push())
    for name in ("lint", "tests", "staging"):
        house.ended(house.jobs(build)[name])
    staging = house.jobs(build)["staging"].id
    assert reason(house, rerun(staging, **BOB)) == "bob may not write to the repository"
    assert list(house.jobs(house.planned(rerun(staging, delivery="rerun-2")))) == ["staging"]


def test_who_may_is_asked_of_github_when_the_click_is_looked_at(house: House) -> None:
    event = rerun(house.jobs(failed(house))["lint"].id)
    house.deliver(event)
    house.talk.writers.clear()
    house.plan(event.delivery)
    assert house.delivery(event.delivery).reason == "ann may not write to the repository"


def test_a_listed_bot_and_who_runs_the_server_may_click(house: House) -> None:
    lint = house.jobs(failed(house))["lint"].id
    house.talk.writers.clear()
    house.plan = replace(house.plan, bots=frozenset({33}))
    bot = rerun(lint, sender="merger[bot]", sender_id=33)
    hand = rerun(lint, sender="root at the server", sender_id=0, delivery=f"{BY_HAND}1")
    for event in (bot, hand):
        assert "lint" in house.jobs(house.planned(event))
    assert "may_write" not in house.forge.calls


def test_what_is_not_ours_costs_no_question(house: House) -> None:
    assert reason(house, rerun("nonsense", **BOB)) == "that check run is not one of ours"
    assert "may_write" not in house.forge.calls


# All that failed


THREE = b"checks:\n  one: a\n  two: b\n  last: {run: c, needs: [one, two]}\n  docs: d\n"


def failed_three(house: House, *names: str) -> Build:
    build = house.planned(push(branch="topic"))
    for name in ("one", "two", "docs"):
        house.ended(house.jobs(build)[name], Reason.FAILED if name in names else Reason.OK)
    return build


def again(job: Job, kind: EventKind = EventKind.RERUN_FAILED, **values: str) -> Event:
    return rerun(job.id, kind=kind, **values)


def test_what_failed_is_run_again_with_what_it_held_back() -> None:
    house = House(THREE)
    build = failed_three(house, "one", "two")
    ran = house.planned(again(house.jobs(build)["docs"]))
    assert list(house.jobs(ran)) == ["one", "two", "last"]


def test_where_nothing_failed_nothing_is_run() -> None:
    house = House(THREE)
    build = failed_three(house)
    asked = again(house.jobs(build)["docs"])
    assert reason(house, asked) == "no check of this build has failed"


def test_mistakes_are_what_failed_where_nothing_was_planned() -> None:
    house = House(BROKEN)
    build = house.planned(push(branch="topic"))
    house.there.files[SHA][CONFIG_PATH] = CHECKS
    assert list(house.jobs(house.planned(again(house.jobs(build)["config"])))) == ["lint"]


def suite(**values: str) -> Event:
    return rerun(values.pop("job", ""), kind=EventKind.RERUN_ALL, **values)


def test_a_suite_is_every_check_of_the_newest_build_of_its_commit() -> None:
    house = House(THREE)
    build = failed_three(house, "one")
    house.clock.advance(1)
    house.planned(again(house.jobs(build)["docs"], delivery="rerun-0"))
    ran = house.planned(suite())
    assert list(house.jobs(ran)) == ["one", "two", "last", "docs"]
    assert ran.event.branch == "topic"


def test_every_check_of_a_build_that_is_named_is_built_again_also_of_a_rerun() -> None:
    house = House(THREE)
    build = failed_three(house, "one")
    house.clock.advance(1)
    rerun_before = house.planned(rerun(house.jobs(build)["docs"].id, delivery="rerun-0"))
    docs = house.jobs(rerun_before)["docs"]
    house.ended(docs, Reason.OK)
    assert list(house.jobs(house.planned(suite(job=docs.id)))) == ["docs"]
    gone = suite(job="nonsense", sha=SHA)
    assert reason(house, replace(gone, delivery="rerun-2")) == (
        "no check of this commit has ended yet"
    )


FILTERED = b"checks:\n  docs: {run: make, when: {branch: release}}\n"


def test_a_suite_of_which_nothing_was_run_is_answered_the_same_again() -> None:
    house = House(FILTERED)
    first = house.jobs(house.planned(push()))["docs"]
    again = house.jobs(house.planned(suite()))["docs"]
    assert again.id != first.id
    assert (again.reason, again.detail) == (Reason.FILTERED, first.detail)


def test_a_suite_deploys_nothing_again(house: House) -> None:
    build = house.planned(push())
    for name in ("lint", "tests", "staging"):
        house.ended(house.jobs(build)[name])
    assert list(house.jobs(house.planned(suite()))) == ["lint", "tests"]


def test_a_suite_of_a_stranger_stays_a_stranger_s() -> None:
    house = House(CHECKS)
    house.ended(house.jobs(house.planned(from_fork()))["lint"])
    again = house.planned(suite())
    assert (again.event.rerun, again.is_trusted) == (True, False)
    assert not house.claimed(house.jobs(again)["lint"]).ticket.trusted


def test_a_suite_of_which_nothing_has_ended_is_left_alone(house: House) -> None:
    house.planned(push())
    assert reason(house, suite()) == "no check of this commit has ended yet"


def test_a_suite_of_a_build_that_was_given_up_is_none(house: House) -> None:
    house.planned(pull_request())
    reason(house, pull_request(kind=EventKind.PULL_REQUEST_CLOSED, delivery="closed-1"))
    assert reason(house, suite()) == "no check of this commit has ended yet"


def test_a_suite_of_mistakes_is_answered_by_what_is_right_now() -> None:
    house = House(BROKEN)
    house.planned(push())
    house.there.files[SHA][CONFIG_PATH] = CHECKS
    assert list(house.jobs(house.planned(suite()))) == ["lint"]
