"""A build as a whole: how it stands, how many jobs ended how, and what needs somebody first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from dishwasher.core.bill import about
from dishwasher.core.build import Build
from dishwasher.core.history import begun
from dishwasher.core.job import Job
from dishwasher.core.rendering import duration
from dishwasher.web.line import JobView, job_line
from dishwasher.web.tone import CONCLUDED, TONE, Tone, of_job

CROWD = 20
"""Jobs above which the list comes before the timeline, which then fills more than a screen."""
FIRST = (Tone.BAD, Tone.WARN)
"""What needs somebody."""


@dataclass(frozen=True, slots=True)
class BuildView:
    tone: Tone
    word: str
    time: str
    """From its planning to its end, or until now."""
    counts: str
    """`2 failed, 5 passed, 1 running`."""
    sender: str
    strange: str
    """Why the commit is not trusted; empty where it is."""
    notes: tuple[str, ...]
    over: bool
    crowded: bool
    cost: str
    """Of its runners: `about 0.021 USD`; empty where they cost nothing."""


def build_view(build: Build, jobs: Sequence[Job], now: float) -> BuildView:
    entry = begun(build, jobs)
    started = any(job.started for job in jobs)
    tone, word = (Tone.RUN, "Running") if started else (Tone.WAIT, "Queued")
    if entry.conclusion is not None:
        tone, word = TONE[entry.conclusion], CONCLUDED[entry.conclusion]
    return BuildView(
        tone=tone,
        word=word,
        time=duration(max((entry.ended or now) - build.created, 0.0)),
        counts=_counts(jobs),
        sender=build.event.sender,
        strange="" if build.is_trusted else build.doubt,
        notes=build.notes,
        over=all(job.is_over for job in jobs),
        crowded=len(jobs) > CROWD,
        cost=about(sum(job.bill.spent for job in jobs)),
    )


def job_lines(jobs: Sequence[Job], now: float) -> tuple[JobView, ...]:
    """Every job, those first that need somebody, otherwise as the configuration has them."""
    ordered = sorted(jobs, key=lambda job: (of_job(job) not in FIRST, job.position))
    return tuple(job_line(job, now) for job in ordered)


def _counts(jobs: Sequence[Job]) -> str:
    words = Counter(_word(job) for job in sorted(jobs, key=lambda job: of_job(job) not in FIRST))
    return ", ".join(f"{count} {word}" for word, count in words.items()) if len(jobs) > 1 else ""


def _word(job: Job) -> str:
    if job.conclusion is not None:
        return CONCLUDED[job.conclusion].lower()
    return "running" if of_job(job) is Tone.RUN else "waiting"
