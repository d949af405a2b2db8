"""What the forge is told: check runs, the one comment, deployments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    # For the annotations alone: who only rings a bell need not load all that can be told.
    from dishwasher.core.added import Added
    from dishwasher.core.command import Reaction
    from dishwasher.core.deployment import Deployment
    from dishwasher.core.event import Repository
    from dishwasher.core.report import Check


@dataclass(frozen=True, slots=True)
class PostedCheck:
    """A check run of ours as the forge lists it."""

    id: int
    external_id: str
    completed: bool


class Checks(Protocol):
    """Check runs on the forge; no call sleeps, none repeats a POST."""

    def create(self, repository: Repository, check: Check) -> int:
        """Open the check run and answer its id; raises Ambiguous when it may have been made."""
        ...

    def update(self, repository: Repository, id: int, check: Check) -> None:
        """Make the check run say this; `check.annotations` are added to those it has.

        Raises Ambiguous when annotations may have been added; without any, a repeat is harmless.
        """
        ...

    def list(self, repository: Repository, sha: str) -> tuple[PostedCheck, ...]:
        """Every check run of ours on this commit, re-runs included."""
        ...

    def annotated(self, repository: Repository, id: int) -> int:
        """How many annotations the check run has: what a doubtful update has done."""

    def added(self, repository: Repository, base: str, head: str) -> Added | None:
        """The lines that `head` has added since `base`; None where the forge does not tell."""

    def has_room(self, repository: Repository) -> bool:
        """False under pressure: leave out what only shows progress."""
        ...


@dataclass(frozen=True, slots=True)
class Conversation:
    """A pull request, as far as it decides what may be said under it."""

    head: str
    is_open: bool
    is_locked: bool


@dataclass(frozen=True, slots=True)
class PostedComment:
    """A comment of ours as the forge lists it."""

    id: int
    body: str


class Comments(Protocol):
    """Our comments on pull requests; no call sleeps, none repeats a POST."""

    def conversation(self, repository: Repository, number: int) -> Conversation: ...

    def comments(self, repository: Repository, number: int) -> tuple[PostedComment, ...]:
        """Those that this App has written, the oldest first."""

    def comment(self, repository: Repository, number: int, body: str) -> int:
        """Write one and answer its id; raises Ambiguous when it may have been written.

        Raises Gone where nobody may write any more.
        """

    def edit(self, repository: Repository, id: int, body: str) -> None:
        """Nobody is notified of it. Raises Gone where the comment was deleted."""

    def withdraw(self, repository: Repository, id: int) -> None:
        """Delete the comment; harmless where it is gone."""

    def react(self, repository: Repository, id: int, reaction: Reaction) -> None:
        """Acknowledge anybody's comment; harmless where it is done or the comment gone."""


class Deployments(Protocol):
    """Deployments as the forge shows them; no call sleeps, none repeats a POST."""

    def announce(self, repository: Repository, deployment: Deployment) -> int:
        """Make one and answer its id; raises Ambiguous when it may have been made."""

    def announced(self, repository: Repository, deployment: Deployment) -> tuple[int, ...]:
        """Ids of those that were made for the same job, the oldest first."""

    def tell(self, repository: Repository, id: int, deployment: Deployment) -> None:
        """Say how it goes; raises Ambiguous when that may have been said."""

    def told(self, repository: Repository, id: int) -> str:
        """What was said last; empty where nothing was."""
