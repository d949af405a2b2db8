"""A result becomes a verdict: once, from the live attempt, in the server's words (19, 22, 45)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dishwasher.core.deploy import Environment, environment_id
from dishwasher.core.job import Job, Reason, State
from dishwasher.core.outcome import FAILING_KEPT, Status, TestCase, TestSummary
from dishwasher.core.result import FINDINGS_KEPT, Result
from dishwasher.errors import Refused, UserError
from dishwasher.flow.keep import read_result
from dishwasher.flow.settle import FROM_A_RUNNER, MAX_DETAIL
from dishwasher.ports import Topic

from tests.flow.house import House
from tests.samples import finding, push


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def lint(house: House) -> Job:
    return house.jobs(house.planned(push()))["lint"]


def test_a_verdict_is_kept_with_its_result_and_lets_the_next_job_go(
    house: House, lint: Job
) -> None:
    house.rung(Topic.JOBS)
    over = house.ended(lint, Reason.OK, findings=(finding(),), findings_total=1)
    assert (over.reason, over.detail, over.ended) == (
        Reason.OK,
        "it ended as ok",
        house.clock.now(),
    )
    result = read_result(house.blobs, over)
    assert result is not None
    assert result.findings == (finding(),)
    tests = house.jobs(house.build(lint.build))["tests"]
    assert tests.state is State.QUEUED
    assert house.rung(Topic.JOBS) == [tests.id]
    assert house.rung(Topic.REPORTS) == [lint.build]


def test_the_result_is_there_before_the_verdict_can_be_seen(house: House, lint: Job) -> None:
    token = house.started(lint)
    seen: list[bool] = []
    house.store.interrupt(
        lambda: seen.append(read_result(house.blobs, house.job(lint)) is not None)
    )
    house.settle(f"{lint.id}.1", token, Result(Reason.OK, ""))
    assert seen == [True]


@pytest.mark.parametrize("reason", sorted(set(Reason) - FROM_A_RUNNER))
def test_what_only_the_server_decides_a_runner_can_not_bring(
    house: House, lint: Job, reason: Reason
) -> None:
    token = house.started(lint)
    with pytest.raises(UserError, match="not a result that a runner may bring"):
        house.settle(f"{lint.id}.1", token, Result(reason, ""))
    assert house.job(lint).state is State.RUNNING


def test_a_result_has_as_many_findings_as_are_kept(house: House, lint: Job) -> None:
    token = house.started(lint)
    many = (finding(),) * (FINDINGS_KEPT + 1)
    with pytest.raises(UserError):
        house.settle(f"{lint.id}.1", token, Result(Reason.FAILED, "", findings=many))
    house.settle(f"{lint.id}.1", token, Result(Reason.FAILED, "", findings=many[1:]))
    assert house.job(lint).reason is Reason.FAILED


def test_a_result_has_as_many_failing_tests_as_are_kept(house: House, lint: Job) -> None:
    token = house.started(lint)
    many = (TestCase("s", "C", "test_a", Status.FAILED),) * (FAILING_KEPT + 1)
    too_many, enough = TestSummary(failed=200, failing=many), TestSummary(failing=many[1:])
    with pytest.raises(UserError):
        house.settle(f"{lint.id}.1", token, Result(Reason.FAILED, "", tests=too_many))
    house.settle(f"{lint.id}.1", token, Result(Reason.FAILED, "", tests=enough))
    assert house.job(lint).reason is Reason.FAILED


def test_a_second_result_changes_nothing(house: House, lint: Job) -> None:
    token = house.started(lint)
    house.settle(f"{lint.id}.1", token, Result(Reason.FAILED, "first"))
    with pytest.raises(Refused):
        house.settle(f"{lint.id}.1", token, Result(Reason.OK, "second"))
    assert (house.job(lint).reason, house.job(lint).detail) == (Reason.FAILED, "first")


def test_a_result_that_comes_when_the_attempt_was_given_up_is_refused(
    house: House, lint: Job
) -> None:
    token = house.started(lint)
    house.store.interrupt(lambda: house.reap.ended(f"{lint.id}.1"))
    with pytest.raises(Refused, match="this attempt is over"):
        house.settle(f"{lint.id}.1", token, Result(Reason.OK, ""))
    assert house.job(lint).state is State.QUEUED


def test_a_row_keeps_a_sentence_and_not_a_novel(house: House, lint: Job) -> None:
    assert len(house.ended(lint, Reason.FAILED, detail="x" * 400_000).detail) == MAX_DETAIL


def test_trouble_of_ours_before_the_first_command_is_tried_again(house: House, lint: Job) -> None:
    for attempt in (1, 2, 3):
        claimed = house.claimed(lint)
        result = Result(Reason.INFRA, "git could not fetch")
        house.settle(f"{lint.id}.{attempt}", claimed.token, result)
    over = house.job(lint)
    assert (over.reason, over.infra_retries) == (Reason.INFRA, 2)
    assert over.detail.endswith("git could not fetch")


def test_trouble_of_ours_after_the_first_command_is_the_end(house: House, lint: Job) -> None:
    assert house.ended(lint, Reason.INFRA).reason is Reason.INFRA


def cancel(house: House, one: Job) -> None:
    house.store.save(replace(house.job(one), cancel=True))


@pytest.mark.parametrize(
    ("reason", "kept"),
    [
        (Reason.OK, Reason.OK),
        (Reason.FAILED, Reason.CANCELLED),
        (Reason.CANCELLED, Reason.CANCELLED),
        (Reason.INFRA, Reason.CANCELLED),
    ],
)
@pytest.mark.parametrize("started", [True, False])
def test_a_cancelled_job_ends_cancelled_unless_it_was_done(
    house: House, lint: Job, started: bool, reason: Reason, kept: Reason
) -> None:
    token = house.started(lint) if started else house.claimed(lint).token
    cancel(house, lint)
    house.settle(f"{lint.id}.1", token, Result(reason, ""))
    assert house.job(lint).reason is kept


@pytest.fixture
def deploying() -> House:
    return House(b"deployments:\n  staging: {branch: main, run: ./deploy.sh}\n")


def environment(house: House) -> Environment:
    return house.found(Environment, environment_id(7, "staging"))


@pytest.mark.parametrize("reason", [Reason.OK, Reason.FAILED])
def test_a_deployment_that_ended_frees_its_environment(deploying: House, reason: Reason) -> None:
    one = deploying.jobs(deploying.planned(push()))["staging"]
    assert deploying.ended(one, reason).reason is reason
    assert (environment(deploying).holder, environment(deploying).unknown) == ("", False)


@pytest.mark.parametrize("reason", sorted(FROM_A_RUNNER - {Reason.OK, Reason.FAILED}))
def test_a_deployment_that_was_broken_off_has_an_unknown_outcome(
    deploying: House, reason: Reason
) -> None:
    one = deploying.jobs(deploying.planned(push()))["staging"]
    over = deploying.ended(one, reason)
    assert over.reason is Reason.UNKNOWN_EFFECT
    assert "Nobody knows how far the deployment came" in over.detail
    assert (environment(deploying).holder, environment(deploying).unknown) == (one.id, True)


def test_a_deployment_that_never_started_is_no_unknown_outcome(deploying: House) -> None:
    one = deploying.jobs(deploying.planned(push()))["staging"]
    claimed = deploying.claimed(one)
    deploying.settle(f"{one.id}.1", claimed.token, Result(Reason.TIMED_OUT, "no checkout"))
    assert deploying.job(one).reason is Reason.TIMED_OUT
    assert environment(deploying).holder == ""
