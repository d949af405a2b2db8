from __future__ import annotations

from dishwasher.core.job import Reason, State
from dishwasher.core.result import PhaseResult, Progress, Result, StepResult
from dishwasher.web import steps
from dishwasher.web.tone import Tone

from tests.fakes.clock import NOON
from tests.web.sample import job

PHASES = (
    PhaseResult("checkout", Reason.OK, NOON - 20, 1.5),
    PhaseResult(
        "build",
        None,
        NOON - 15,
        steps=(
            StepResult("make lint", 0, NOON - 15, 5.0, 0, 10),
            StepResult("make one\nmake two", 3, NOON - 10, 2.0, 10, 20, False, 1.5, 3 * 10**8),
            StepResult("sleep 1000", None, NOON - 8, 2.0, 20, 30),
            StepResult("x" * 300, None, NOON - 5),
        ),
    ),
)


def test_phases_of_a_running_job() -> None:
    checkout, build = steps.phases(job(), None, Progress(PHASES), NOON)
    assert (checkout.tone, checkout.time, checkout.open) == (Tone.GOOD, "1.5 s", False)
    assert (build.tone, build.time, build.open) == (Tone.RUN, "15 s", True)
    lint, make, sleep, long = build.steps
    assert (lint.id, lint.tone, lint.exit, lint.time, lint.script) == (
        "s2-1",
        Tone.GOOD,
        "",
        "5.0 s",
        "",
    )
    assert (make.tone, make.title, make.exit) == (Tone.BAD, "make one", "exit 3")
    assert make.script == "make one\nmake two"
    assert make.used == "1.5 s of processor time, 300 MB of memory at most"
    assert sleep.used == ""
    assert (sleep.tone, sleep.exit) == (Tone.STOP, "stopped")
    assert (long.tone, long.time) == (Tone.RUN, "5.0 s")
    assert len(long.title) == steps.COMMAND_LIMIT + 1 and long.script == "x" * 300


def test_what_never_ended_does_not_run_for_ever() -> None:
    over = job(state=State.CONCLUDED, reason=Reason.LOST, ended=NOON)
    build = steps.phases(over, None, Progress(PHASES), NOON + 1000)[1]
    assert (build.tone, build.time) == (Tone.STOP, "")
    assert (build.steps[3].tone, build.steps[3].time) == (Tone.STOP, "")


def test_the_result_outweighs_the_progress() -> None:
    result = Result(Reason.OK, "", PHASES[:1])
    assert len(steps.phases(job(), result, Progress(PHASES), NOON)) == 1
    assert steps.phases(job(), None, None, NOON) == ()


def test_an_empty_command() -> None:
    phase = PhaseResult("build", Reason.OK, steps=(StepResult("\n \n", 0),))
    assert steps.phases(job(), None, Progress((phase,)), NOON)[0].steps[0].title == "(empty)"


def test_a_step_in_the_background_has_not_stopped_and_a_second_try_is_named() -> None:
    left = (StepResult("serve", None, log_end=1, background=True),)
    again = PhaseResult("build", Reason.OK, steps=left, tries=2)
    tries = (PhaseResult("build", Reason.FAILED), again)
    first, second = steps.phases(job(), None, Progress(tries), NOON)
    assert (first.name, second.name) == ("build", "build, try 2")
    assert (second.steps[0].tone, second.steps[0].exit) == (Tone.GOOD, "left running")
