"""A delivery becomes a build, or a reason why not; never two builds, never a lost one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dishwasher.core.build import Build
from dishwasher.core.delivery import GIVE_UP_AFTER, Delivery, Stage
from dishwasher.core.event import NO_COMMIT, Event, EventKind
from dishwasher.core.findings import Level
from dishwasher.core.job import Reason, State, conclude
from dishwasher.errors import Conflict, InfraError, Throttled, Unseen, UserError
from dishwasher.flow.changes import UNSEEN_FOR
from dishwasher.flow.keep import read_result
from dishwasher.ports import Topic

from tests.fakes.forge import Trouble
from tests.flow.house import CONFIG_PATH, House
from tests.samples import BASE_SHA, OTHER_SHA, REPOSITORY, SHA, pull_request, push, rerun

CHECKS = b"checks:\n  lint: flake8\n"
SPELLING = b"checks:\n  spelling:\n    uses: spelling\n"
BROKEN = b"checks:\n  lint:\n    runs: flake8\n"


@pytest.fixture
def house() -> House:
    return House()


def from_fork(**values: object) -> Event:
    event = pull_request(**values)
    assert event.pull_request is not None
    return replace(event, pull_request=replace(event.pull_request, head_repository=99))


def builds(house: House) -> list[Build]:
    return list(house.store.all(Build))


def reason(house: House, event: Event) -> str:
    """Why the event planned nothing."""
    house.deliver(event)
    house.plan(event.delivery)
    delivery = house.delivery(event.delivery)
    assert (delivery.stage, delivery.due) == (Stage.IGNORED, 0.0)
    return delivery.reason


# What a push and a pull request plan


def test_a_push_plans_jobs_and_rings_for_what_is_ready(house: House) -> None:
    build = house.planned(push())
    jobs = house.jobs(build)
    assert [job.spec.name for job in jobs.values()] == ["lint", "tests", "staging"]
    assert [jobs[name].state for name in jobs] == [State.QUEUED, State.BLOCKED, State.BLOCKED]
    assert (build.event, build.config_path, build.settled) == (push(), CONFIG_PATH, 0)
    assert build.jobs == tuple(job.id for job in jobs.values())
    assert house.rung(Topic.JOBS) == [jobs["lint"].id]
    assert house.rung(Topic.REPORTS) == [build.id]
    delivery = house.delivery("delivery-1")
    assert (delivery.stage, delivery.due) == (Stage.PLANNED, 0.0)


def test_a_push_to_another_branch_deploys_nothing(house: House) -> None:
    assert list(house.jobs(house.planned(push(branch="topic")))) == ["lint", "tests"]


def test_a_pull_request_of_this_repository_is_built_and_remembered(house: House) -> None:
    build = house.planned(pull_request())
    assert build.pull_request == 5
    assert list(house.jobs(build)) == ["lint", "tests"]


def test_a_delivery_that_was_handled_or_never_was_is_no_work(house: House) -> None:
    house.planned(push())
    calls = len(house.forge.calls)
    house.plan("delivery-1")
    house.plan("unknown")
    house.store.save(Delivery("ping", "ping", 0.0, None))
    house.plan("ping")
    assert len(house.forge.calls) == calls
    assert len(builds(house)) == 1


def test_no_configuration_plans_nothing() -> None:
    house = House(config=None)
    assert reason(house, push()) == f"no configuration at {SHA[:12]}, and nothing implies one"
    assert builds(house) == []


def test_deployments_alone_plan_nothing_elsewhere() -> None:
    house = House(b"deployments:\n  live:\n    branch: main\n    run: ./deploy\n")
    assert reason(house, push(branch="topic")) == f"{CONFIG_PATH} plans nothing for this event"


# One commit, several events


def test_a_commit_that_was_pushed_is_not_built_again_for_its_pull_request() -> None:
    house = House(CHECKS)
    build = house.planned(push(branch="topic"))
    calls = len(house.forge.calls)
    again = house.planned(pull_request(delivery="delivery-2"))
    assert (again.id, again.pull_request) == (build.id, 5)
    assert house.delivery("delivery-2").reason == "this commit is built already"
    assert len(house.forge.calls) == calls
    assert house.planned(pull_request(delivery="delivery-3")).version == again.version


def test_a_commit_that_was_checked_is_deployed_when_its_branch_gets_it(house: House) -> None:
    checked = house.planned(push(branch="topic"))
    deployed = house.planned(push(delivery="delivery-2"))
    assert deployed.id != checked.id
    assert "staging" in house.jobs(deployed)


def test_the_same_push_twice_deploys_once(house: House) -> None:
    first = house.planned(push())
    assert house.planned(push(delivery="delivery-2")).id == first.id
    assert len(builds(house)) == 1


def test_two_planners_at_once_make_one_build(house: House) -> None:
    house.deliver(push())
    house.deliver(push(delivery="delivery-2"))
    house.store.interrupt(lambda: house.plan("delivery-2"))
    with pytest.raises(Conflict):
        house.plan("delivery-1")
    assert house.delivery("delivery-1").stage is Stage.RECEIVED
    house.plan("delivery-1")
    assert house.delivery("delivery-1").stage is Stage.PLANNED
    assert len(builds(house)) == 1


# Whom to believe


def test_a_fork_is_refused_with_the_checks_of_the_base_branch(house: House) -> None:
    house.there.files[SHA][CONFIG_PATH] = CHECKS + b"  evil: steal\n"
    jobs = house.jobs(build := house.planned(from_fork()))
    assert list(jobs) == ["lint", "tests"]
    assert {job.reason for job in jobs.values()} == {Reason.REFUSED}
    assert "comes from a fork" in jobs["lint"].detail
    assert (build.settled, build.is_over) == (2, True)
    assert house.rung(Topic.JOBS) == []
    assert house.rung(Topic.REPORTS) == [build.id]
    assert "branch_sha" not in house.forge.calls


def test_a_refused_commit_is_built_when_one_of_the_team_pushes_it() -> None:
    house = House(CHECKS)
    refused = house.planned(from_fork())
    built = house.planned(push(branch="copy", delivery="delivery-2"))
    assert built.id != refused.id
    assert house.jobs(built)["lint"].state is State.QUEUED


def test_a_fork_refused_twice_is_one_build(house: House) -> None:
    assert house.planned(from_fork()).id == house.planned(from_fork(delivery="delivery-2")).id


def test_mistakes_of_the_base_branch_refuse_a_fork_without_hiding_its_commit(house: House) -> None:
    house.there.files[BASE_SHA][CONFIG_PATH] = BROKEN
    refused = house.planned(from_fork())
    assert list(house.jobs(refused)) == ["config"]
    assert house.planned(push(branch="topic", delivery="delivery-2")).id != refused.id


@pytest.mark.parametrize("branch", [None, OTHER_SHA])
def test_a_branch_that_does_not_stand_there_yet_is_waited_for(
    house: House, branch: str | None
) -> None:
    house.there.branches.pop("topic")
    if branch:
        house.there.branches["topic"] = branch
    house.deliver(pull_request())
    with pytest.raises(Unseen, match="does not stand at"):
        house.plan("delivery-1")
    house.there.branches["topic"] = SHA
    house.plan("delivery-1")
    assert house.jobs(house.build(house.delivery("delivery-1").build))["lint"].reason is None


def test_a_branch_that_never_stands_there_is_refused(house: House) -> None:
    house.there.branches["topic"] = OTHER_SHA
    house.deliver(pull_request())
    house.clock.advance(UNSEEN_FOR)
    house.plan("delivery-1")
    jobs = house.jobs(house.build(house.delivery("delivery-1").build))
    assert jobs["lint"].reason is Reason.REFUSED
    assert "no longer stands" in jobs["lint"].detail


# Mistakes


def test_mistakes_become_a_check_with_annotations_on_their_lines() -> None:
    house = House(BROKEN)
    build = house.planned(push())
    (job,) = house.jobs(build).values()
    assert (job.spec.name, job.reason, build.is_over) == ("config", Reason.CONFIG, True)
    result = read_result(house.blobs, job)
    assert result is not None
    assert {finding.path for finding in result.findings} == {CONFIG_PATH}
    assert 3 in {finding.start_line for finding in result.findings}
    assert {finding.level for finding in result.findings} == {Level.FAILURE}
    assert result.findings_total == len(result.findings)
    assert result.tail[0].startswith(f"{CONFIG_PATH}:")
    assert job.detail.endswith("; nothing was run.")


def test_the_same_mistakes_are_shown_once() -> None:
    house = House(BROKEN)
    first = house.planned(push())
    assert house.planned(push(delivery="delivery-2")).id == first.id
    assert house.planned(pull_request(delivery="delivery-3")).id == first.id


def test_a_file_that_can_not_be_read_is_a_mistake_too(house: House) -> None:
    class Large:
        """Source.file as GitHub answers for more than a megabyte."""

        def file(self, *_: object) -> bytes:
            raise UserError(".dishwasher.yml is larger than 1048576 bytes; make it smaller")

    house.deliver(push())
    replace(house.plan, source=Large())("delivery-1")  # type: ignore[arg-type]
    (job,) = house.jobs(house.build(house.delivery("delivery-1").build)).values()
    assert (job.reason, job.detail) == (
        Reason.CONFIG,
        ".dishwasher.yml has 1 mistake; nothing was run.",
    )
    result = read_result(house.blobs, job)
    assert result is not None
    assert "larger than 1048576" in result.findings[0].message


# Where changes begin


@pytest.mark.parametrize(
    ("event", "base"),
    [
        (push(), BASE_SHA),
        (push(branch="topic", sha=OTHER_SHA), SHA),
        (push(before=NO_COMMIT), ""),
        (push(branch="main", before=NO_COMMIT, sha=OTHER_SHA), SHA),
        (pull_request(), BASE_SHA),
    ],
)
def test_a_build_that_judges_added_lines_knows_where_they_begin(event: Event, base: str) -> None:
    house = House(SPELLING)
    assert house.planned(event).base_sha == base


def test_commits_without_a_common_history_are_new_throughout() -> None:
    house = House(SPELLING)
    house.there.parents[SHA] = ()
    assert house.planned(pull_request()).base_sha == ""


@pytest.mark.parametrize("trouble", [Trouble.GONE, Trouble.REJECTED])
@pytest.mark.parametrize(
    ("event", "base"),
    [
        (push(branch="topic", sha=OTHER_SHA), BASE_SHA),
        (push(branch="topic", sha=OTHER_SHA, before=NO_COMMIT), ""),
        (pull_request(), BASE_SHA),
    ],
)
def test_a_comparison_that_github_refuses_leaves_nothing_unbuilt(
    event: Event, base: str, trouble: Trouble
) -> None:
    house = House(SPELLING)
    house.forge.plan("compare", trouble)
    assert house.planned(event).base_sha == base


def test_a_comparison_that_keeps_failing_is_done_without() -> None:
    house = House(SPELLING)
    house.forge.plan("compare", Trouble.UNSENT, Trouble.UNSENT)
    event = push(branch="topic", sha=OTHER_SHA)
    house.deliver(event)
    with pytest.raises(InfraError):
        house.plan(event.delivery)
    house.clock.advance(UNSEEN_FOR)
    house.plan(event.delivery)
    (build,) = builds(house)
    assert build.base_sha == BASE_SHA


def test_a_build_that_does_not_ask_pays_no_call_for_it(house: House) -> None:
    assert house.planned(pull_request()).base_sha == ""
    assert "compare" not in house.forge.calls


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
    again = house.planned(pull_request(delivery="reopened-1"))
    assert again.id != first.id and not house.build(again.id).is_over
    assert house.planned(pull_request(delivery="reopened-2")).id == again.id
    assert len(builds(house)) == 2


def test_a_pull_request_closed_after_its_checks_counts_as_built(house: House) -> None:
    first = house.planned(pull_request())
    for job in house.jobs(first).values():
        over = conclude(house.job(job), Reason.OK, "", house.clock.now())
        house.store.save(over)
    reason(house, CLOSED)
    assert house.planned(pull_request(delivery="reopened-1")).id == first.id


def test_a_job_that_ends_while_it_is_cancelled_keeps_its_verdict(house: House) -> None:
    build = house.planned(pull_request())
    lint = house.jobs(build)["lint"]
    house.started(lint)
    over = replace(house.job(lint), state=State.CONCLUDED, reason=Reason.OK)
    house.store.interrupt(lambda: house.store.save(over))
    house.deliver(CLOSED)
    house.plan("closed-1")
    assert house.job(lint).reason is Reason.OK


# When GitHub fails


def test_a_repository_that_is_gone_plans_nothing(house: House) -> None:
    house.forge.remove(REPOSITORY)
    assert "gone" in reason(house, push())


def test_a_request_that_github_calls_invalid_is_not_repeated(house: House) -> None:
    house.forge.plan("file", Trouble.REJECTED)
    assert reason(house, push()) == "file: invalid"


def test_a_commit_that_is_not_visible_yet_is_looked_for_two_minutes(house: House) -> None:
    unknown = push(sha="9" * 40)
    house.deliver(unknown)
    with pytest.raises(Unseen):
        house.plan("delivery-1")
    assert house.delivery("delivery-1").stage is Stage.RECEIVED
    house.clock.advance(UNSEEN_FOR)
    house.plan("delivery-1")
    assert house.delivery("delivery-1").stage is Stage.IGNORED


@pytest.mark.parametrize(
    ("trouble", "fault"), [(Trouble.BEFORE, InfraError), (Trouble.THROTTLED, Throttled)]
)
def test_an_outage_is_waited_out_for_three_days(
    house: House, trouble: Trouble, fault: type[InfraError]
) -> None:
    house.forge.plan("file", trouble, trouble)
    house.deliver(push())
    with pytest.raises(fault):
        house.plan("delivery-1")
    assert house.delivery("delivery-1").due > 0
    house.clock.advance(GIVE_UP_AFTER)
    house.plan("delivery-1")
    assert house.delivery("delivery-1").reason.startswith("given up after three days: ")


def test_filters_that_take_for_ever_are_a_mistake_of_the_file() -> None:
    house = House(b"checks:\n  docs: {run: make, when: {branch: ['*a', '*b', '*c']}}\n")
    house.clock.pace = 2.0
    build = house.planned(push())
    assert {name: job.reason for name, job in house.jobs(build).items()} == {
        "config": Reason.CONFIG
    }
