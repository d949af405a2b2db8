"""The jobs of a build, as the page of one names them: all of a few, of many those that matter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dishwasher.core.job import Job
from dishwasher.web.line import JobView, job_line
from dishwasher.web.tone import Tone, of_job

NAMED = 12
"""Jobs that are named: with more, nobody would see the page below."""
FIRST = (Tone.BAD, Tone.WARN, Tone.RUN)


@dataclass(frozen=True, slots=True)
class Siblings:
    named: tuple[JobView, ...]
    """In the order of the configuration; the page's own job is among them."""
    others: int
    """How many more there are."""


def siblings(jobs: Sequence[Job], own: Job, now: float) -> Siblings:
    """`jobs` are all of the build, in their order."""
    by_weight = sorted(jobs, key=lambda job: (job.id != own.id, _weight(job), job.position))
    chosen = {job.id for job in by_weight[:NAMED]}
    named = tuple(job_line(job, now) for job in jobs if job.id in chosen)
    return Siblings(named, len(jobs) - len(named))


def _weight(job: Job) -> int:
    tone = of_job(job)
    return FIRST.index(tone) if tone in FIRST else len(FIRST)
