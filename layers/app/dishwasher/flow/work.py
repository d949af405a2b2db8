"""A delivery that is being planned, and how that ends: with a build, or with the reason why not."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dishwasher.core.approval import Approval
from dishwasher.core.delivery import Delivery, Stage
from dishwasher.core.event import Event
from dishwasher.ports import Record, Store


@dataclass(frozen=True, slots=True)
class Work:
    """What a delivery means now that GitHub was asked."""

    delivery: Delivery
    event: Event
    doubt: str = ""
    """Why its commit must not run as one of the team's; empty where it may."""
    notes: tuple[str, ...] = ()
    """What is to be told of the build."""
    approval: Approval | None = None
    """By whom a commit in doubt may be built with its own configuration."""
    requests: tuple[int, ...] = ()
    """Of a push: the open pull requests that build the checks of its branch."""
    standing: tuple[int, ...] = ()
    """Those of them that stand at this very commit."""
    reopened: bool = False
    """Of a pull request: it was closed when it was planned last."""
    along: tuple[Record, ...] = ()
    """Stored together with the end, so that of two planners at once one begins again."""

    @property
    def config_sha(self) -> str:
        """The commit whose configuration counts: what a stranger pushed decides nothing."""
        request = self.event.pull_request
        if self.doubt and not self.approval and request is not None:
            return request.base_sha
        return self.event.built

    @property
    def side(self) -> str:
        """What makes the build of a stranger's commit another one than the team's, and than one
        by another configuration: of one tree, one branch may ask for less than another."""
        request = self.event.pull_request
        if not self.doubt or request is None:
            return ""
        if self.approval:
            return f"approved {request.number}"
        return f"stranger {request.number} by {request.base_sha}"


def done(work: Work, build: str, reason: str = "") -> Delivery:
    """The delivery with its build."""
    return replace(work.delivery, stage=Stage.PLANNED, build=build, reason=reason, due=0.0)


def ignore(store: Store, work: Work, reason: str) -> None:
    """The end of a delivery of which nothing comes."""
    ended = replace(work.delivery, stage=Stage.IGNORED, reason=reason, due=0.0)
    store.save(ended, *work.along)
