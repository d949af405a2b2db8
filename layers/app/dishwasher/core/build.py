"""A plan being carried out for one commit."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, replace
from typing import ClassVar

from dishwasher.core.approval import Approval
from dishwasher.core.event import Event, EventKind


@dataclass(frozen=True, slots=True)
class Build:
    """Jobs of one event; its id follows from what is built, so planning twice finds the first."""

    KIND: ClassVar[str] = "build"

    id: str
    event: Event
    base_sha: str
    """Where the event's changes start, for what judges added lines only; empty: everything."""
    config_path: str
    created: float
    jobs: tuple[str, ...]
    settled: int = 0
    """How many of its jobs have concluded; touched by each, which serialises what they decide."""
    spent: float = 0.0
    """About how much the runners of these have cost, in USD."""
    pull_request: int = 0
    """Number of the pull request that it was built for, 0 for none."""
    also: tuple[int, ...] = ()
    """Other pull requests with the same head and the same result, for which it counts too."""
    abandoned: str = ""
    """Id of the delivery that cancelled its checks; the commit then counts as not built."""
    fail_fast: bool = False
    """When one job fails, those that have not started are cancelled."""
    notes: tuple[str, ...] = ()
    """How the plan came about, one sentence each; shown with the first job."""
    doubt: str = ""
    """Why its commit must not run as one of the team's; empty where it may."""
    approval: Approval | None = None
    """Who let the commit's own configuration count although it is in doubt."""
    branches: tuple[str, ...] = ()
    """Branches whose pushes it counts for, once there is another than the event's own."""
    pending: tuple[str, ...] = ()
    """Those of the notes that somebody decides on: a configuration that does not count yet."""
    first: int = 0
    """Position of the first job that has a check run."""
    followers: tuple[str, ...] = ()
    """Ids of builds that wait for jobs of this one."""
    due: float = 0.0
    version: int = 0

    @property
    def group(self) -> str:
        return build_group(self.event.repository.id, self.event.sha)

    @property
    def is_trusted(self) -> bool:
        """Whether it may run as one of the team's. A fork's never may, whatever else is known."""
        request = self.event.pull_request
        own = request is None or request.head_repository == self.event.repository.id
        return own and not self.doubt

    @property
    def pushed(self) -> tuple[str, ...]:
        """The branches whose pushes it counts for."""
        return self.branches or (self.event.branch,)

    def pushed_to(self, event: Event) -> Build:
        """Counting for this push too, or for this try of a merge queue."""
        # What a merge queue has tried is what it then puts on its base branch.
        merged = (self.event.kind, event.kind) == (EventKind.MERGE_GROUP, EventKind.PUSH)
        # And what a pull request offers may be pushed to its base branch as it is.
        forward = (self.event.kind, event.kind) == (EventKind.PULL_REQUEST, EventKind.PUSH)
        alike = event.kind is self.event.kind or merged or forward
        same = alike and event.branch and not event.pull_request
        if not same or event.branch in self.pushed:
            return self
        return replace(self, branches=(*self.pushed, event.branch))

    def counts_for(self, event: Event) -> bool:
        """Whether it is one of this head: of the branch, or of the pull request."""
        request = event.pull_request
        if request is not None:
            return request.number in self.requests
        asked = self.event.pull_request
        if asked is not None:
            # Of this very branch, which is what the pull request builds, or of one that got it.
            own = asked.head_repository == event.repository.id
            return own and event.branch in self.pushed
        # A schedule builds the same commit, and other jobs of it.
        return self.event.kind is event.kind and event.branch in self.pushed

    def pushed_beside(self, branch: str) -> bool:
        """Whether it counts for a push to another branch than this one."""
        return any(other != branch for other in self.branches or self._pushed_first)

    @property
    def _pushed_first(self) -> tuple[str, ...]:
        return (self.event.branch,) if self.event.kind is EventKind.PUSH else ()

    @property
    def requests(self) -> tuple[int, ...]:
        """Numbers of the pull requests that it counts for."""
        return (self.pull_request, *self.also) if self.pull_request else ()

    def counting_for(self, *numbers: int) -> Build:
        """The same, for these pull requests."""
        return replace(self, pull_request=numbers[0] if numbers else 0, also=numbers[1:])

    def notes_at(self, position: int) -> tuple[str, ...]:
        """What is to be known of the whole build stands at its first job, what waits for somebody
        at each: nobody knows which of them will be looked at."""
        return self.notes if position == self.first else self.pending

    @property
    def is_over(self) -> bool:
        return self.settled >= len(self.jobs)


AWAY = "away"
"""Stands in a build for the delivery that abandoned it, where the App was not let in."""


def build_group(repository: int, sha: str) -> str:
    """The index under which all builds of one commit stand."""
    return f"{repository}/{sha}"


def build_id(secret: bytes, repository: int, sha: str, scope: str) -> str:
    """Derived from what is built, so that planning twice finds the first; unguessable, because
    whoever knows it may read the build's pages."""
    text = f"{repository}\n{sha}\n{scope}".encode()
    return hmac.new(secret, text, hashlib.sha256).hexdigest()[:20]
