from __future__ import annotations

from dishwasher.core.step import OnFailure, Phase, Shell, Step

from tests.samples import spec


def test_a_phase_stops_the_job_unless_it_says_otherwise() -> None:
    phase = Phase("test", (Step("make"),))
    assert (phase.on_failure, phase.keep_going, phase.retries) == (OnFailure.STOP, False, 0)


def test_the_steps_of_a_job_come_with_what_closes_their_phase() -> None:
    first = Phase("install", (Step("a"),), closing=(Step("b"),))
    job = spec(phases=(first, Phase("build", (Step("c"),))))
    assert [step.command for step in job.steps] == ["a", "b", "c"]
    assert job.shell is Shell.STRICT
