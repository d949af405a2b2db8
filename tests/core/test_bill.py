"""core.bill: each attempt of a job is paid for once, and only where a runner came up."""

from __future__ import annotations

import json

import pytest
from dishwasher.core import lifecycle
from dishwasher.core.bill import TERMS, Bill, about, told
from dishwasher.core.codec import decode, encode
from dishwasher.core.job import Job, Reason, State, Timing
from dishwasher.core.price import DATED, REGION, Rate
from dishwasher.core.size import Size

from tests.fakes.clock import NOON
from tests.samples import job

RATE = Rate(second=0.5, start=1.0)
PAID = Size(rate=RATE)
TIMING = Timing()


def hired(**values: object) -> Job:
    """A job whose runner was asked for at noon and has taken its ticket."""
    begun = lifecycle.claim(job(**values), "code", NOON, TIMING, PAID)
    return lifecycle.redeem(begun, "token")


def test_an_attempt_costs_from_when_it_is_asked_for_to_its_end() -> None:
    assert Bill().begun(RATE, NOON).ended(NOON + 10) == Bill(RATE, 0.0, 6.0)


def test_an_end_is_paid_for_once() -> None:
    bill = Bill().begun(RATE, NOON).ended(NOON + 10)
    assert bill.ended(NOON + 99) == bill
    assert bill.unused() == bill


def test_what_costs_nothing_has_no_bill() -> None:
    assert Bill().begun(None, NOON) == Bill()
    assert Bill().ended(NOON) == Bill()


def test_a_conclusion_brings_the_bill() -> None:
    over = lifecycle.conclude(hired(), Reason.OK, "", NOON + 10)
    assert over.bill.spent == 6.0
    assert lifecycle.conclude(over, Reason.FAILED, "", NOON + 99).bill.spent == 6.0


def test_attempts_that_were_lost_are_added_up() -> None:
    again = lifecycle.expire(lifecycle.start(hired(), NOON, TIMING), NOON + 10, TIMING)
    assert (again.state, again.bill.spent, again.bill.since) == (State.QUEUED, 6.0, 0.0)
    second = lifecycle.redeem(
        lifecycle.claim(
            job(state=again.state, attempt=again.attempt, bill=again.bill),
            *("code", NOON + 20, TIMING, PAID),
        ),
        "token",
    )
    assert lifecycle.conclude(second, Reason.OK, "", NOON + 40).bill.spent == 17.0


def test_a_runner_that_never_came_up_is_not_on_the_bill() -> None:
    waits = lifecycle.claim(job(), "code", NOON, TIMING, PAID)
    assert lifecycle.expire(waits, NOON + 90, TIMING).bill.spent == 0.0
    assert lifecycle.unclaim(waits, NOON + 90, NOON + 120).bill == Bill(RATE)


@pytest.mark.parametrize("bill", [Bill(), Bill().begun(RATE, NOON)])
def test_a_bill_is_stored_with_its_job_and_missing_in_older_rows(bill: Bill) -> None:
    row = json.loads(json.dumps(encode(job(bill=bill))))
    assert decode(Job, row).bill == bill
    del row["bill"]
    assert decode(Job, row).bill == Bill()


def test_what_has_cost_nothing_is_not_told() -> None:
    assert about(0.0) == ""
    assert told(0.0, 0.0) == ""
    assert told(0.0, 0.5) == ""


def test_an_estimate_says_that_it_is_one_and_what_it_is_of() -> None:
    assert told(0.0083, 0.0083) == f"Cost about 0.0083 USD: {TERMS}"
    assert (
        told(0.0083, 0.0212) == f"Cost about 0.0083 USD, the whole build about 0.021 USD: {TERMS}"
    )
    assert DATED in TERMS
    assert REGION in TERMS


def test_a_wait_for_a_limit_and_a_move_to_a_larger_runner_are_billed_as_they_were() -> None:
    size = Size("one", rate=RATE)
    begun = lifecycle.claim(job(), "code", NOON, TIMING, size)
    assert begun.bill == Bill(RATE, NOON)
    assert lifecycle.unclaim(begun, NOON + 9, NOON + 60).bill == Bill(RATE)
    moved = lifecycle.outgrow(
        lifecycle.redeem(begun, "token"), "Too small.", size, NOON + 10, TIMING
    )
    assert moved.bill == Bill(RATE, 0.0, 6.0)
