"""The list of a repository's builds: one line for each, kept when it begins and when it ends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from dishwasher.core import provenance
from dishwasher.core.build import Build
from dishwasher.core.event import Event, EventKind
from dishwasher.core.job import Conclusion, Job

TITLE_LIMIT = 120
"""Characters of a commit's message that a line shows."""
DECIDERS = 5
"""Jobs that are named as the ones that decided a build."""

WORST_FIRST = (
    Conclusion.FAILURE,
    Conclusion.TIMED_OUT,
    Conclusion.ACTION_REQUIRED,
    Conclusion.CANCELLED,
    Conclusion.SUCCESS,
    Conclusion.NEUTRAL,
    Conclusion.SKIPPED,
)
"""What a build with such a job is; GitHub ranks a suite's check runs likewise."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One build as a line of its repository's list; ids sort by the time of planning."""

    KIND: ClassVar[str] = "entry"

    id: str
    build: str
    repository: int
    kind: EventKind
    sha: str
    branch: str
    tag: str
    pull_request: int
    sender: str
    title: str
    created: float
    ended: float = 0.0
    """0 while a job is not over."""
    conclusion: Conclusion | None = None
    deciders: tuple[str, ...] = ()
    """Names of the jobs that ended so, where that was not success."""
    due: float = 0.0
    version: int = 0

    @property
    def group(self) -> str:
        return history_group(self.repository)


def history_group(repository: int) -> str:
    return str(repository)


def entry_id(build: Build) -> str:
    """Sorts as the builds were planned: milliseconds in 14 digits last to the year 5138."""
    return f"{int(build.created * 1000):014d}.{build.id}"


def begun(build: Build, jobs: Sequence[Job]) -> Entry:
    """The line of a build that is planned; it may be over at once."""
    event = build.event
    entry = Entry(
        id=entry_id(build),
        build=build.id,
        repository=event.repository.id,
        kind=event.kind,
        sha=event.sha,
        branch=provenance.branch(event),
        tag=event.tag,
        pull_request=build.pull_request,
        sender=event.sender,
        title=title(event),
        created=build.created,
    )
    return ended(entry, jobs)


def ended(entry: Entry, jobs: Iterable[Job]) -> Entry:
    """The line of a build whose last job is over; unchanged while one is not."""
    found = sorted(jobs, key=lambda job: job.position)
    if not found or not all(job.is_over for job in found):
        return entry
    conclusions = [job.conclusion for job in found]
    worst = next(one for one in WORST_FIRST if one in conclusions)
    named = () if worst is Conclusion.SUCCESS else found
    deciders = tuple(job.spec.name for job in named if job.conclusion is worst)
    return replace(
        entry,
        ended=max(job.ended for job in found),
        conclusion=worst,
        deciders=deciders[:DECIDERS],
    )


def title(event: Event) -> str:
    """The first line of the commit's message; empty where it is not known."""
    lines = event.message.strip().splitlines() or [""]
    return lines[0] if len(lines[0]) <= TITLE_LIMIT else f"{lines[0][: TITLE_LIMIT - 1]}…"
