"""How a thing looks: the colour and the icon of each state, conclusion and level."""

from __future__ import annotations

from enum import StrEnum

from dishwasher.core.findings import Level
from dishwasher.core.job import Conclusion, Job, State


class Tone(StrEnum):
    """How a thing looks: its colour and its icon."""

    GOOD = "good"
    BAD = "bad"
    WARN = "warn"
    NOTE = "note"
    RUN = "run"
    WAIT = "wait"
    STOP = "stop"


TONE = {
    Conclusion.SUCCESS: Tone.GOOD,
    Conclusion.FAILURE: Tone.BAD,
    Conclusion.TIMED_OUT: Tone.BAD,
    Conclusion.ACTION_REQUIRED: Tone.WARN,
    Conclusion.NEUTRAL: Tone.NOTE,
    Conclusion.CANCELLED: Tone.STOP,
    Conclusion.SKIPPED: Tone.STOP,
}
CONCLUDED = {
    Conclusion.SUCCESS: "Passed",
    Conclusion.FAILURE: "Failed",
    Conclusion.TIMED_OUT: "Timed out",
    Conclusion.ACTION_REQUIRED: "Waits for you",
    Conclusion.NEUTRAL: "Advice",
    Conclusion.CANCELLED: "Cancelled",
    Conclusion.SKIPPED: "Skipped",
}
WORD = {
    State.BLOCKED: "Waits for other jobs",
    State.QUEUED: "Queued",
    State.STARTING: "Starting",
    State.RUNNING: "Running",
}
LEVEL = {Level.FAILURE: Tone.BAD, Level.WARNING: Tone.WARN, Level.NOTICE: Tone.NOTE}


def of_job(job: Job) -> Tone:
    """Its conclusion's, or that of being under way."""
    if job.conclusion is not None:
        return TONE[job.conclusion]
    return Tone.RUN if job.state in (State.STARTING, State.RUNNING) else Tone.WAIT


def unfinished(job: Job) -> Tone:
    """What has no end yet runs, unless the job is over: then nobody saw its end."""
    return Tone.STOP if job.is_over else Tone.RUN
