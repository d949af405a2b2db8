"""What is stored of a job: its name, its ends, and what its page says of it."""

from __future__ import annotations

import pytest
from dishwasher.core.job import CONCLUSION, MEETS_A_NEED, Conclusion, Reason, parse_attempt
from dishwasher.errors import Refused

from tests.fakes.clock import NOON
from tests.samples import job


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


def test_a_job_without_a_check_run_says_why_and_where_it_runs() -> None:
    assert job().apart == ""
    assert "/jobs/other-1" in job(mirrors="other-1", silent=True).apart
    assert "no check run" in job(silent=True).apart
