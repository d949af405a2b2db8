"""What a delivery means, normalised: the only shape in which webhooks travel further."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
"""An object name of git, SHA-1 or SHA-256, written out."""
NO_COMMIT = "0" * 40
"""What GitHub sends as `before` of a new ref and `after` of a deleted one."""


class EventKind(StrEnum):
    """The events that plan or end something."""

    PUSH = "push"
    PULL_REQUEST = "pull_request"
    MERGE_GROUP = "merge_group"
    SCHEDULE = "schedule"
    MANUAL = "manual"
    PULL_REQUEST_CLOSED = "pull_request_closed"
    MERGE_GROUP_DESTROYED = "merge_group_destroyed"
    BRANCH_DELETED = "branch_deleted"
    RERUN = "rerun"
    RERUN_FAILED = "rerun_failed"
    RERUN_ALL = "rerun_all"
    CANCEL = "cancel"
    CANCEL_JOB = "cancel_job"
    COMMAND = "command"


class Happening(StrEnum):
    """The kinds of event that a filter can name."""

    PUSH = "push"
    TAG = "tag"
    PULL_REQUEST = "pull_request"
    MERGE_GROUP = "merge_group"
    SCHEDULE = "schedule"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository: addressed by name, keyed by id, reached through an installation."""

    id: int
    owner: str
    name: str
    default_branch: str
    private: bool
    installation: int

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"


@dataclass(frozen=True, slots=True)
class PullRequest:
    """The parts of a pull request that decide what is built and whether it is trusted."""

    number: int
    head_ref: str
    head_repository: int | None
    """Id of the repository that holds the head; None when it was deleted."""
    base_ref: str
    base_sha: str
    """Where the base branch stood: as the event tells it, or as it went into the merge."""
    updated: float = 0.0
    """GitHub's time of its last change, in seconds since the epoch; 0 where it is not told."""
    merge: str = ""
    """The commit that is built in place of the head: both branches merged, by GitHub, pinned when
    it is planned. Empty where the head itself is built."""
    tree: str = ""
    """Of that commit, which is another than the head's; what makes its build a different one."""
    labels: tuple[str, ...] = ()
    """That it carried when it was planned."""
    head_name: str = ""
    """`owner/name` of the repository that holds the head; empty where it is not told."""


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on a pull request that may be a command."""

    id: int
    number: int
    """Of the pull request."""
    line: str
    """The first line, which is all that is read of it."""
    created: float
    """Seconds since the epoch; 0 where it is not told."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened on GitHub and that Dishwasher acts on."""

    kind: EventKind
    delivery: str
    repository: Repository
    sender: str
    sha: str
    """The commit that checks are reported on, 40 or 64 hex digits; NO_COMMIT where the event does
    not tell it."""
    branch: str
    """The branch pushed, or the head branch of the pull request; empty where there is none."""
    before: str = NO_COMMIT
    """What the branch pointed at; NO_COMMIT for a new branch."""
    pushed_at: int = 0
    """GitHub's time of the push in seconds: the same in a redelivery, another when the branch is
    moved likewise once more; 0 where it is not told."""
    forced: bool = False
    pull_request: PullRequest | None = None
    rerun: bool = False
    """Someone with write permission asked for it by hand."""
    job: str = ""
    """For a re-run or an end: our id of the job that was clicked. For a start by hand: the name of
    the only job that is asked for."""
    tag: str = ""
    """The tag pushed; `branch` is empty then."""
    action: str = ""
    """GitHub's own word for what happened to a pull request: `opened`, `synchronize`, …"""
    sender_id: int = 0
    """GitHub's id of who did it; 0 where it is not told."""
    message: str = ""
    """Of the commit to build; empty where the event does not tell it."""
    schedule: str = ""
    """Name of the schedule whose time has come."""
    inputs: tuple[tuple[str, str], ...] = ()
    """Of a build that was started by hand."""
    comment: Comment | None = None
    label: str = ""
    """That was put on the pull request or taken off; empty where something else happened."""
    bots: tuple[int, ...] = ()
    """GitHub's ids of the programs among those who wrote the pull request and who sent this."""

    @property
    def built(self) -> str:
        """The commit that is checked out."""
        request = self.pull_request
        return request.merge if request is not None and request.merge else self.sha

    @property
    def happening(self) -> Happening:
        """What a filter calls it; of a re-run, what the first build was for."""
        if self.tag:
            return Happening.TAG
        match self.kind:
            case EventKind.PULL_REQUEST | EventKind.PULL_REQUEST_CLOSED:
                return Happening.PULL_REQUEST
            case EventKind.MERGE_GROUP | EventKind.SCHEDULE | EventKind.MANUAL:
                return Happening(self.kind.value)
        return Happening.PUSH


@dataclass(frozen=True, slots=True)
class Ignored:
    """A delivery that plans nothing, and why."""

    reason: str
