"""What GitHub should show for a commit, and what it was last told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import ClassVar

from dishwasher.core.build import Build
from dishwasher.core.findings import Finding
from dishwasher.core.job import Conclusion, Job

ANNOTATIONS_PER_REQUEST = 50
"""https://docs.github.com/en/rest/checks/runs#update-a-check-run: more are further updates."""


class Status(StrEnum):
    QUEUED = "queued"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True)
class Action:
    """A button at a check run; GitHub takes 20, 40 and 20 characters."""

    label: str
    description: str
    identifier: str


@dataclass(frozen=True, slots=True)
class Check:
    """The desired state of one check run; times are seconds since the epoch, 0 for not yet."""

    name: str
    head_sha: str
    external_id: str
    """Our job's id: what finds the check run again."""
    details_url: str
    status: Status
    title: str
    summary: str
    conclusion: Conclusion | None = None
    annotations: tuple[Finding, ...] = ()
    started_at: float = 0.0
    completed_at: float = 0.0
    actions: tuple[Action, ...] = ()


def smaller(check: Check) -> tuple[Check, ...]:
    """A verdict with less and less around it, for a GitHub that calls the whole invalid."""
    if check.status is not Status.COMPLETED:
        return ()
    link = f"[Log and details]({check.details_url})" if check.details_url else ""
    words = f"GitHub did not take the whole text. {link}".strip()
    plain = replace(check, summary=words, annotations=(), actions=())
    bare = replace(plain, title="", summary="", details_url="", started_at=0.0, completed_at=0.0)
    return plain, bare


@dataclass(frozen=True, slots=True)
class Posted:
    """What GitHub was last told of one job."""

    job: str
    check: int = 0
    """GitHub's id of the check run; 0 while none was made that we know of."""
    digest: str = ""
    """Of the desired state that was sent last, annotations aside."""
    annotations: int = 0
    completed: bool = False
    stops: bool = False
    """It has a button that stops the rest of its build, and goes when that is over."""
    doubtful: bool = False
    """A call was begun whose end we have not seen: look before repeating it."""
    trouble: str = ""
    """What GitHub said when it would not even take the bare verdict."""
    again: float = 0.0
    """When that is tried once more; 0 for now."""


@dataclass(frozen=True, slots=True)
class Said:
    """What our comment on a pull request says."""

    comment: int = 0
    """GitHub's id of it; 0 while none was made that we know of."""
    digest: str = ""
    """Of the body that was sent last."""
    doubtful: bool = False
    """A call was begun whose end we have not seen: look before repeating it."""
    silent: str = ""
    """The head for which nothing more is said: someone deleted the comment, or closed the talk."""
    refused: int = 0
    """How often in a row GitHub has refused what it shows no reason for."""


@dataclass(frozen=True, slots=True)
class Told:
    """What GitHub was last told of one deployment."""

    job: str
    deployment: int = 0
    """GitHub's id of it; 0 while none was made that we know of."""
    stage: str = ""
    doubtful: bool = False
    """A call was begun whose end we have not seen: look before repeating it."""
    trouble: str = ""
    """Why GitHub has not taken it, or its last stage."""
    refused: int = 0
    """How often in a row GitHub has let us not in there."""


@dataclass(frozen=True, slots=True)
class Report:
    """The fenced claim on reporting a commit or a pull request, and what was posted for it."""

    KIND: ClassVar[str] = "report"

    id: str
    """`<repository id>/<sha>`, the group of its builds, or `<repository id>/pull/<number>`."""
    holder: str = ""
    """A secret of the claim that reports now; empty when nobody does."""
    until: float = 0.0
    """When the claim may be taken over."""
    dirty: bool = False
    """Something changed while the holder worked: go round once more."""
    sweep: float = 0.0
    """When to look for check runs that a lost answer has doubled; 0 for never."""
    linger: float = 0.0
    """When to look for them once more: a reporter that was given up may have gone on late."""
    posted: tuple[Posted, ...] = ()
    said: Said = Said()
    deployed: tuple[Told, ...] = ()
    bell: str = ""
    """Id of the build that is rung when it is due."""
    away: float = 0.0
    """Since when GitHub does not let us in there; 0 where it does, as far as we know."""
    due: float = 0.0
    version: int = 0

    @property
    def group(self) -> str:
        """By repository, for those to be woken when it can be reached again."""
        return self.id.partition("/")[0] if self.away else ""

    @property
    def look(self) -> float:
        """The earlier of `sweep` and `linger`; 0 for never."""
        return min(self.sweep or self.linger, self.linger or self.sweep)

    def owes(self, job: Job, build: Build) -> bool:
        """Whether GitHub may not show of this job what it should."""
        posted = self.of(job.id)
        late = posted.stops and build.is_over
        return not posted.completed or posted.doubtful or bool(job.deadline) or late

    def of(self, job: str) -> Posted:
        """What was posted for the job; a blank one when nothing was."""
        return next((posted for posted in self.posted if posted.job == job), Posted(job))

    @property
    def pull_request(self) -> int:
        """Number of the pull request that it is on; 0 where it is on a commit."""
        _, found, number = self.id.partition("/pull/")
        return int(number) if found else 0

    def closed(self) -> Report:
        """Nobody is there any more to be told."""
        over = replace(self, holder="", until=0.0, dirty=False, sweep=0.0, linger=0.0)
        return replace(over, away=0.0, due=0.0)

    def parked(self, until: float, now: float) -> Report:
        """Nobody may be told there before that time; 0 for until it is woken."""
        return replace(self, holder="", until=until, dirty=False, away=self.away or now, due=until)

    def woken(self, now: float) -> Report:
        """We may be let in again: to be tried now, whatever was agreed on before."""
        if self.holder:
            return replace(self, dirty=True)
        return replace(self, until=0.0, away=0.0, due=now)

    def owing(self, bell: str, now: float) -> Report:
        """The report with something to be told that nobody else might come back for."""
        if self.holder:
            return replace(self, dirty=True, bell=bell)
        return replace(self, bell=bell, due=min(self.due or now, now))

    def told(self, job: str) -> Told:
        """What was told of the job's deployment; a blank one when nothing was."""
        return next((told for told in self.deployed if told.job == job), Told(job))

    def telling(self, told: Told) -> Report:
        """The report with this deployment's entry replaced or added."""
        others = tuple(other for other in self.deployed if other.job != told.job)
        return replace(self, deployed=(*others, told))

    def having(self, posted: Posted) -> Report:
        """The report with this job's entry replaced or added."""
        others = tuple(other for other in self.posted if other.job != posted.job)
        return replace(self, posted=(*others, posted))


def pull_key(repository: int, number: int) -> str:
    """The id of the report on a pull request."""
    return f"{repository}/pull/{number}"
