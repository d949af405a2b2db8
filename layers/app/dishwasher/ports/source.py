"""What the forge knows of a repository: its files, commits, pull requests and heads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    # For the annotations alone: who only rings a bell need not load all that can be told.
    from dishwasher.core.event import Event, Repository
    from dishwasher.core.pull import Commit, Stand


@dataclass(frozen=True, slots=True)
class Comparison:
    """How `head` relates to `base`: ahead, behind, diverged or identical."""

    status: str
    merge_base: str
    paths: tuple[str, ...] | None = None
    """What differs between the merge base and `head`, both names of what was renamed.

    None where they were not asked for, or are more than the forge tells.
    """


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of one commit; links and submodules are none."""

    paths: frozenset[str]
    complete: bool = True
    """False where there are more than the forge lists: those at the root are all there."""


class Source(Protocol):
    """What the flows read from the forge's repositories."""

    def file(self, repository: Repository, path: str, sha: str) -> bytes | None:
        """The file at that commit, None where there is none.

        Raises Unseen when GitHub does not know the commit (yet).
        """
        ...

    def files(self, repository: Repository, sha: str) -> Listing:
        """Every file of that commit. Raises Unseen when GitHub does not know it (yet)."""
        ...

    def branch_sha(self, repository: Repository, branch: str) -> str | None: ...

    def compare(
        self, repository: Repository, base: str, head: str, *, paths: bool = False
    ) -> Comparison | None:
        """None when GitHub does not know one of the commits or they share no history.

        With `paths` it also tells the paths that differ, which makes the answer large.
        """
        ...

    def clone_url(self, repository: Repository) -> str: ...

    def tarball_url(self, repository: Repository, sha: str) -> str:
        """Where a clone token opens the files of that commit, for those who have no git."""
        ...

    def clone_token(self, repository: Repository) -> str:
        """A new token for one repository, contents:read, to be revoked by `revoke`."""
        ...

    def revoke(self, token: str) -> None: ...

    def free_at(self, repository: Repository) -> float:
        """When the next token can be had, in seconds since the epoch; 0 for now."""
        ...


class Pulls(Protocol):
    """Pull requests on the forge, and the commits that they are about."""

    def pull_request(self, repository: Repository, number: int) -> Stand:
        """Raises Unseen where GitHub does not know it (yet)."""
        ...

    def open_from(self, repository: Repository, branch: str) -> tuple[Stand, ...]:
        """The open pull requests whose head is this branch of this repository.

        Whether they can be merged is not told here.
        """
        ...

    def merge_sha(self, repository: Repository, number: int) -> str | None:
        """The commit that GitHub has made to try the merge; None where there is none."""
        ...

    def commit_of(self, repository: Repository, sha: str) -> Commit:
        """Raises Unseen where GitHub does not know it (yet)."""
        ...


class Heads(Protocol):
    """Where branches and open pull requests stand, whatever was told of them."""

    def repositories(self) -> tuple[Repository, ...]:
        """Every repository where the App may act now."""
        ...

    def of(self, repository: Repository) -> tuple[Event, ...]:
        """An event for each branch and open pull request, as if its last push was just told."""
        ...

    def has_room(self, repository: Repository) -> bool:
        """False under pressure: look another time."""
        ...
