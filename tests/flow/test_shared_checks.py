"""A push that deploys beside a pull request of its branch: every name once, every job once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dishwasher.core.build import Build
from dishwasher.core.event import Event, EventKind
from dishwasher.core.job import Job, Reason, State
from dishwasher.errors import Unseen
from dishwasher.flow.changes import UNSEEN_FOR
from dishwasher.ports import Topic

from tests.fakes.forge import ForgePull
from tests.flow.house import CHECKS, CONFIG_PATH, House, builds
from tests.samples import BASE_SHA, OTHER_SHA, REPOSITORY, SHA, pull_request, push, rerun

DEPLOYS = b"deployments:\n  try: {branch: topic, run: ./deploy}\n"
CONFIG = CHECKS + DEPLOYS


@pytest.fixture
def house() -> House:
    """With pull request 5, which is up to date: its merge has the files of its head."""
    return opened(CONFIG)


def opened(config: bytes) -> House:
    house = House(config)
    house.there.pulls[5] = ForgePull("topic", SHA, BASE_SHA)
    return house


def pushed(**values: object) -> Event:
    return push(**({"branch": "topic", "delivery": "push-1"} | values))


def merged(house: House) -> Build:
    """The pull request's build, of a merge that has other files than its head."""
    build = house.planned(pull_request())
    request = build.event.pull_request
    assert request is not None
    event = replace(build.event, pull_request=replace(request, merge="d" * 40, tree="e" * 40))
    house.store.save(replace(build, event=event))
    return house.build(build.id)


def names(house: House, build: Build) -> list[str]:
    house.reports(build.id)
    return sorted(run.shown.name.removeprefix("dishwasher / ") for run in house.runs())


def job(house: House, build: Build, name: str) -> Job:
    return house.jobs(build)[name]


# The pull request first


def test_what_a_pull_request_builds_of_the_same_files_is_not_built_again(house: House) -> None:
    request = house.planned(pull_request())
    build = house.planned(pushed())
    lint = job(house, build, "lint")
    assert (lint.mirrors, lint.silent) == (job(house, request, "lint").id, True)
    assert names(house, build) == ["lint", "try"]
    house.rung(Topic.JOBS)
    house.ended(job(house, request, "lint"))
    assert house.rung(Topic.JOBS) == [job(house, build, "try").id]
    house.ended(job(house, build, "try"))
    assert house.effects == [job(house, request, "lint").id, job(house, build, "try").id]
    house.reports(build.id)
    assert all(run.is_completed for run in house.runs())
    assert house.build(build.id).is_over


def test_what_has_ended_there_lets_the_deployment_go_at_once(house: House) -> None:
    house.ended(job(house, house.planned(pull_request()), "lint"))
    build = house.planned(pushed())
    assert job(house, build, "lint").detail == "Run in another build. it ended as ok"
    assert job(house, build, "try").state is State.QUEUED


def test_what_fails_there_is_not_deployed(house: House) -> None:
    request = house.planned(pull_request())
    build = house.planned(pushed())
    house.ended(job(house, request, "lint"), Reason.FAILED)
    held = job(house, build, "try")
    assert (held.reason, held.detail) == (Reason.NEED_FAILED, "Not started, because of lint.")


def test_other_files_than_the_merge_s_are_checked_in_silence(house: House) -> None:
    request = merged(house)
    build = house.planned(pushed())
    lint = job(house, build, "lint")
    assert (lint.mirrors, lint.silent, lint.state) == ("", True, State.QUEUED)
    house.ended(job(house, request, "lint"))
    assert job(house, build, "try").state is State.BLOCKED
    house.ended(lint)
    assert job(house, build, "try").state is State.QUEUED
    assert names(house, build) == ["lint", "try"]
    # The one that GitHub shows is the pull request's.
    assert house.run("lint").shown.external_id == job(house, request, "lint").id
    assert job(house, build, "lint").deadline == 0.0


def test_a_stranger_s_checks_do_not_let_a_deployment_go(house: House) -> None:
    strange = pull_request(bots=(41,))
    request = house.planned(strange)
    assert not request.is_trusted
    lint = job(house, house.planned(pushed()), "lint")
    assert (lint.mirrors, lint.silent) == ("", True)


def test_checks_of_pushes_alone_keep_their_name_and_filtered_ones_give_it_up() -> None:
    more = (
        b"  slow: {run: make slow, when: {event: push}}\n"
        b"  title: {run: ./title, when: {event: pull_request}}\n"
    )
    house = opened(CHECKS + more + DEPLOYS)
    request = house.planned(pull_request())
    assert list(house.jobs(request)) == ["lint", "title"]
    build = house.planned(pushed())
    assert [one.spec.name for one in house.jobs(build).values() if not one.silent] == [
        "slow",
        "try",
    ]
    assert names(house, build) == ["lint", "slow", "title", "try"]


def test_the_first_job_that_is_shown_tells_how_it_is_built(house: House) -> None:
    house.planned(pull_request())
    build = house.planned(pushed())
    assert build.notes_at(job(house, build, "try").position) == build.notes
    assert build.first == job(house, build, "try").position


# The push first


def test_a_push_waits_for_the_plan_of_the_pull_request_whose_checks_are_shown(
    house: House,
) -> None:
    house.deliver(pushed())
    with pytest.raises(Unseen, match="pull request 5 is not planned yet"):
        house.plan("push-1")
    request = house.planned(pull_request())
    house.plan("push-1")
    build = house.build(house.delivery("push-1").build)
    assert job(house, build, "lint").mirrors == job(house, request, "lint").id


def test_a_pull_request_that_is_never_planned_holds_up_no_push_for_long(house: House) -> None:
    house.deliver(pushed())
    house.clock.advance(UNSEEN_FOR)
    house.plan("push-1")
    build = house.build(house.delivery("push-1").build)
    assert names(house, build) == ["lint", "try"]


def test_a_push_that_the_pull_request_builds_nothing_of_does_not_wait() -> None:
    house = opened(b"checks:\n  slow: {run: a, when: {event: push}}\n" + DEPLOYS)
    build = house.planned(pushed())
    assert names(house, build) == ["slow", "try"]


def test_a_push_to_the_default_branch_shares_without_being_asked_for_or_waiting() -> None:
    house = House(CHECKS + b"deployments:\n  live: {branch: main, run: ./deploy}\n")
    house.there.pulls[5] = ForgePull("main", SHA, BASE_SHA, "release")
    request = house.planned(pull_request(branch="main"))
    build = house.planned(push(delivery="push-1"))
    assert job(house, build, "lint").mirrors == job(house, request, "lint").id
    assert "open_from" not in house.forge.calls


def test_what_another_branch_s_pull_request_has_checked_is_checked_again_when_it_is_merged() -> (
    None
):
    house = opened(CHECKS + b"deployments:\n  live: {branch: main, run: ./deploy}\n")
    house.planned(pull_request())
    build = house.planned(push(delivery="push-1"))
    assert not job(house, build, "lint").silent


# A pull request that is opened later


def test_a_pull_request_of_what_was_deployed_is_built_already() -> None:
    house = House(CONFIG)
    build = house.planned(pushed())
    assert names(house, build) == ["lint", "try"]
    again = house.planned(pull_request())
    assert (again.id, again.requests) == (build.id, (5,))
    assert house.delivery("delivery-1").reason == "this commit is built already"
    assert len(builds(house)) == 1
    house.rung(Topic.REPORTS)
    assert house.planned(pull_request(delivery="delivery-2")).version == again.version
    assert house.rung(Topic.REPORTS) == []


def test_what_failed_before_it_was_opened_is_said_under_it() -> None:
    house = House(CONFIG)
    build = house.planned(pushed())
    house.ended(job(house, build, "lint"), Reason.FAILED)
    house.planned(pull_request())
    assert house.rung(Topic.REPORTS)[-1] == build.id
    house.reports(build.id)
    (comment,) = house.talk.comments(REPOSITORY, 5)
    assert comment.body.startswith("**1 of 1 check failed**: lint")


def test_it_builds_what_the_push_did_not_and_waits_for_what_it_did() -> None:
    house = House(CHECKS + b"  e2e: {run: a, needs: lint, when: {event: pull_request}}\n" + DEPLOYS)
    build = house.planned(pushed())
    request = house.planned(pull_request())
    assert job(house, request, "lint").mirrors == job(house, build, "lint").id
    assert names(house, request) == ["e2e", "e2e", "lint", "try"]
    assert house.build(build.id).requests == (5,)
    house.ended(job(house, build, "lint"))
    assert job(house, request, "e2e").state is State.QUEUED


def test_other_files_are_built_though_the_push_was() -> None:
    house = House(CONFIG)
    build = house.planned(pushed())
    base = house.forge.commit(REPOSITORY, {CONFIG_PATH: CONFIG, "new": b"1"}, "base", ())
    house.there.pulls[5] = ForgePull("topic", SHA, base, "base")
    request = house.planned(pull_request())
    shown = request.event.pull_request
    assert shown is not None and shown.tree
    assert request.id != build.id
    assert not job(house, request, "lint").silent


# A merge queue

QUEUE = "gh-readonly-queue/main/pr-5-" + SHA
LIVE = CHECKS + b"deployments:\n  live: {branch: main, run: ./deploy}\n"


def tried() -> Event:
    return push(kind=EventKind.MERGE_GROUP, branch=QUEUE, delivery="queue-1")


def given_up(**values: object) -> Event:
    return push(
        **(
            {
                "kind": EventKind.MERGE_GROUP_DESTROYED,
                "branch": QUEUE,
                "delivery": "gone-1",
            }
            | values
        )
    )


def test_what_a_merge_queue_has_checked_is_deployed_without_being_checked_again() -> None:
    house = House(LIVE)
    queue = house.planned(tried())
    house.ended(job(house, queue, "lint"))
    build = house.planned(push(delivery="push-1"))
    assert job(house, build, "lint").mirrors == job(house, queue, "lint").id
    assert job(house, build, "live").state is State.QUEUED
    house.reports(queue.id)
    assert names(house, build) == ["lint", "live"]


def test_a_try_that_was_merged_keeps_the_checks_that_its_deployment_waits_for() -> None:
    house = House(LIVE)
    queue = house.planned(tried())
    house.planned(push(delivery="push-1"))
    house.deliver(given_up())
    house.plan("gone-1")
    assert not job(house, queue, "lint").is_over


def test_a_try_that_was_merged_counts_for_its_base_branch() -> None:
    house = House(CHECKS)
    queue = house.planned(tried())
    assert house.planned(push(delivery="push-1")).id == queue.id
    house.deliver(given_up())
    house.plan("gone-1")
    assert not job(house, queue, "lint").is_over
    assert house.build(queue.id).pushed == ("main",)


def test_a_try_that_is_given_up_ends() -> None:
    house = House(CHECKS)
    queue = house.planned(tried())
    house.deliver(given_up())
    house.plan("gone-1")
    assert job(house, queue, "lint").reason is Reason.CANCELLED


def test_what_a_queue_has_left_out_is_shown_where_the_branch_has_it() -> None:
    house = House(LIVE.replace(b"checks:", b"checks:\n  slow: {run: a, when: {event: push}}"))
    queue = house.planned(tried())
    assert job(house, queue, "slow").reason is Reason.FILTERED
    build = house.planned(push(delivery="push-1"))
    assert {name: one.silent for name, one in house.jobs(build).items()} == {
        "slow": False,
        "lint": True,
        "live": False,
    }


# Ends


def test_a_closed_pull_request_leaves_the_checks_that_a_deployment_waits_for(
    house: House,
) -> None:
    request = house.planned(pull_request())
    build = house.planned(pushed())
    closing = pull_request(kind=EventKind.PULL_REQUEST_CLOSED, delivery="close-1")
    house.deliver(closing)
    house.plan("close-1")
    lint = job(house, request, "lint")
    assert not lint.is_over
    assert house.build(request.id).requests == ()
    house.ended(lint)
    house.ended(job(house, build, "try"))
    assert house.build(build.id).is_over


def test_a_newer_commit_leaves_the_checks_that_a_deployment_waits_for() -> None:
    house = House(CONFIG)
    build = house.planned(pushed())
    house.planned(pull_request())
    house.there.branches["topic"] = house.there.pulls[5].head_sha = OTHER_SHA
    newer = pull_request(sha=OTHER_SHA, action="synchronize", delivery="newer-1")
    house.planned(newer)
    assert job(house, build, "lint").state is State.QUEUED
    assert house.build(build.id).requests == ()


def test_a_pull_request_without_a_deployment_to_wait_for_it_ends_as_ever(house: House) -> None:
    request = house.planned(pull_request())
    build = house.planned(pushed())
    house.ended(job(house, request, "lint"))
    house.ended(job(house, build, "try"))
    again = house.planned(rerun(job(house, request, "lint").id))
    closing = pull_request(kind=EventKind.PULL_REQUEST_CLOSED, delivery="close-1")
    house.deliver(closing)
    house.plan("close-1")
    assert job(house, again, "lint").reason is Reason.CANCELLED


# Once more


def test_a_deployment_that_is_run_again_runs_the_check_it_lacks_and_shows_it(
    house: House,
) -> None:
    request = house.planned(pull_request())
    build = house.planned(pushed())
    house.ended(job(house, request, "lint"), Reason.FAILED)
    again = house.planned(rerun(job(house, build, "try").id))
    assert {name: one.silent for name, one in house.jobs(again).items()} == {
        "lint": False,
        "try": False,
    }


def test_a_check_in_silence_stays_so_when_it_is_run_again(house: House) -> None:
    merged(house)
    build = house.planned(pushed())
    house.ended(job(house, build, "lint"), Reason.FAILED)
    again = house.planned(rerun(job(house, build, "try").id))
    assert {name: one.silent for name, one in house.jobs(again).items()} == {
        "lint": True,
        "try": False,
    }
