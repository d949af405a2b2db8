"""Sizes of runners: what each can carry, what a job asks for, and which of them it gets.

A deployment lists its sizes from the smallest to the largest. Trust, services and Docker decide
which of them may run a job at all; time and memory, which of those it starts on.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dishwasher.core.config import JobSpec
from dishwasher.core.price import Rate


class Resource(StrEnum):
    """What a job can exhaust on a runner, and a larger one has more of."""

    TIME = "time"
    MEMORY = "memory"
    DISK = "disk"
    SHARED_MEMORY = "shared memory"


@dataclass(frozen=True, slots=True)
class Size:
    """A kind of runner. One without numbers is the only one, and the server's limits hold."""

    name: str = ""
    words: str = ""
    """What a sentence calls it: "a Lambda function with 3,008 MB"."""
    seconds: float = 0.0
    """That a job may take at most; 0 where the server's limit alone holds."""
    memory: int = 0
    """Bytes that a job may have; 0 as above."""
    disk: int = 0
    """Bytes; 0 as above."""
    start: float = 0.0
    """Seconds from dispatch to `/started`; 0 for the server's."""
    strangers: bool = True
    """Code that nobody vouches for may run there: it is jailed, or has a machine of its own."""
    jail: bool = True
    """What keeps a job to its `network` can be made there."""
    services: bool = True
    """Databases can be started there."""
    docker: bool = True
    shared: bool = True
    """Processes can share memory there: it has a `/dev/shm`."""
    rate: Rate | None = None
    """What it costs; None for nothing."""


ANY = Size()
ONE = (ANY,)
"""Of a server whose runners are all alike."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What a job asks for; 0 for nothing said."""

    trusted: bool
    seconds: float = 0.0
    memory: int = 0
    jail: bool = False
    services: bool = False
    docker: bool = False


def needs(spec: JobSpec, trusted: bool) -> Needs:
    """Of a job that whoever pushed it is trusted with or not."""
    machine, kept = spec.machine, not spec.network
    services = bool(machine.services)
    return Needs(trusted, spec.timeout, machine.memory, kept, services, machine.docker)


def lacks(size: Size, wanted: Needs) -> str:
    """Why such a job can not run there at all; empty when it can."""
    if not (wanted.trusted or size.strangers):
        return "it is not trusted, and needs a runner of its own"
    if wanted.jail and not size.jail:
        return "its `network` needs a jail"
    if wanted.docker and not size.docker:
        return "it needs Docker"
    if wanted.services and not size.services:
        return "it needs services"
    return ""


def choose(sizes: tuple[Size, ...], wanted: Needs) -> Size | None:
    """The smallest that has what is asked for, or the largest there is; None where none will do."""
    fit = [size for size in sizes if not lacks(size, wanted)]
    enough = (size for size in fit if _is_enough(size, wanted))
    return next(enough, fit[-1] if fit else None)


def refusal(sizes: tuple[Size, ...], wanted: Needs) -> str:
    """Why no size will do."""
    why = lacks(sizes[-1], wanted)
    return f"No runner here can take this job: {why}. docs/aws.md says which runners there are."


def named(sizes: tuple[Size, ...], name: str) -> Size:
    """The size of this name; one that is there no more counts as the largest."""
    return next((size for size in sizes if size.name == name), sizes[-1])


def seconds(size: Size, spec: JobSpec, most: float) -> float:
    """How long a job may run there; `most` is for one that declares nothing."""
    wanted = spec.timeout or most
    return min(size.seconds, wanted) if size.seconds else min(most, wanted)


def larger(
    sizes: tuple[Size, ...],
    name: str,
    spec: JobSpec,
    trusted: bool,
    most: float,
    exhausted: Resource | None,
) -> Size | None:
    """Where a job has more room than on the size of this name; None where there is none.

    `exhausted`: what it ran into there; None where nobody knows. `most` as in `seconds`.
    """
    names = [size.name for size in sizes]
    if name not in names:
        return None
    here, wanted = named(sizes, name), needs(spec, trusted)
    for size in sizes[names.index(name) + 1 :]:
        if not lacks(size, wanted) and _is_larger(size, here, spec, most, exhausted):
            return size
    return None


def told(why: str, here: Size, after: Size) -> str:
    """What people read of a job that has moved, also where it is stopped before it begins there."""
    return f"{why} That was on {here.words}, so its next attempt was planned on {after.words}."


def _is_larger(
    size: Size, here: Size, spec: JobSpec, most: float, exhausted: Resource | None
) -> bool:
    if exhausted is Resource.TIME:
        return seconds(size, spec, most) > seconds(here, spec, most)
    if exhausted is Resource.MEMORY:
        return size.memory > here.memory
    if exhausted is Resource.SHARED_MEMORY:
        return size.shared and not here.shared
    return exhausted is None or size.disk > here.disk


def _is_enough(size: Size, wanted: Needs) -> bool:
    enough_time = not size.seconds or size.seconds >= wanted.seconds
    return enough_time and (not size.memory or size.memory >= wanted.memory)
