"""The life of a job, by example and as a state machine that Hypothesis drives."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dishwasher.core import job as jobs
from dishwasher.core.config import Kind
from dishwasher.core.job import (
    ALLOWED,
    CONCLUSION,
    INFRA_RETRIES,
    LIVE,
    LOST_RETRIES,
    MEETS_A_NEED,
    REPORT_AFTER,
    Conclusion,
    Job,
    Reason,
    State,
    Timing,
    conclude,
    parse_attempt,
    stop,
)
from dishwasher.errors import Refused
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.fakes.clock import NOON
from tests.samples import deployment, job, spec

TIMING = Timing()


def starting(**values: object) -> Job:
    return jobs.claim(job(**values), "code", NOON, TIMING)


def running(**values: object) -> Job:
    return jobs.start(starting(**values), NOON, TIMING)


def test_every_reason_has_a_conclusion_and_none_that_lets_unchecked_work_merge() -> None:
    assert set(CONCLUSION) == set(Reason)
    lets_merge = {Conclusion.SUCCESS, Conclusion.NEUTRAL, Conclusion.SKIPPED}
    meets = {reason for reason, conclusion in CONCLUSION.items() if conclusion in lets_merge}
    assert meets == MEETS_A_NEED | {Reason.FILTERED}


def test_an_attempt_is_named_by_its_job_and_number() -> None:
    one = job(id="build-3", attempt=12)
    assert one.attempt_id == "build-3.12"
    assert parse_attempt(one.attempt_id) == ("build-3", 12)


@pytest.mark.parametrize(
    "text", ["", "build-3", "build-3.", ".1", "build-3.x", "build-3.-1", "b.²", "b.1234567890"]
)
def test_anything_else_is_not_the_id_of_an_attempt(text: str) -> None:
    with pytest.raises(Refused, match="not the id of an attempt"):
        parse_attempt(text)


def test_a_job_is_found_by_its_build_and_by_its_deadline() -> None:
    assert (job().group, job().due) == ("build", NOON)
    assert jobs.block(job(), NOON, TIMING).due == NOON + TIMING.start
    assert jobs.queue(job(), NOON, TIMING).due == NOON + TIMING.start
    assert jobs.look_again(job(), NOON + 5, TIMING).due == NOON + 5 + TIMING.start


@pytest.mark.parametrize("state", sorted(set(State) - {State.QUEUED}))
def test_only_a_queued_job_is_claimed(state: State) -> None:
    with pytest.raises(Refused, match=f"the job is {state}"):
        jobs.claim(job(state=state), "code", NOON, TIMING)


def test_a_claim_is_a_new_attempt_with_a_code_and_no_token() -> None:
    claimed = jobs.claim(job(attempt=2, token="old"), "code", NOON, TIMING)
    assert (claimed.state, claimed.attempt) == (State.STARTING, 3)
    assert (claimed.code, claimed.token) == ("code", "")
    assert claimed.deadline == NOON + TIMING.start


def test_a_code_is_used_up_by_its_redemption() -> None:
    redeemed = jobs.redeem(starting(), "token")
    assert (redeemed.code, redeemed.token) == ("", "token")


@pytest.mark.parametrize("state", sorted(State))
def test_only_the_live_attempt_is_heard(state: State) -> None:
    one = job(state=state, attempt=2)
    for attempt in (1, 2, 3):
        if state in LIVE and attempt == 2:
            jobs.fence(one, attempt)
        else:
            with pytest.raises(Refused, match="this attempt is over"):
                jobs.fence(one, attempt)


def test_a_start_gives_a_lease_and_its_repetition_no_longer_one() -> None:
    started = running()
    assert (started.state, started.started) == (State.RUNNING, NOON)
    assert started.deadline == NOON + TIMING.lease
    assert jobs.start(started, NOON + 30, TIMING) == started


def test_a_beat_renews_the_lease_once_the_ticket_is_taken() -> None:
    assert jobs.beat(running(), NOON + 20, TIMING).deadline == NOON + 20 + TIMING.lease
    assert jobs.beat(starting(), NOON + 20, TIMING) == starting()
    checking_out = jobs.redeem(starting(), "digest")
    assert jobs.beat(checking_out, NOON + 20, TIMING).deadline == NOON + 20 + TIMING.lease


def test_a_clock_that_is_set_back_takes_no_lease_away() -> None:
    assert jobs.beat(running(), NOON - 600, TIMING).deadline == NOON + TIMING.lease


def test_the_end_forgets_the_keys_and_stays_due_until_it_is_reported() -> None:
    over = jobs.conclude(jobs.redeem(running(), "token"), Reason.FAILED, "exit 1", NOON + 9)
    assert (over.is_over, over.conclusion, over.detail) == (True, Conclusion.FAILURE, "exit 1")
    assert (over.code, over.token, over.ended) == ("", "", NOON + 9)
    assert over.due == NOON + 9 + REPORT_AFTER
    assert jobs.reported(over).due == 0
    assert running().conclusion is None


def test_nothing_changes_a_conclusion() -> None:
    over = jobs.conclude(running(), Reason.OK, "", NOON)
    assert jobs.conclude(over, Reason.FAILED, "late", NOON + 1) == over
    assert jobs.expire(over, NOON + 1, TIMING) == over
    assert jobs.start(over, NOON + 1, TIMING) == over
    assert jobs.beat(over, NOON + 1, TIMING) == over


def test_an_attempt_that_dies_before_the_first_command_is_repeated_twice() -> None:
    one = starting()
    for retries in range(1, INFRA_RETRIES + 1):
        one = jobs.expire(one, NOON, TIMING)
        assert (one.state, one.infra_retries, one.code) == (State.QUEUED, retries, "")
        one = jobs.claim(one, "code", NOON, TIMING)
    one = jobs.expire(one, NOON, TIMING, "no memory")
    assert (one.reason, one.detail) == (
        Reason.INFRA,
        "No runner came up in 3 attempts. no memory",
    )


def test_a_deployment_that_did_not_start_is_repeated_like_a_check() -> None:
    assert jobs.expire(starting(spec=deployment()), NOON, TIMING).state is State.QUEUED


def test_a_check_whose_runner_was_lost_is_repeated_once() -> None:
    again = jobs.expire(running(), NOON, TIMING)
    assert (again.state, again.lost_retries) == (State.QUEUED, LOST_RETRIES)
    again = jobs.start(jobs.claim(again, "code", NOON, TIMING), NOON, TIMING)
    over = jobs.expire(again, NOON, TIMING)
    assert (over.reason, over.detail) == (
        Reason.LOST,
        "The runner was lost 2 times while the job ran.",
    )


@pytest.mark.parametrize("cancel", [False, True])
def test_a_deployment_whose_runner_was_lost_is_never_repeated(cancel: bool) -> None:
    over = jobs.expire(running(spec=deployment(), cancel=cancel), NOON, TIMING)
    assert over.reason is Reason.UNKNOWN_EFFECT
    assert "re-run this check" in over.detail


@pytest.mark.parametrize("cancel", [False, True])
def test_a_check_that_may_have_had_effects_is_never_repeated(cancel: bool) -> None:
    careful = spec(repeatable=False)
    over = jobs.expire(running(spec=careful, cancel=cancel), NOON, TIMING)
    assert over.reason is Reason.UNKNOWN_EFFECT
    assert "may have had effects" in over.detail
    assert jobs.expire(starting(spec=careful), NOON, TIMING).state is State.QUEUED


@pytest.mark.parametrize("reason", Reason)
def test_a_job_that_may_fail_makes_advice_of_its_failure_and_of_nothing_else(
    reason: Reason,
) -> None:
    over = jobs.conclude(running(spec=spec(allow_failure=True)), reason, "It broke.", NOON)
    if reason in (Reason.FAILED, Reason.TIMED_OUT, Reason.LOST, Reason.INFRA):
        assert (over.conclusion, over.detail) == (Conclusion.NEUTRAL, f"{ALLOWED} It broke.")
        assert over.reason in MEETS_A_NEED
    else:
        assert (over.reason, over.detail) == (reason, "It broke.")


def test_a_cancelled_job_is_not_repeated() -> None:
    for one in (starting(cancel=True), running(cancel=True)):
        assert jobs.expire(one, NOON, TIMING).reason is Reason.CANCELLED


@pytest.mark.parametrize("state", [State.BLOCKED, State.QUEUED])
def test_only_an_attempt_can_expire(state: State) -> None:
    assert jobs.expire(job(state=state), NOON, TIMING) == job(state=state)


class JobMachine(RuleBasedStateMachine):
    """Dispatcher, runners of all attempts (dead ones speak too), canceller and reaper."""

    @initialize(kind=st.sampled_from(Kind))
    def create(self, kind: Kind) -> None:
        self.now = NOON
        self.seen = self.job = job(spec=replace(job().spec, kind=kind))
        self.started: list[int] = []
        self.attempts = 0

    @rule(seconds=st.floats(-600, 600))
    def time(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def claim(self) -> None:
        if self.job.state is State.QUEUED:
            self.attempts += 1
            self.job = jobs.claim(self.job, f"code {self.attempts}", self.now, TIMING)

    def heard(self, attempt: int) -> bool:
        try:
            jobs.fence(self.job, attempt)
        except Refused:
            return False
        return True

    @rule(attempt=st.integers(1, 5))
    def redeem(self, attempt: int) -> None:
        if self.heard(attempt) and self.job.code == f"code {attempt}":
            self.job = jobs.redeem(self.job, f"token {attempt}")

    @rule(attempt=st.integers(1, 5))
    def start(self, attempt: int) -> None:
        if self.heard(attempt) and self.job.token == f"token {attempt}":
            if self.job.state is State.STARTING:
                self.started.append(attempt)
            self.job = jobs.start(self.job, self.now, TIMING)

    @rule(attempt=st.integers(1, 5))
    def beat(self, attempt: int) -> None:
        if self.heard(attempt) and self.job.token == f"token {attempt}":
            before = self.job.deadline
            self.job = jobs.beat(self.job, self.now, TIMING)
            assert self.job.deadline >= before

    @rule(attempt=st.integers(1, 5), reason=st.sampled_from([Reason.OK, Reason.FAILED]))
    def conclude(self, attempt: int, reason: Reason) -> None:
        if self.heard(attempt) and self.job.token == f"token {attempt}":
            self.job = jobs.conclude(self.job, reason, "", self.now)

    @rule()
    def cancel(self) -> None:
        self.job = replace(self.job, cancel=True)

    @precondition(lambda self: self.job.due and self.job.due <= self.now)
    @rule()
    def reap(self) -> None:
        self.job = jobs.expire(self.job, self.now, TIMING)

    @rule()
    def expire(self) -> None:
        """The fleet says that the runner is gone."""
        self.job = jobs.expire(self.job, self.now, TIMING)

    @invariant()
    def the_fencing_number_never_falls(self) -> None:
        assert self.job.attempt >= self.seen.attempt
        assert self.job.attempt == self.attempts

    @invariant()
    def a_conclusion_never_changes(self) -> None:
        if self.seen.is_over:
            assert (self.job.state, self.job.reason) == (self.seen.state, self.seen.reason)
        self.seen = self.job

    @invariant()
    def a_deployment_starts_at_most_once(self) -> None:
        if self.job.spec.kind is Kind.DEPLOYMENT:
            assert len(self.started) <= 1
            assert not (self.started and self.job.state in (State.QUEUED, State.STARTING))

    @invariant()
    def attempts_are_bounded(self) -> None:
        assert self.attempts <= 1 + INFRA_RETRIES + LOST_RETRIES
        assert len(self.started) <= 1 + LOST_RETRIES

    @invariant()
    def the_reaper_knows_it_until_it_is_reported(self) -> None:
        assert self.job.due > 0

    @invariant()
    def a_reason_belongs_to_an_end(self) -> None:
        assert self.job.is_over == (self.job.reason is not None)


def test_no_order_of_events_breaks_the_rules() -> None:
    run_state_machine_as_test(
        JobMachine, settings=settings(max_examples=150, stateful_step_count=30, deadline=None)
    )


def test_what_has_ended_or_is_ending_is_not_stopped_again() -> None:
    over = conclude(job(), Reason.OK, "", 1.0)
    assert stop(over, Reason.SUPERSEDED, "newer", 2.0) == over
    ending = stop(job(state=State.RUNNING), Reason.SUPERSEDED, "newer", 2.0)
    assert (ending.cancel, ending.cancel_as, ending.cancel_why) == (
        True,
        Reason.SUPERSEDED,
        "newer",
    )
    assert stop(ending, Reason.CANCELLED, "closed", 3.0) == ending


def test_a_job_without_a_check_run_says_why_and_where_it_runs() -> None:
    assert job().apart == ""
    assert "/jobs/other-1" in job(mirrors="other-1", silent=True).apart
    assert "no check run" in job(silent=True).apart


def test_a_report_is_put_off_only_for_what_is_to_be_reported() -> None:
    over = conclude(job(), Reason.OK, "", NOON)
    assert jobs.reported_later(over, NOON + 99).deadline == NOON + 99
    assert jobs.reported_later(over, NOON + 1) == over
    assert jobs.reported_later(over, 0.0).deadline == 0.0
    for other in (job(), jobs.reported(over)):
        assert jobs.reported_later(other, NOON + 99) == other
