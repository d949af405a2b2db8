from __future__ import annotations

import pytest
from dishwasher.core.bill import Bill
from dishwasher.core.config import JobSpec, Kind
from dishwasher.core.job import CONCLUSION, Reason, State
from dishwasher.web.line import job_line
from dishwasher.web.tone import TONE, Tone

from tests.fakes.clock import NOON
from tests.web.sample import job


@pytest.mark.parametrize("reason", Reason)
def test_a_finished_job_says_how_it_ended(reason: Reason) -> None:
    line = job_line(
        job(state=State.CONCLUDED, reason=reason, started=NOON - 90, ended=NOON - 10), NOON
    )
    assert line.over and line.tone is TONE[CONCLUSION[reason]]
    assert line.word and line.time == "1 min 20 s"


def test_a_running_job_says_for_how_long() -> None:
    line = job_line(job(), NOON)
    assert (line.tone, line.word, line.time, line.over) == (Tone.RUN, "Running", "20 s", False)


def test_a_waiting_job_has_no_time() -> None:
    line = job_line(job(state=State.BLOCKED, started=0.0), NOON)
    assert (line.tone, line.word, line.time) == (Tone.WAIT, "Waits for other jobs", "")


def test_a_cost_is_shown_where_there_is_one() -> None:
    assert job_line(job(bill=Bill(spent=0.0083)), NOON).cost == "about 0.0083 USD"
    assert job_line(job(), NOON).cost == ""


def test_deployments_and_retries_are_told() -> None:
    deployment = job(spec=JobSpec("staging", Kind.DEPLOYMENT, 1), lost_retries=1, attempt=2)
    line = job_line(deployment, NOON)
    assert line.deployment and line.attempt == 2 and "lost its runner" in line.retries
    assert "smaller runner" in job_line(job(outgrown="It grew."), NOON).retries
    assert "did not come up" in job_line(job(infra_retries=1), NOON).retries
    assert job_line(job(), NOON).retries == ""
