from __future__ import annotations

from dataclasses import replace

import pytest
from dishwasher.core.job import Reason, State
from dishwasher.web.timeline import ROUND, TICKS, timeline
from dishwasher.web.tone import Tone

from tests.fakes.clock import NOON
from tests.web.sample import job

LINT = job(created=NOON - 100, started=NOON - 90, ended=NOON - 60, state=State.CONCLUDED)
LINT = replace(LINT, reason=Reason.OK)
TESTS = replace(job(created=NOON - 100, started=NOON - 50), id="b1-1")
WAITS = replace(job(created=NOON - 100, started=0.0, state=State.BLOCKED), id="b1-2")


def test_bars_show_who_waited_and_who_ran() -> None:
    shown = timeline((LINT, TESTS, WAITS), NOON)
    assert shown is not None and shown.total == "1 min 40 s"
    lint, tests, waits = shown.bars
    assert (lint.wait_at, lint.wait, lint.at, lint.width) == (0.0, 10.0, 10.0, 30.0)
    assert (lint.tone, lint.words) == (Tone.GOOD, "waited 10 s, ran 30 s")
    assert (tests.wait, tests.at, tests.width, tests.tone) == (50.0, 50.0, 50.0, Tone.RUN)
    assert (waits.wait, waits.width, waits.words) == (100.0, 0.0, "waited 1 min 40 s")
    assert [tick.label for tick in shown.ticks] == ["0", "30 s", "1 min", "1 min 30 s"]


def test_one_job_or_none_that_ran_needs_no_picture() -> None:
    assert timeline((LINT,), NOON) is None
    assert timeline((WAITS, WAITS), NOON) is None


def test_nothing_leaves_the_picture() -> None:
    quick = replace(LINT, started=NOON - 60, ended=NOON - 60)
    odd = replace(LINT, created=NOON - 10, started=NOON - 20, ended=NOON - 30)
    for jobs in ((quick, LINT), (odd, quick), (quick, quick)):
        shown = timeline(jobs, NOON)
        assert shown is not None
        for bar in shown.bars:
            assert bar.width > 0 and bar.at + bar.width <= 100 and bar.wait >= 0


@pytest.mark.parametrize("length", [0.5, 7, 61, 599, 3600, 20_000, 86_400, 6_000_000])
def test_the_axis_has_few_marks(length: float) -> None:
    end = replace(LINT, created=0.0, started=0.0, ended=length)
    shown = timeline((end, replace(end, started=length / 2)), length)
    assert shown is not None and shown.ticks[0].label == "0"
    assert 1 <= len(shown.ticks) <= TICKS + 4 and ROUND[-1] == 86_400
    assert all(0 <= tick.at <= 100 for tick in shown.ticks)
