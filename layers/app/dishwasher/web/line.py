"""A job in one line."""

from __future__ import annotations

from dataclasses import dataclass

from dishwasher.core.bill import about
from dishwasher.core.config import Kind
from dishwasher.core.job import Job
from dishwasher.core.rendering import duration, verdict
from dishwasher.web.tone import WORD, Tone, of_job


@dataclass(frozen=True, slots=True)
class JobView:
    """A job in one line; times are seconds since the epoch, 0 for not yet."""

    id: str
    name: str
    deployment: bool
    tone: Tone
    word: str
    detail: str
    time: str
    started: float
    ended: float
    attempt: int
    retries: str
    over: bool
    cost: str
    """`about 0.0083 USD`; empty where its runners cost nothing."""


def job_line(job: Job, now: float) -> JobView:
    end = job.ended if job.is_over else now
    return JobView(
        id=job.id,
        name=job.spec.name,
        deployment=job.spec.kind is Kind.DEPLOYMENT,
        tone=of_job(job),
        word=verdict(job, job.reason) if job.reason else WORD[job.state],
        detail=job.detail,
        time=duration(end - job.started) if job.started else "",
        started=job.started,
        ended=job.ended,
        attempt=job.attempt,
        retries=_retries(job),
        over=job.is_over,
        cost=about(job.bill.spent),
    )


def _retries(job: Job) -> str:
    if job.outgrown:
        return "an earlier attempt ran on a smaller runner"
    if job.lost_retries:
        return "an earlier attempt lost its runner"
    if job.infra_retries:
        return "an earlier attempt did not come up"
    return ""
