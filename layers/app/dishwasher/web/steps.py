"""The phases of a job and their steps, with anchors into its log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dishwasher.core.job import CONCLUSION, Job
from dishwasher.core.rendering import duration, used
from dishwasher.core.result import PhaseResult, Progress, Result, StepResult
from dishwasher.web.tone import TONE, Tone, unfinished

COMMAND_LIMIT = 200
"""Characters of a command's first line that a step's heading shows."""


@dataclass(frozen=True, slots=True)
class StepView:
    id: str
    tone: Tone
    title: str
    script: str
    """The whole command where the title does not say all of it."""
    exit: str
    time: str
    used: str = ""


@dataclass(frozen=True, slots=True)
class PhaseView:
    id: str
    tone: Tone
    name: str
    time: str
    open: bool
    steps: tuple[StepView, ...]


def phases(
    job: Job, result: Result | None, progress: Progress | None, now: float
) -> tuple[PhaseView, ...]:
    known: Sequence[PhaseResult] = result.phases if result else progress.phases if progress else ()
    return tuple(_phase(number, phase, job, now) for number, phase in enumerate(known, 1))


def step_id(phase: int, step: int) -> str:
    """The anchor in the log where a step begins; both count from 1, step 0 is the phase."""
    return f"s{phase}-{step}"


def _phase(number: int, phase: PhaseResult, job: Job, now: float) -> PhaseView:
    steps = tuple(
        _step(step_id(number, place), step, job, now) for place, step in enumerate(phase.steps, 1)
    )
    if phase.reason is not None:
        tone, time = TONE[CONCLUSION[phase.reason]], duration(phase.seconds)
    else:
        tone, time = unfinished(job), _since(phase.started, job, now)
    opened = bool(steps) and tone is not Tone.GOOD
    name = phase.name if phase.tries == 1 else f"{phase.name}, try {phase.tries}"
    return PhaseView(step_id(number, 0), tone, name, time, opened, steps)


def _step(id: str, step: StepResult, job: Job, now: float) -> StepView:
    lines = [line for line in step.command.strip().splitlines() if line.strip()]
    title = lines[0].strip() if lines else "(empty)"
    short = title if len(title) <= COMMAND_LIMIT else title[:COMMAND_LIMIT] + "…"
    script = step.command.strip() if len(lines) > 1 or short != title else ""
    if step.exit_code is None and step.log_end is None:
        return StepView(id, unfinished(job), short, script, "", _since(step.started, job, now))
    if step.background:
        return StepView(id, Tone.GOOD, short, script, "left running", "")
    code = step.exit_code
    tone = Tone.GOOD if code == 0 else Tone.STOP if code is None else Tone.BAD
    said = "stopped" if code is None else f"exit {code}" if code else ""
    return StepView(id, tone, short, script, said, duration(step.seconds), used(step))


def _since(started: float, job: Job, now: float) -> str:
    return duration(now - started) if started and not job.is_over else ""
