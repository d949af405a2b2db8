"""The ports Source, Pulls, Checks and Deliveries over dicts, with trouble on demand."""

from __future__ import annotations

import hashlib
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from dishwasher.core.added import Added
from dishwasher.core.event import Repository
from dishwasher.core.findings import Finding
from dishwasher.core.pull import Commit, Stand
from dishwasher.core.report import ANNOTATIONS_PER_REQUEST, Check, Status
from dishwasher.errors import Ambiguous, Gone, InfraError, Rejected, Throttled, Unseen
from dishwasher.ports import Clock, Comparison, Content, FailedDelivery, Listing, PostedCheck

SUMMARY_BYTES = 65_535
LISTED_CHANGES = 300
STALE_SECONDS = 20.0
THROTTLE_SECONDS = 60.0


class Trouble(StrEnum):
    """What may happen to a call. `before` and `after` say whether it had its effect."""

    NONE = "none"
    BEFORE = "before"
    AFTER = "after"
    UNSENT = "unsent"
    """Without effect, and the caller can know it."""
    THROTTLED = "throttled"
    REJECTED = "rejected"
    UNSEEN = "unseen"
    GONE = "gone"
    STALE = "stale"
    """Lists answer as things were a while ago."""


@dataclass(slots=True)
class ForgePull:
    """A pull request; its merge is made when somebody asks, as on GitHub."""

    head_ref: str
    head_sha: str
    base_sha: str
    base_ref: str = "main"
    is_open: bool = True
    updated: float = 0.0
    is_fork: bool = False
    labels: tuple[str, ...] = ()
    mergeable: bool | None = True
    """None while GitHub tries it; True is found out to be False where there is a conflict."""


@dataclass(slots=True)
class ForgeRepository:
    files: dict[str, dict[str, bytes]] = field(default_factory=dict)
    """By SHA, then by path."""
    parents: dict[str, tuple[str, ...]] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    pulls: dict[int, ForgePull] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)
    """By SHA."""
    is_large: bool = False
    """It has more files than are listed at once."""


@dataclass(slots=True)
class ForgeRun:
    """A check run as GitHub keeps it; `history` holds each state with the time it came."""

    id: int
    repository: int
    created: float
    shown: Check
    annotations: list[Finding] = field(default_factory=list)
    history: list[tuple[float, Status]] = field(default_factory=list)

    @property
    def is_completed(self) -> bool:
        return self.shown.status is Status.COMPLETED

    def was_completed(self, at: float) -> bool:
        states = [status for time, status in self.history if time <= at]
        return bool(states) and states[-1] is Status.COMPLETED


@dataclass(frozen=True, slots=True)
class ForgeDelivery:
    id: int
    guid: str
    at: float
    arrived: bool
    too_large: Content | None = None
    """What it held, where nothing of that size comes through to us."""


class FakeForge:
    """GitHub without GitHub. `weather`, asked before every call, names its trouble."""

    def __init__(self, clock: Clock) -> None:
        self.repositories: dict[int, ForgeRepository] = {}
        self.runs: dict[int, ForgeRun] = {}
        self.tokens: dict[str, int] = {}
        """Clone tokens that are valid, with the repository each is for."""
        self.deliveries: list[ForgeDelivery] = []
        self.redelivered: deque[str] = deque()
        """GUIDs to deliver again, for whoever plays GitHub's hands."""
        self.calls: list[str] = []
        self.room = True
        self.changed: Added | None = None
        """What every comparison says was added."""
        self.closed_until = 0.0
        self.shut: set[int] = set()
        """Installations that are suspended, or were removed."""
        self.weather: Callable[[str], Trouble] = self._planned
        self._clock = clock
        self._trouble: dict[str, deque[Trouble]] = defaultdict(deque)
        self._ids = 0

    # Setting the stage

    def add(self, repository: Repository) -> ForgeRepository:
        return self.repositories.setdefault(repository.id, ForgeRepository())

    def commit(
        self,
        repository: Repository,
        files: Mapping[str, bytes],
        branch: str | None = "main",
        parents: tuple[str, ...] | None = None,
    ) -> str:
        """A commit of exactly these files on top of the branch; answers its SHA."""
        there = self.add(repository)
        if parents is None:
            head = there.branches.get(branch or "")
            parents = (head,) if head else ()
        text = f"{repository.id} {len(there.files)} {sorted(files.items())} {parents}"
        sha = hashlib.sha1(text.encode()).hexdigest()
        there.files[sha] = dict(files)
        there.parents[sha] = parents
        if branch is not None:
            there.branches[branch] = sha
        return sha

    def remove(self, repository: Repository) -> None:
        """Delete it: every call on it raises Gone."""
        self.repositories.pop(repository.id, None)

    def plan(self, operation: str, *troubles: Trouble) -> None:
        """The next calls of this operation (`create`, `update`, `file`, …) meet these, in order."""
        self._trouble[operation].extend(troubles)

    def deliver(self, guid: str, *, arrived: bool, too_large: Content | None = None) -> int:
        """Write a delivery into the log; answers its id."""
        id = self._next()
        self.deliveries.append(ForgeDelivery(id, guid, self._clock.now(), arrived, too_large))
        return id

    def runs_of(self, repository: Repository, sha: str) -> list[ForgeRun]:
        """Every check run on a commit, the oldest first."""
        return [
            run
            for run in self.runs.values()
            if run.repository == repository.id and run.shown.head_sha == sha
        ]

    # Source

    def file(self, repository: Repository, path: str, sha: str) -> bytes | None:
        there = self._call("file", repository)
        if sha not in there.files:
            raise Unseen(f"no commit {sha}")
        return there.files[sha].get(path)

    def files(self, repository: Repository, sha: str) -> Listing:
        there = self._call("files", repository)
        if sha not in there.files:
            raise Unseen(f"no commit {sha}")
        return Listing(frozenset(there.files[sha]), complete=not there.is_large)

    def branch_sha(self, repository: Repository, branch: str) -> str | None:
        return self._call("branch_sha", repository).branches.get(branch)

    def compare(
        self, repository: Repository, base: str, head: str, *, paths: bool = False
    ) -> Comparison | None:
        there = self._call("compare", repository)
        base, head = there.branches.get(base, base), there.branches.get(head, head)
        if base not in there.files or head not in there.files:
            return None
        before, after = _ancestors(there, base), _ancestors(there, head)
        shared = [sha for sha in after if sha in before]
        if not shared:
            return None
        if base == head:
            status = "identical"
        elif base in after:
            status = "ahead"
        else:
            status = "behind" if head in before else "diverged"
        changed = _changed(there.files[shared[0]], there.files[head]) if paths else None
        return Comparison(status, shared[0], changed)

    def clone_url(self, repository: Repository) -> str:
        return f"https://forge.invalid/{repository.full_name}.git"

    def tarball_url(self, repository: Repository, sha: str) -> str:
        return f"https://api.forge.invalid/repos/{repository.full_name}/tarball/{sha}"

    def clone_token(self, repository: Repository) -> str:
        trouble = self.meet("clone_token", repository)
        token = f"ghs_{self._next()}_{'.'.join(['long'] * 120)}"
        self.tokens[token] = repository.id
        self.lose(trouble, once=False)
        return token

    def revoke(self, token: str) -> None:
        trouble = self.meet("revoke", None)
        self.tokens.pop(token, None)
        self.lose(trouble, once=False)

    # Pulls

    def pull_request(self, repository: Repository, number: int) -> Stand:
        there = self._call("pull_request", repository)
        if number not in there.pulls:
            raise Unseen(f"no pull request {number}")
        stand = _stand(number, there.pulls[number])
        merges = stand.mergeable and _merged(there, there.pulls[number]) is not None
        return replace(stand, mergeable=merges)

    def open_from(self, repository: Repository, branch: str) -> tuple[Stand, ...]:
        pulls = self._call("open_from", repository).pulls
        return tuple(
            replace(_stand(number, pull), mergeable=None)
            for number, pull in pulls.items()
            if pull.is_open and pull.head_ref == branch and not pull.is_fork
        )

    def merge_sha(self, repository: Repository, number: int) -> str | None:
        there = self._call("merge_sha", repository)
        return _merged(there, there.pulls[number])

    def commit_of(self, repository: Repository, sha: str) -> Commit:
        there = self._call("commit_of", repository)
        if sha not in there.files:
            raise Unseen(f"no commit {sha}")
        message = there.messages.get(sha, "")
        return Commit(sha, _tree(there.files[sha]), there.parents[sha], message)

    # Checks

    def create(self, repository: Repository, check: Check) -> int:
        trouble = self.meet("create", repository, once=True)
        if check.head_sha not in self.repositories[repository.id].files:
            raise Unseen(f"no commit {check.head_sha}")
        _validate(check)
        run = ForgeRun(self._next(), repository.id, self._clock.now(), check)
        self.runs[run.id] = run
        self._show(run, check)
        self.lose(trouble, once=True)
        return run.id

    def update(self, repository: Repository, id: int, check: Check) -> None:
        once = bool(check.annotations)
        trouble = self.meet("update", repository, once=once)
        if id not in self.runs:
            raise Gone(f"no check run {id}")
        _validate(check)
        self._show(self.runs[id], check)
        self.lose(trouble, once=once)

    def list(self, repository: Repository, sha: str) -> tuple[PostedCheck, ...]:
        trouble = self.meet("list", repository)
        at = self._clock.now() - (STALE_SECONDS if trouble is Trouble.STALE else 0)
        return tuple(
            PostedCheck(run.id, run.shown.external_id, run.was_completed(at))
            for run in self.runs_of(repository, sha)
            if run.created <= at
        )

    def annotated(self, repository: Repository, id: int) -> int:
        self._call("annotated", repository)
        if id not in self.runs:
            raise Gone(f"no check run {id}")
        return len(self.runs[id].annotations)

    def added(self, repository: Repository, base: str, head: str) -> Added | None:
        self._call("added", repository)
        return self.changed

    def has_room(self, repository: Repository) -> bool:
        return self.room

    def free_at(self, repository: Repository) -> float:
        return self.closed_until

    # Deliveries

    def failed(self, since: float) -> tuple[FailedDelivery, ...]:
        self.meet("failed", None)
        seen = [delivery for delivery in self.deliveries if delivery.at >= since]
        arrived = {delivery.guid for delivery in seen if delivery.arrived}
        tries: dict[str, list[ForgeDelivery]] = defaultdict(list)
        for delivery in seen:
            if delivery.guid not in arrived:
                tries[delivery.guid].append(delivery)
        return tuple(
            FailedDelivery(
                *(rows[-1].id, guid, rows[0].at, rows[-1].at, len(rows)),
                too_large=rows[-1].too_large is not None,
            )
            for guid, rows in tries.items()
        )

    def content(self, id: int) -> Content:
        trouble = self.meet("content", None)
        found = next((one.too_large for one in self.deliveries if one.id == id), None)
        if found is None:
            raise Gone(f"no delivery {id}")
        self.lose(trouble, once=False)
        return found

    def redeliver(self, id: int) -> None:
        trouble = self.meet("redeliver", None)
        guid = next((one.guid for one in self.deliveries if one.id == id), None)
        if guid is None:
            raise Gone(f"no delivery {id}")
        self.redelivered.append(guid)
        self.lose(trouble, once=False)

    # How calls go wrong, here and at its neighbours

    def now(self) -> float:
        return self._clock.now()

    def _planned(self, operation: str) -> Trouble:
        waiting = self._trouble[operation]
        return waiting.popleft() if waiting else Trouble.NONE

    def _call(self, operation: str, repository: Repository) -> ForgeRepository:
        """For reads: a lost answer and a lost question are one."""
        self.lose(self.meet(operation, repository), once=False)
        return self.repositories[repository.id]

    def meet(self, operation: str, repository: Repository | None, *, once: bool = False) -> Trouble:
        """Raise what goes wrong before the effect; answers what may go wrong after it."""
        self.calls.append(operation)
        trouble = self.weather(operation)
        if trouble is Trouble.UNSENT:
            raise InfraError(f"{operation}: no connection")
        if trouble is Trouble.THROTTLED:
            raise Throttled(f"{operation}: too fast", self._clock.now() + THROTTLE_SECONDS)
        if trouble is Trouble.REJECTED:
            raise Rejected(f"{operation}: invalid")
        if trouble is Trouble.UNSEEN:
            raise Unseen(f"{operation}: not there yet")
        missing = repository is not None and repository.id not in self.repositories
        if repository is not None and repository.installation in self.shut:
            raise Gone(f"{operation}: this installation has been suspended")
        if trouble is Trouble.GONE or missing:
            raise Gone(f"{operation}: the repository is gone")
        if trouble is Trouble.BEFORE:
            self.lose(Trouble.AFTER, once=once)
        return trouble

    def lose(self, trouble: Trouble, *, once: bool) -> None:
        """Raise what a caller sees who gets no answer."""
        if trouble is Trouble.AFTER:
            raise Ambiguous("the answer was lost") if once else InfraError("the answer was lost")

    def _show(self, run: ForgeRun, check: Check) -> None:
        run.shown = check
        run.annotations.extend(check.annotations)
        run.history.append((self._clock.now(), check.status))

    def _next(self) -> int:
        self._ids += 1
        return self._ids


def _stand(number: int, pull: ForgePull) -> Stand:
    sides = (pull.head_sha, pull.base_ref, pull.base_sha)
    return Stand(number, pull.is_open, *sides, pull.mergeable, pull.updated, pull.labels)


def _merged(there: ForgeRepository, pull: ForgePull) -> str | None:
    """The commit that merges both sides, made where it is not there yet; None for a conflict."""
    ours, theirs = there.files[pull.base_sha], there.files[pull.head_sha]
    known = _ancestors(there, pull.head_sha)
    shared = next((sha for sha in _ancestors(there, pull.base_sha) if sha in known), None)
    before = there.files[shared] if shared else {}
    result: dict[str, bytes] = {}
    for path in {**ours, **theirs}:
        old, mine, other = before.get(path), ours.get(path), theirs.get(path)
        if mine != old and other not in (old, mine):
            return None
        kept = other if mine == old else mine
        if kept is not None:
            result[path] = kept
    sha = hashlib.sha1(f"{pull.base_sha} {pull.head_sha}".encode()).hexdigest()
    there.files[sha], there.parents[sha] = result, (pull.base_sha, pull.head_sha)
    return sha


def _tree(files: Mapping[str, bytes]) -> str:
    return hashlib.sha1(repr(sorted(files.items())).encode()).hexdigest()


def _validate(check: Check) -> None:
    """What GitHub answers 422 to."""
    if check.status is Status.COMPLETED and check.conclusion is None:
        raise Rejected("a completed check run has a conclusion")
    if len(check.annotations) > ANNOTATIONS_PER_REQUEST:
        raise Rejected("more than 50 annotations")
    if len(check.summary.encode()) > SUMMARY_BYTES:
        raise Rejected("summary exceeds a maximum bytesize of 65535")


def _changed(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> tuple[str, ...] | None:
    changed = tuple(sorted(path for path in old | new if old.get(path) != new.get(path)))
    return changed if len(changed) < LISTED_CHANGES else None


def _ancestors(repository: ForgeRepository, sha: str) -> dict[str, None]:
    """The commit and all before it, the nearest first."""
    found: dict[str, None] = {}
    todo = deque([sha])
    while todo:
        at = todo.popleft()
        if at not in found:
            found[at] = None
            todo.extend(repository.parents.get(at, ()))
    return found
