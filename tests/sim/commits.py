"""What the simulated GitHub keeps: commits, branches and check runs."""

from __future__ import annotations

from dataclasses import dataclass, field

from dishwasher.core.event import Repository
from dishwasher.core.findings import Finding
from dishwasher.core.pull import Stand
from dishwasher.core.report import Check, Status
from dishwasher.ports import Comparison


@dataclass(frozen=True, slots=True)
class Commit:
    sha: str
    ancestors: frozenset[str]
    """With itself."""
    config: bytes | None
    visible_at: float
    parents: tuple[str, ...] = ()
    tree: str = ""


@dataclass(slots=True)
class Request:
    """A pull request; the last of `shown` whose time has come is what the API shows."""

    number: int
    branch: str
    fork: bool
    head: str
    base: str
    base_ref: str
    opened_at: float
    is_open: bool = True
    updated: int = 0
    shown: list[tuple[float, Stand]] = field(default_factory=list)


@dataclass(slots=True)
class Run:
    """One check run."""

    id: int
    repository: int
    sha: str
    external_id: str
    name: str
    listed_at: float
    status: Status = Status.QUEUED
    conclusion: str = ""
    title: str = ""
    summary: str = ""
    annotations: list[Finding] = field(default_factory=list)
    completed_listed_at: float = float("inf")
    completed_at: float = float("inf")
    zombie: bool = False
    """Written by a worker that was frozen longer than its claim lasts, or whose clock is wrong."""

    first_end: float = float("inf")
    """When it was told for the first time that its job is over."""

    def say(self, check: Check) -> None:
        self.status, self.title, self.summary = check.status, check.title, check.summary
        # GitHub: a conclusion completes by itself, and a status reopens what was completed.
        self.conclusion = check.conclusion or ""
        self.annotations.extend(check.annotations)


@dataclass(slots=True)
class Repo:
    value: Repository
    branches: dict[str, str] = field(default_factory=dict)
    moved_at: dict[str, list[tuple[float, str]]] = field(default_factory=dict)
    """For each branch: when the API begins to show that it stands at a commit."""
    requests: list[Request] = field(default_factory=list)
    gone_at: float = float("inf")
    is_doomed: bool = False
    is_told_gone: bool = False
    """Whether GitHub has sent a webhook of its end."""


def compare(base: Commit, head: Commit) -> Comparison | None:
    shared = base.ancestors & head.ancestors
    if not shared:
        return None
    if base.sha == head.sha:
        return Comparison("identical", base.sha)
    if base.sha in head.ancestors:
        return Comparison("ahead", base.sha)
    if head.sha in base.ancestors:
        return Comparison("behind", head.sha)
    return Comparison("diverged", min(shared))
