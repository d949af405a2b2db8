"""Who may deploy to an environment now, and what was deployed there last."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Environment:
    """The lock of one environment of one repository: a single deployment at a time."""

    KIND: ClassVar[str] = "environment"

    id: str
    """`<repository id>/<name>`."""
    holder: str = ""
    """Id of the job that deploys now, or whose outcome nobody knows; empty when free."""
    unknown: bool = False
    """The holder's outcome is unknown: only a human's re-run may take the lock."""
    unsettled: bool = False
    """A human has taken the lock over an unknown outcome, and what was asked for has not begun."""
    sha: str = ""
    """The commit whose deployment started last."""
    build: str = ""
    """The build that it is of."""
    live: str = ""
    """Id of the job that has deployed here last, where GitHub does not retire the one before."""
    waiting: tuple[str, ...] = ()
    """Ids of the jobs that want the lock, to be rung when it is free; some may be over by now."""
    due: float = 0.0
    version: int = 0

    @property
    def group(self) -> str:
        return ""


def environment_id(repository: int, name: str) -> str:
    return f"{repository}/{name}"


def take(environment: Environment, job: str) -> Environment | None:
    """The environment held by this job, or None when another one holds it."""
    if environment.holder not in ("", job):
        return None
    waiting = tuple(other for other in environment.waiting if other != job)
    return replace(environment, holder=job, unknown=False, waiting=waiting)


def take_by_hand(environment: Environment, job: str) -> Environment | None:
    """A human asked for it: an unknown outcome does not stand in the way, a running one does."""
    if not environment.unknown:
        return take(environment, job)
    return take(replace(environment, holder="", unsettled=True), job)


def wait(environment: Environment, job: str) -> Environment:
    if job in environment.waiting:
        return environment
    return replace(environment, waiting=(*environment.waiting, job))


def begin(environment: Environment, sha: str, build: str) -> Environment:
    """The deployment of this commit, by this build, starts now."""
    return replace(environment, sha=sha, build=build, unsettled=False)


def release(environment: Environment, job: str, *, unknown: bool) -> Environment:
    """The job is over; an unknown outcome keeps the lock, and so does one that a human meant to
    mend by a deployment that never began. Whoever waited is to look again.

    Who waits for a free environment stays known until it has the lock: of two, the newer goes.
    """
    if environment.holder != job:
        return environment
    if unknown or environment.unsettled:
        return replace(environment, unknown=True, unsettled=False, waiting=())
    return replace(environment, holder="", unknown=False)


def waited(environment: Environment, *over: str) -> Environment:
    """These jobs do not wait any more."""
    waiting = tuple(job for job in environment.waiting if job not in over)
    return replace(environment, waiting=waiting)
