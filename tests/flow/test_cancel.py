"""What nobody needs any more ends, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dishwasher.core.build import Build
from dishwasher.core.delivery import Delivery, Stage
from dishwasher.core.event import Event, EventKind
from dishwasher.core.job import Conclusion, Job, Reason, State
from dishwasher.core.lifecycle import conclude
from dishwasher.core.pull import Pull, pull_id
from dishwasher.core.result import Result
from dishwasher.errors import Conflict, Unseen
from dishwasher.flow.changes import UNSEEN_FOR
from dishwasher.ports import Record

from tests.fakes.forge import ForgePull
from tests.flow.house import CHECKS, House, builds, reason
from tests.samples import BASE_SHA, OTHER_SHA, REPOSITORY, SHA, from_fork, pull_request, push, rerun


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


def test_a_branch_that_got_the_commit_by_a_push_keeps_its_checks() -> None:
    """Merged by hand: the base branch now stands where the pull request did."""
    house = House(CHECKS)
    build = house.planned(pull_request())
    assert house.planned(push(delivery="push-1")).id == build.id
    reason(house, CLOSED)
    after = house.build(build.id)
    assert (after.abandoned, after.requests, after.pushed) == ("", (), ("topic", "main"))
    assert after.counts_for(push()) and not after.counts_for(push(branch="other"))


def test_a_push_to_another_branch_keeps_its_checks_too() -> None:
    house = House(CHECKS)
    build = house.planned(push(branch="release"))
    assert house.planned(pull_request(delivery="opened-1")).id == build.id
    reason(house, CLOSED)
    assert not house.build(build.id).abandoned


def test_what_is_known_of_a_pull_request_may_be_forgotten_some_time_after_its_end(
    house: House,
) -> None:
    house.planned(pull_request())
    reason(house, CLOSED)
    assert house.found(Pull, pull_id(REPOSITORY.id, 5)).due == house.clock.now()
    house.planned(pull_request(delivery="reopened-1", action="reopened"))
    assert house.found(Pull, pull_id(REPOSITORY.id, 5)).due == 0


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


# A newer commit


def moved(house: House, sha: str = OTHER_SHA) -> Event:
    """The pull request's branch now stands there."""
    house.there.branches["topic"] = house.there.pulls[5].head_sha = sha
    return pull_request(delivery=f"moved-{sha[:4]}", sha=sha, action="synchronize")


def test_a_newer_commit_supersedes_what_runs_and_what_waits(house: House) -> None:
    old = house.planned(pull_request())
    lint = house.jobs(old)["lint"]
    token = house.started(lint)
    new = house.planned(moved(house))
    jobs = house.jobs(old)
    assert (jobs["lint"].state, jobs["lint"].cancel) == (State.RUNNING, True)
    assert (jobs["tests"].reason, jobs["tests"].detail) == (
        Reason.SUPERSEDED,
        f"A newer commit was pushed: {OTHER_SHA[:12]}.",
    )
    house.settle(jobs["lint"].attempt_id, token, Result(Reason.CANCELLED, "Cancelled in build."))
    assert house.job(lint).reason is Reason.SUPERSEDED
    assert house.job(lint).conclusion is Conclusion.CANCELLED
    assert house.build(old.id).is_over and not house.build(new.id).is_over


def test_a_superseded_runner_that_does_not_answer_is_superseded_too(house: House) -> None:
    old = house.planned(pull_request())
    lint = house.jobs(old)["lint"]
    house.started(lint)
    house.planned(moved(house))
    house.clock.advance(3600)
    house.reap()
    ended = house.job(lint)
    assert (ended.reason, ended.detail) == (
        Reason.SUPERSEDED,
        f"A newer commit was pushed: {OTHER_SHA[:12]}. Its runner did not answer.",
    )


def test_a_commit_that_comes_back_is_built_again(house: House) -> None:
    first = house.planned(pull_request())
    house.planned(moved(house))
    back = house.planned(moved(house, SHA))
    assert back.id != first.id
    assert house.jobs(back)["lint"].state is State.QUEUED


def test_a_rerun_of_the_older_commit_is_superseded_with_it(house: House) -> None:
    old = house.planned(pull_request())
    lint = house.ended(house.jobs(old)["lint"], Reason.FAILED)
    again = house.planned(rerun(lint.id))
    house.planned(moved(house))
    assert house.jobs(again)["lint"].reason is Reason.SUPERSEDED


def test_a_push_s_build_that_counts_for_a_pull_request_is_superseded(house: House) -> None:
    pushed = house.planned(push(branch="topic"))
    house.planned(pull_request(delivery="delivery-2"))
    house.planned(moved(house))
    assert house.jobs(pushed)["lint"].reason is Reason.SUPERSEDED


def test_the_default_branch_is_never_superseded() -> None:
    house = House(CHECKS)
    pushed = house.planned(push())
    request = pull_request(delivery="delivery-2", branch="main")
    house.there.pulls[5] = ForgePull("main", SHA, BASE_SHA, "release")
    assert house.planned(request).id == pushed.id
    house.there.branches["main"] = OTHER_SHA
    house.there.pulls[5] = ForgePull("main", OTHER_SHA, BASE_SHA, "release")
    house.planned(replace(request, delivery="delivery-3", sha=OTHER_SHA))
    assert house.jobs(pushed)["lint"].reason is None


def test_a_verdict_that_is_there_is_not_superseded(house: House) -> None:
    old = house.planned(pull_request())
    for name in ("lint", "tests"):
        house.ended(house.jobs(old)[name])
    house.planned(moved(house))
    assert {job.reason for job in house.jobs(old).values()} == {Reason.OK}
    assert house.build(old.id).abandoned == ""


def test_who_dies_between_superseding_and_planning_does_both_again(house: House) -> None:
    old = house.planned(pull_request())
    event = moved(house)
    house.deliver(event)
    # The end of the old build is written, its jobs are, and then the new build meets a conflict.
    house.store.interrupt(
        None, None, None, lambda: house.store.save(house.delivery(event.delivery))
    )
    with pytest.raises(Conflict):
        house.plan(event.delivery)
    house.plan(event.delivery)
    assert {job.reason for job in house.jobs(old).values()} == {Reason.SUPERSEDED}
    assert house.delivery(event.delivery).stage is Stage.PLANNED


# Two pull requests with one head


def test_closing_one_of_two_cancels_nothing_that_the_other_needs(house: House) -> None:
    first = house.planned(pull_request())
    house.there.pulls[6] = replace(house.there.pulls[5])
    house.planned(pull_request(6, delivery="delivery-2"))
    assert reason(house, CLOSED) == "pull request 5 was closed"
    assert house.build(first.id).requests == (6,)
    assert house.jobs(first)["lint"].reason is None
    other = pull_request(6, kind=EventKind.PULL_REQUEST_CLOSED, delivery="closed-2")
    house.there.pulls[6].is_open = False
    assert reason(house, other) == "pull request 6 was closed"
    assert house.jobs(first)["lint"].reason is Reason.CANCELLED


def test_a_pull_request_that_is_open_again_keeps_its_checks(house: House) -> None:
    build = house.planned(pull_request())
    house.there.pulls[5].updated = 200.0
    late = pull_request(updated=100.0, kind=EventKind.PULL_REQUEST_CLOSED, delivery="closed-1")
    house.store.save(Delivery("closed-1", "pull_request", house.clock.now(), late))
    house.plan("closed-1")
    assert house.delivery("closed-1").reason == "pull request 5 is open again"
    assert house.jobs(build)["lint"].reason is None


def test_a_close_that_is_not_shown_yet_is_waited_for(house: House) -> None:
    build = house.planned(pull_request())
    house.store.save(Delivery("closed-1", "pull_request", house.clock.now(), CLOSED))
    with pytest.raises(Unseen, match="is not shown as closed yet"):
        house.plan("closed-1")
    house.there.pulls[5].is_open = False
    house.plan("closed-1")
    assert house.jobs(build)["lint"].reason is Reason.CANCELLED


def test_what_is_closed_and_opened_in_one_second_keeps_its_checks(house: House) -> None:
    """Found by the simulation: both events have the same time, and the later one came first."""
    build = house.planned(pull_request())
    house.store.save(Delivery("closed-1", "pull_request", house.clock.now(), CLOSED))
    with pytest.raises(Unseen, match="is not shown as closed yet"):
        house.plan("closed-1")
    house.clock.advance(UNSEEN_FOR)
    house.plan("closed-1")
    assert house.delivery("closed-1").reason == "pull request 5 is open again"
    assert house.jobs(build)["lint"].reason is None


# Branches and queues


def test_a_deleted_branch_needs_no_checks_and_keeps_its_deployments() -> None:
    house = House(CHECKS + b"deployments:\n  try: {branch: topic, run: ./deploy}\n")
    build = house.planned(push(branch="topic"))
    other = house.planned(push(delivery="delivery-2"))
    gone = push(branch="topic", kind=EventKind.BRANCH_DELETED, delivery="gone-1")
    assert reason(house, gone) == "its checks were cancelled, if any had not ended"
    assert house.jobs(build)["lint"].reason is Reason.CANCELLED
    assert house.jobs(build)["try"].reason is Reason.NEED_FAILED
    assert house.jobs(other)["lint"].reason is None


def test_a_deleted_branch_leaves_the_checks_of_another_that_stands_there_too() -> None:
    house = House(CHECKS)
    build = house.planned(push(branch="topic"))
    for delivery in ("merged-1", "merged-2"):
        assert house.planned(push(delivery=delivery)).id == build.id
    gone = push(branch="topic", kind=EventKind.BRANCH_DELETED, delivery="gone-1")
    reason(house, gone)
    assert house.jobs(build)["lint"].reason is None
    assert house.found(Build, build.id).pushed == ("main",)
    reason(house, replace(gone, branch="main", delivery="gone-2"))
    assert house.jobs(build)["lint"].reason is Reason.CANCELLED


def test_a_build_whose_last_branch_goes_while_another_comes_is_made_anew() -> None:
    """Found by the simulation (seed 13470): a branch is merged by a push, and deleted at once."""
    house = House(CHECKS)
    build = house.planned(push(branch="topic"))
    gone = push(branch="topic", kind=EventKind.BRANCH_DELETED, delivery="gone-1")
    house.deliver(gone)
    house.deliver(push(delivery="delivery-2"))
    looks, read = [], house.store.get

    def get(kind: type[Record], id: str) -> Record | None:
        if kind is Build:
            looks.append(id)
            if len(looks) == 2:
                house.plan("gone-1")
        return read(kind, id)

    house.store.get = get
    house.plan("delivery-2")
    house.store.get = read
    assert house.jobs(build)["lint"].reason is Reason.CANCELLED
    assert house.delivery("delivery-2").build not in ("", build.id)
    anew = house.found(Build, house.delivery("delivery-2").build)
    assert house.jobs(anew)["lint"].reason is None


def test_a_queue_that_gives_a_try_up_ends_its_checks_alone(house: House) -> None:
    branch = "gh-readonly-queue/main/pr-5-x"
    pushed = house.planned(push(delivery="delivery-2"))
    tried = house.planned(push(branch=branch, kind=EventKind.MERGE_GROUP))
    gone = push(branch=branch, kind=EventKind.MERGE_GROUP_DESTROYED, delivery="gone-1")
    reason(house, gone)
    assert house.jobs(tried)["lint"].detail == "The merge queue gave this try up."
    assert house.jobs(pushed)["lint"].reason is None


# Another base branch


def into(event: Event, base: str, **values: object) -> Event:
    assert event.pull_request is not None
    return replace(event, pull_request=replace(event.pull_request, base_ref=base, **values))


def retargeted(house: House, event: Event, base: str, base_sha: str = BASE_SHA) -> Event:
    """Its author chooses another base branch."""
    assert event.pull_request is not None
    shown = house.there.pulls[event.pull_request.number]
    shown.base_ref, shown.base_sha = base, base_sha
    return replace(into(event, base), action="edited", delivery=f"edited-{base}")


def test_another_base_branch_ends_what_runs_for_the_one_before(house: House) -> None:
    house.there.files[OTHER_SHA] = {**house.there.files[SHA], "b.txt": b"1"}
    house.there.parents[OTHER_SHA] = (BASE_SHA,)
    house.there.branches["release"] = OTHER_SHA
    first = house.planned(pull_request())
    again = house.planned(retargeted(house, pull_request(), "release", OTHER_SHA))
    assert (again.id != first.id, house.jobs(again)["lint"].reason) == (True, None)
    assert house.jobs(first)["lint"].reason is Reason.SUPERSEDED
    assert house.jobs(first)["lint"].detail == "The pull request goes into release now."


def test_what_becomes_the_same_by_either_branch_goes_on(house: House) -> None:
    first = house.planned(pull_request())
    assert house.planned(retargeted(house, pull_request(), "release")).id == first.id
    assert house.jobs(first)["lint"].reason is None


def test_a_stranger_s_is_checked_by_the_configuration_of_the_new_branch(house: House) -> None:
    first = house.planned(from_fork())
    again = house.planned(retargeted(house, from_fork(), "release"))
    assert house.jobs(first)["lint"].reason is Reason.SUPERSEDED
    back = house.planned(retargeted(house, from_fork(), "main"))
    assert house.jobs(again)["lint"].reason is Reason.SUPERSEDED
    assert (back.id != first.id, house.jobs(back)["lint"].reason) == (True, None)


def test_what_is_offered_for_the_default_branch_is_checked_for_that_alone(house: House) -> None:
    lax = house.planned(into(from_fork(number=6), "lax"))
    strict = house.planned(from_fork(number=7, delivery="delivery-2"))
    assert house.jobs(lax)["lint"].detail == "Pull request 7 offers this commit to main."
    assert house.jobs(strict)["lint"].reason is None


def test_the_team_s_other_pull_request_is_not_touched_by_one_more(house: House) -> None:
    first = house.planned(pull_request())
    house.planned(into(pull_request(number=6, delivery="delivery-2"), "release"))
    assert house.jobs(first)["lint"].reason is None


# The button


def clicked(house: House, job: Job, **values: str) -> str:
    event = rerun(job.id, kind=EventKind.CANCEL, delivery="click-1", **values)
    return reason(house, event)


def test_one_job_is_ended_by_hand_and_what_needs_it_is_not_started(house: House) -> None:
    build = house.planned(push())
    lint = house.jobs(build)["lint"]
    house.started(lint)
    event = rerun(lint.id, kind=EventKind.CANCEL_JOB, delivery="hand-1")
    assert reason(house, event) == "what had not ended was cancelled"
    jobs = house.jobs(build)
    assert (jobs["lint"].cancel, jobs["lint"].cancel_why) == (True, "Cancelled by ann.")
    assert not jobs["tests"].is_over
    tests = replace(event, job=jobs["tests"].id, delivery="hand-2")
    assert reason(house, tests) == "what had not ended was cancelled"
    after = {name: job.reason for name, job in house.jobs(build).items()}
    assert after["tests"] is Reason.CANCELLED
    assert after["staging"] is Reason.NEED_FAILED
    assert reason(house, replace(tests, delivery="hand-3")) == "what had not ended was cancelled"


def test_a_click_on_cancel_ends_its_build_with_what_waits_to_deploy(house: House) -> None:
    build = house.planned(push())
    lint = house.jobs(build)["lint"]
    house.started(lint)
    assert clicked(house, lint) == "what had not ended was cancelled"
    jobs = house.jobs(build)
    assert (jobs["lint"].cancel, jobs["lint"].cancel_why) == (True, "Cancelled by ann.")
    assert {jobs[name].reason for name in ("tests", "staging")} == {Reason.CANCELLED}
    assert house.build(build.id).abandoned == ""


def test_a_hand_at_the_server_without_a_name_cancels_too(house: House) -> None:
    build = house.planned(push())
    lint = house.jobs(build)["lint"]
    reason(house, rerun(lint.id, kind=EventKind.CANCEL, delivery="by-hand-1", sender=""))
    assert house.jobs(build)["tests"].detail == "Cancelled."
