from __future__ import annotations

from dataclasses import replace

import pytest
from dishwasher.core.config import JobSpec, Kind
from dishwasher.core.job import Job, Reason, State
from dishwasher.web.build import CROWD, build_view, job_lines
from dishwasher.web.tone import Tone

from tests.fakes.clock import NOON
from tests.web.sample import BUILD, job


def over(position: int, reason: Reason) -> Job:
    return job(
        id=f"b1-{position}",
        position=position,
        spec=JobSpec(f"job {position}", Kind.CHECK, 1),
        state=State.CONCLUDED,
        reason=reason,
        ended=NOON - position,
    )


def running(position: int, state: State = State.RUNNING) -> Job:
    started = NOON - 9 if state is State.RUNNING else 0.0
    return replace(over(position, Reason.OK), state=state, reason=None, ended=0.0, started=started)


def test_the_worst_job_decides_and_all_are_counted_the_worst_first() -> None:
    jobs = [over(0, Reason.OK), over(1, Reason.ADVISORY), over(2, Reason.FAILED)]
    view = build_view(BUILD, [*jobs, over(3, Reason.OK), over(4, Reason.AWAITING_APPROVAL)], NOON)
    assert (view.tone, view.word) == (Tone.BAD, "Failed")
    assert view.counts == "1 failed, 1 waits for you, 2 passed, 1 advice"
    assert view.time == "1 min 40 s" and view.over


@pytest.mark.parametrize(
    ("job", "tone", "word", "counts"),
    [
        (running(1), Tone.RUN, "Running", "1 passed, 1 running"),
        (running(1, State.QUEUED), Tone.RUN, "Running", "1 passed, 1 waiting"),
    ],
)
def test_a_build_goes_on_until_its_last_job_is_over(
    job: Job, tone: Tone, word: str, counts: str
) -> None:
    view = build_view(BUILD, [over(0, Reason.OK), job], NOON + 20)
    assert (view.tone, view.word, view.counts) == (tone, word, counts)
    assert view.time == "2 min 0 s" and not view.over


def test_before_its_first_job_a_build_is_queued() -> None:
    view = build_view(BUILD, [running(0, State.QUEUED)], NOON)
    assert (view.tone, view.word, view.counts) == (Tone.WAIT, "Queued", "")


def test_a_stranger_s_build_says_why_it_is_one() -> None:
    assert build_view(BUILD, [], NOON).strange == ""
    assert build_view(replace(BUILD, doubt="A fork."), [], NOON).strange == "A fork."


def test_what_needs_somebody_is_listed_first() -> None:
    reasons = [Reason.OK, Reason.FAILED, Reason.CANCELLED, Reason.REFUSED, Reason.TIMED_OUT]
    jobs = [over(position, reason) for position, reason in enumerate(reasons)]
    names = [line.name for line in job_lines([*jobs, running(5)], NOON)]
    assert names == ["job 1", "job 3", "job 4", "job 0", "job 2", "job 5"]


def test_the_list_of_many_jobs_comes_before_their_timeline() -> None:
    assert not build_view(BUILD, [over(0, Reason.OK)] * CROWD, NOON).crowded
    assert build_view(BUILD, [over(0, Reason.OK)] * (CROWD + 1), NOON).crowded
