"""The jobs of a build as bars over time: who waited, who ran, what took so long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dishwasher.core.job import Job
from dishwasher.core.rendering import duration
from dishwasher.web.tone import Tone, of_job

TICKS = 6
"""Marks on the axis at most."""
ROUND = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400)
"""Seconds between marks that people read easily."""
SLIVER = 0.4
"""Per cent of the width that a bar has at least, so that it can be seen."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One job; places in per cent of the width, from the build's beginning."""

    id: str
    name: str
    tone: Tone
    wait_at: float
    wait: float
    at: float
    """Where it started to run."""
    width: float
    """0 where it never ran."""
    words: str
    """The same for those who do not see the picture."""


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Timeline:
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    total: str


def timeline(jobs: Sequence[Job], now: float) -> Timeline | None:
    """None while nothing has run, or where one job says it all."""
    if len(jobs) < 2 or not any(job.started for job in jobs):
        return None
    begin = min(job.created for job in jobs)
    end = max(job.ended if job.is_over else now for job in jobs)
    length = max(end - begin, 1.0)
    bars = tuple(_bar(job, begin, length, now) for job in jobs)
    return Timeline(bars, _ticks(length), duration(length))


def _bar(job: Job, begin: float, length: float, now: float) -> Bar:
    end = job.ended if job.is_over else now
    started = job.started or end

    def place(moment: float) -> float:
        return round(100 * (moment - begin) / length, 2)

    waited, ran = max(started - job.created, 0.0), max(end - started, 0.0)
    words = f"waited {duration(waited)}"
    if job.started:
        words += f", ran {duration(ran)}"
    width = max(place(begin + ran), SLIVER) if job.started else 0.0
    return Bar(
        id=job.id,
        name=job.spec.name,
        tone=of_job(job),
        wait_at=place(job.created),
        wait=place(begin + waited),
        at=min(place(started), 100 - width),
        width=width,
        words=words,
    )


def _ticks(length: float) -> tuple[Tick, ...]:
    step = next((step for step in ROUND if length / step <= TICKS), ROUND[-1] * 7)
    marks = range(0, int(length) + 1, step)
    return tuple(Tick(round(100 * at / length, 2), _label(at)) for at in marks)


def _label(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    parts = [(hours, "h"), (minutes, "min"), (rest, "s")]
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0"
