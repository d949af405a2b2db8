"""What the flows need from the world, as Protocols; `wiring/` chooses who answers.

Every adapter raises the faults of `errors` and nothing else on purpose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Protocol, TypeVar

from dishwasher.core.added import Added
from dishwasher.core.deployment import Deployment
from dishwasher.core.event import Repository
from dishwasher.core.pull import Commit, Stand
from dishwasher.core.report import Check
from dishwasher.core.secret import Slot, StoredSecret
from dishwasher.core.session import Person
from dishwasher.core.ticket import Bootstrap


class Clock(Protocol):
    """Time and chance: what makes a program unpredictable, behind one door."""

    def now(self) -> float:
        """Seconds since the epoch."""
        ...

    def secret(self) -> str:
        """A new unguessable text of at least 128 bits, safe in URLs."""
        ...


class Record(Protocol):
    """A value that a store keeps: a frozen dataclass that `core.codec` can write."""

    KIND: ClassVar[str]

    @property
    def id(self) -> str: ...
    @property
    def group(self) -> str:
        """Index: records of a kind with the same non-empty group are listed together."""
        ...

    @property
    def due(self) -> float:
        """Index: when the reaper should look, in seconds since the epoch; 0 for never."""
        ...

    @property
    def version(self) -> int:
        """How often it has been stored; 0 means that it must not be stored yet."""
        ...


R = TypeVar("R", bound=Record)


class Store(Protocol):
    """The table, which is the truth."""

    def get(self, kind: type[R], id: str) -> R | None: ...

    def save(self, *records: Record) -> None:
        """Store all or none, each with its version raised by one.

        Raises Conflict when the stored version of any is not the one given (absent counts as 0).
        """
        ...

    def group(self, kind: type[R], group: str) -> tuple[R, ...]:
        """All records of a kind in a group, by id."""
        ...

    def latest(
        self, kind: type[R], group: str, limit: int, before: str | None = None
    ) -> tuple[R, ...]:
        """At most `limit` records of a group by falling id, those below `before` only."""
        ...

    def due(self, kind: type[R], now: float, limit: int) -> tuple[R, ...]:
        """At most `limit` records of a kind with 0 < due <= now, the longest overdue first.

        A row that can not be read is left out and logged: it must not hide the others.
        """
        ...


class People(Protocol):
    """Who reads the pages, by the forge's own word."""

    def login_url(self, state: str, challenge: str, redirect: str) -> str:
        """The page of the forge that asks the person and sends the browser to `redirect`."""
        ...

    def person(self, code: str, verifier: str, redirect: str) -> Person:
        """Who came back with this code; raises Refused where the forge does not know it."""
        ...

    def may_read(self, repository: Repository, person: Person) -> bool:
        """Whether the forge shows this repository to the person."""
        ...


class Topic(StrEnum):
    DELIVERIES = "deliveries"
    JOBS = "jobs"
    REPORTS = "reports"


class Bells(Protocol):
    """The queue as the flows see it: "look at this". May be lost, doubled, late, out of order."""

    def ring(self, topic: Topic, key: str, delay: float = 0.0) -> None: ...


@dataclass(frozen=True, slots=True)
class Message:
    """A bell that was heard; `receipt` is the queue's own."""

    topic: Topic
    key: str
    receipt: str


class Queue(Bells, Protocol):
    """The queue as a worker loop sees it."""

    def take(self, topic: Topic, wait: float) -> Message | None:
        """The next message, hidden from others for a while; None when none came in time (s)."""
        ...

    def done(self, message: Message) -> None:
        """Handled; a bell rung since it was taken rings again."""
        ...


class Blobs(Protocol):
    """Files by key (`/`-separated): logs, artifacts, results, large deliveries."""

    def put(self, key: str, data: bytes) -> None: ...

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes | None:
        """Bytes [start, end) or None when there is no such key."""
        ...

    def size(self, key: str) -> int | None: ...

    def append(self, key: str, offset: int, data: bytes) -> int:
        """Write at `offset` unless that leaves a hole; answers the offset wanted next.

        Bytes that are there already are not changed, so a repeated call is harmless.
        """
        ...

    def upload_url(self, key: str, size: int, sha256: str) -> str:
        """Where a runner may PUT exactly this file, for a limited time."""
        ...

    def download_url(self, key: str) -> str:
        """Where a runner may GET this file, for a limited time; whether it is there or not."""
        ...

    def delete(self, key: str) -> None:
        """Remove it; harmless where there is no such key. A reader may still read to its end."""
        ...


class Fleet(Protocol):
    """Where runners come from."""

    def start(self, bootstrap: Bootstrap) -> None:
        """Begin a runner; returns before it runs. Raises InfraError when none can be had."""
        ...

    def stop(self, attempt: str) -> None:
        """End the runner of this attempt if it is still there."""
        ...


class Vault(Protocol):
    """Where secrets are kept; no listing, repr or fault of it holds a value."""

    def put(self, secret: StoredSecret, value: str) -> None:
        """Set or replace what is in the slot; raises UserError where the repository's are full."""
        ...

    def list(self, repository: int) -> tuple[StoredSecret, ...]:
        """Every secret of a repository, by environment, store and name."""
        ...

    def read(self, secrets: Sequence[StoredSecret], now: float) -> tuple[str, ...]:
        """Their values in this order, and remember that they were used now.

        Raises Conflict where one is no longer stored as it is given: its rules may be others now.
        """
        ...

    def delete(self, slot: Slot) -> bool:
        """Forget the secret; False where there is none."""
        ...


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


@dataclass(frozen=True, slots=True)
class FailedDelivery:
    """A delivery that GitHub could not hand over: GitHub's id of it, and its GUID."""

    id: int
    guid: str


class Deliveries(Protocol):
    """GitHub's own log of what it sent us."""

    def failed(self, since: float) -> tuple[FailedDelivery, ...]:
        """Deliveries since that time whose GUID has no successful one."""
        ...

    def redeliver(self, id: int) -> None: ...
