"""The life of a job, by example and as a state machine that Hypothesis drives."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dishwasher.core import lifecycle
from dishwasher.core.config import Kind
from dishwasher.core.job import (
    LIVE,
    MEETS_A_NEED,
    Conclusion,
    Job,
    Reason,
    State,
    Timing,
)
from dishwasher.core.lifecycle import (
    ALLOWED,
    INFRA_RETRIES,
    LOST_RETRIES,
    REPORT_AFTER,
    conclude,
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
    return lifecycle.claim(job(**values), "code", NOON, TIMING)


def running(**values: object) -> Job:
    return lifecycle.start(starting(**values), NOON, TIMING)


def test_the_reaper_looks_when_a_job_has_waited_for_so_long() -> None:
    assert lifecycle.block(job(), NOON, TIMING).due == NOON + TIMING.start
    assert lifecycle.queue(job(), NOON, TIMING).due == NOON + TIMING.start
    assert lifecycle.look_again(job(), NOON + 5, TIMING).due == NOON + 5 + TIMING.start


@pytest.mark.parametrize("state", sorted(set(State) - {State.QUEUED}))
def test_only_a_queued_job_is_claimed(state: State) -> None:
    with pytest.raises(Refused, match=f"the job is {state}"):
        lifecycle.claim(job(state=state), "code", NOON, TIMING)


def test_a_claim_is_a_new_attempt_with_a_code_and_no_token() -> None:
    claimed = lifecycle.claim(job(attempt=2, token="old"), "code", NOON, TIMING)
    assert (claimed.state, claimed.attempt) == (State.STARTING, 3)
    assert (claimed.code, claimed.token) == ("code", "")
    assert claimed.deadline == NOON + TIMING.start


def test_a_code_is_used_up_by_its_redemption() -> None:
    redeemed = lifecycle.redeem(starting(), "token")
    assert (redeemed.code, redeemed.token) == ("", "token")


@pytest.mark.parametrize("state", sorted(State))
def test_only_the_live_attempt_is_heard(state: State) -> None:
    one = job(state=state, attempt=2)
    for attempt in (1, 2, 3):
        if state in LIVE and attempt == 2:
            lifecycle.fence(one, attempt)
        else:
            with pytest.raises(Refused, match="this attempt is over"):
                lifecycle.fence(one, attempt)


def test_a_start_gives_a_lease_and_its_repetition_no_longer_one() -> None:
    started = running()
    assert (started.state, started.started) == (State.RUNNING, NOON)
    assert started.deadline == NOON + TIMING.lease
    assert lifecycle.start(started, NOON + 30, TIMING) == started


def test_a_beat_renews_the_lease_once_the_ticket_is_taken() -> None:
    assert lifecycle.beat(running(), NOON + 20, TIMING).deadline == NOON + 20 + TIMING.lease
    assert lifecycle.beat(starting(), NOON + 20, TIMING) == starting()
    checking_out = lifecycle.redeem(starting(), "digest")
    assert lifecycle.beat(checking_out, NOON + 20, TIMING).deadline == NOON + 20 + TIMING.lease


def test_a_clock_that_is_set_back_takes_no_lease_away() -> None:
    assert lifecycle.beat(running(), NOON - 600, TIMING).deadline == NOON + TIMING.lease


def test_the_end_forgets_the_keys_and_stays_due_until_it_is_reported() -> None:
    over = lifecycle.conclude(
        lifecycle.redeem(running(), "token"), Reason.FAILED, "exit 1", NOON + 9
    )
    assert (over.is_over, over.conclusion, over.detail) == (True, Conclusion.FAILURE, "exit 1")
    assert (over.code, over.token, over.ended) == ("", "", NOON + 9)
    assert over.due == NOON + 9 + REPORT_AFTER
    assert lifecycle.reported(over).due == 0
    assert running().conclusion is None


def test_nothing_changes_a_conclusion() -> None:
    over = lifecycle.conclude(running(), Reason.OK, "", NOON)
    assert lifecycle.conclude(over, Reason.FAILED, "late", NOON + 1) == over
    assert lifecycle.expire(over, NOON + 1, TIMING) == over
    assert lifecycle.start(over, NOON + 1, TIMING) == over
    assert lifecycle.beat(over, NOON + 1, TIMING) == over


def test_an_attempt_that_dies_before_the_first_command_is_repeated_twice() -> None:
    one = starting()
    for retries in range(1, INFRA_RETRIES + 1):
        one = lifecycle.expire(one, NOON, TIMING)
        assert (one.state, one.infra_retries, one.code) == (State.QUEUED, retries, "")
        one = lifecycle.claim(one, "code", NOON, TIMING)
    one = lifecycle.expire(one, NOON, TIMING, "no memory")
    assert (one.reason, one.detail) == (
        Reason.INFRA,
        "No runner came up in 3 attempts. no memory",
    )


def test_a_deployment_that_did_not_start_is_repeated_like_a_check() -> None:
    assert lifecycle.expire(starting(spec=deployment()), NOON, TIMING).state is State.QUEUED


def test_a_check_whose_runner_was_lost_is_repeated_once() -> None:
    again = lifecycle.expire(running(), NOON, TIMING)
    assert (again.state, again.lost_retries) == (State.QUEUED, LOST_RETRIES)
    again = lifecycle.start(lifecycle.claim(again, "code", NOON, TIMING), NOON, TIMING)
    over = lifecycle.expire(again, NOON, TIMING)
    assert (over.reason, over.detail) == (
        Reason.LOST,
        "The runner was lost 2 times while the job ran.",
    )


@pytest.mark.parametrize("cancel", [False, True])
def test_a_deployment_whose_runner_was_lost_is_never_repeated(cancel: bool) -> None:
    over = lifecycle.expire(running(spec=deployment(), cancel=cancel), NOON, TIMING)
    assert over.reason is Reason.UNKNOWN_EFFECT
    assert "re-run this check" in over.detail


@pytest.mark.parametrize("cancel", [False, True])
def test_a_check_that_may_have_had_effects_is_never_repeated(cancel: bool) -> None:
    careful = spec(repeatable=False)
    over = lifecycle.expire(running(spec=careful, cancel=cancel), NOON, TIMING)
    assert over.reason is Reason.UNKNOWN_EFFECT
    assert "may have had effects" in over.detail
    assert lifecycle.expire(starting(spec=careful), NOON, TIMING).state is State.QUEUED


@pytest.mark.parametrize("reason", Reason)
def test_a_job_that_may_fail_makes_advice_of_its_failure_and_of_nothing_else(
    reason: Reason,
) -> None:
    over = lifecycle.conclude(running(spec=spec(allow_failure=True)), reason, "It broke.", NOON)
    if reason in (Reason.FAILED, Reason.TIMED_OUT, Reason.LOST, Reason.INFRA):
        assert (over.conclusion, over.detail) == (Conclusion.NEUTRAL, f"{ALLOWED} It broke.")
        assert over.reason in MEETS_A_NEED
    else:
        assert (over.reason, over.detail) == (reason, "It broke.")


def test_a_cancelled_job_is_not_repeated() -> None:
    for one in (starting(cancel=True), running(cancel=True)):
        assert lifecycle.expire(one, NOON, TIMING).reason is Reason.CANCELLED


@pytest.mark.parametrize("state", [State.BLOCKED, State.QUEUED])
def test_only_an_attempt_can_expire(state: State) -> None:
    assert lifecycle.expire(job(state=state), NOON, TIMING) == job(state=state)


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
            self.job = lifecycle.claim(self.job, f"code {self.attempts}", self.now, TIMING)

    def heard(self, attempt: int) -> bool:
        try:
            lifecycle.fence(self.job, attempt)
        except Refused:
            return False
        return True

    @rule(attempt=st.integers(1, 5))
    def redeem(self, attempt: int) -> None:
        if self.heard(attempt) and self.job.code == f"code {attempt}":
            self.job = lifecycle.redeem(self.job, f"token {attempt}")

    @rule(attempt=st.integers(1, 5))
    def start(self, attempt: int) -> None:
        if self.heard(attempt) and self.job.token == f"token {attempt}":
            if self.job.state is State.STARTING:
                self.started.append(attempt)
            self.job = lifecycle.start(self.job, self.now, TIMING)

    @rule(attempt=st.integers(1, 5))
    def beat(self, attempt: int) -> None:
        if self.heard(attempt) and self.job.token == f"token {attempt}":
            before = self.job.deadline
            self.job = lifecycle.beat(self.job, self.now, TIMING)
            assert self.job.deadline >= before

    @rule(attempt=st.integers(1, 5), reason=st.sampled_from([Reason.OK, Reason.FAILED]))
    def conclude(self, attempt: int, reason: Reason) -> None:
        if self.heard(attempt) and self.job.token == f"token {attempt}":
            self.job = lifecycle.conclude(self.job, reason, "", self.now)

    @rule()
    def cancel(self) -> None:
        self.job = replace(self.job, cancel=True)

    @precondition(lambda self: self.job.due and self.job.due <= self.now)
    @rule()
    def reap(self) -> None:
        self.job = lifecycle.expire(self.job, self.now, TIMING)

    @rule()
    def expire(self) -> None:
        """The fleet says that the runner is gone."""
        self.job = lifecycle.expire(self.job, self.now, TIMING)

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


def test_a_report_is_put_off_only_for_what_is_to_be_reported() -> None:
    over = conclude(job(), Reason.OK, "", NOON)
    assert lifecycle.reported_later(over, NOON + 99).deadline == NOON + 99
    assert lifecycle.reported_later(over, NOON + 1) == over
    assert lifecycle.reported_later(over, 0.0).deadline == 0.0
    for other in (job(), lifecycle.reported(over)):
        assert lifecycle.reported_later(other, NOON + 99) == other
