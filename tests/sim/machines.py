"""The kinds of runners of a world, and the walls that a job runs into on one of them."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from dishwasher.core.config import JobSpec
from dishwasher.core.size import ONE, Resource, Size
from dishwasher.core.ticket import GIBIBYTE, Limits

HOUR = 3600.0
FUNCTION = Size(
    # The longest job that must go through without a scratch takes 150 seconds.
    *("function", "a short function", 155.0, 3 * GIBIBYTE, 4 * GIBIBYTE, 45.0),
    strangers=False,
    jail=False,
    services=False,
    docker=False,
)
SMALL = Size("small", "a small machine", 8 * HOUR, 4 * GIBIBYTE, 50 * GIBIBYTE)
LARGE = Size("large", "a large machine", 8 * HOUR, 16 * GIBIBYTE, 100 * GIBIBYTE)
ALL = (FUNCTION, SMALL, LARGE)
FLEETS = (ONE, ALL, ALL, (SMALL, LARGE), (FUNCTION, LARGE))
LONG = 160
"""Seconds that are more than a function has."""
HUNGER = ("memory 3.5", "memory 8", "memory 64", "disk 20", "disk 80", "disk 200")
"""GiB: more than the first size has, than the first two, than any."""


def drawn(seed: int) -> tuple[Size, ...]:
    """Of the world of this seed, the smallest first; apart from what else is drawn there."""
    return Random(f"sizes of {seed}").choice(FLEETS)


@dataclass(frozen=True, slots=True)
class Work:
    """A step as simulated people write it: `sim failed 10 3 memory 8`."""

    reason: str
    seconds: float
    findings: int
    memory: float = 0.0
    """Bytes that it takes, and more on no runner."""
    disk: float = 0.0

    @classmethod
    def of(cls, command: str) -> Work:
        _, reason, seconds, findings, *hunger = command.split()
        words = zip(hunger[::2], hunger[1::2], strict=True)
        taken = {what: float(much) * GIBIBYTE for what, much in words}
        return cls(reason, float(seconds), int(findings), **taken)


@dataclass(frozen=True, slots=True)
class Wall:
    """What a job runs into, after so many seconds of work."""

    resource: Resource
    after: float

    @property
    def words(self) -> str:
        return f"It had no {self.resource} left."


def wall(work: Work, limits: Limits) -> Wall | None:
    """The first that stands in its way; None where it comes through."""
    if work.memory > limits.memory_bytes:
        return Wall(Resource.MEMORY, min(work.seconds / 2, limits.job_seconds))
    if work.disk > limits.disk_bytes:
        return Wall(Resource.DISK, min(work.seconds / 2, limits.job_seconds))
    if work.seconds > limits.job_seconds:
        return Wall(Resource.TIME, limits.job_seconds)
    return None


def has_more(resource: Resource | None, size: Size, here: Size, spec: JobSpec) -> bool:
    """Whether a job has more of it on that size than here; None for "nobody knows of what"."""
    if resource is Resource.MEMORY:
        return size.memory > here.memory
    if resource is Resource.DISK:
        return size.disk > here.disk
    return resource is None or _seconds(size, spec) > _seconds(here, spec)


def _seconds(size: Size, spec: JobSpec) -> float:
    """A time that the job sets is kept anywhere; one that sets none has an hour."""
    return min(spec.timeout or HOUR, size.seconds or HOUR)
