"""A pull request: where it stands at GitHub now, and what of it was planned last."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from dishwasher.core.approval import Approval
from dishwasher.core.event import Event, PullRequest


@dataclass(frozen=True, slots=True)
class Stand:
    """A pull request as the forge's API shows it."""

    number: int
    is_open: bool
    head_sha: str
    base_ref: str
    base_sha: str
    """Where the base branch stood when GitHub last looked."""
    mergeable: bool | None
    """None while GitHub tries the merge, False where it conflicts."""
    updated: float
    """Seconds since the epoch."""
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit as the forge's API shows it."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    message: str


@dataclass(frozen=True, slots=True)
class Pull:
    """What was planned for one; stored with each build, so that of two who plan one wins."""

    KIND: ClassVar[str] = "pull"

    id: str
    """`<repository id>/<number>`."""
    head: str = ""
    """The commit that was planned last."""
    is_open: bool = True
    moved: float = 0.0
    """GitHub's time since which it has had this head at the latest; 0 where nobody knows."""
    approval: Approval | None = None
    """Of this head; a new one voids it."""
    answer: str = ""
    """What our comment says to whoever has written the last command, one sentence."""
    helps: bool = False
    """Our comment tells which commands there are, because someone asked."""
    due: float = 0.0
    """When it was closed; 0 while it is open. What is closed for long is forgotten."""
    version: int = 0

    @property
    def group(self) -> str:
        return ""

    @property
    def speaks(self) -> bool:
        """Somebody has asked for words, whatever the checks say."""
        return bool(self.answer or self.helps)

    def at(self, event: Event, request: PullRequest) -> Pull:
        """It stands open at the event's commit. A push voids what was said of the commit before,
        one that brings an older commit back as well; another base branch an approval."""
        pushed = event.action == "synchronize" and request.updated > self.moved
        if self.head == event.sha and not pushed:
            given = self.approval
            kept = given if given and given.holds(event.sha, request.base_ref) else None
            return replace(self, is_open=True, due=0.0, approval=kept)
        moved = max(self.moved, request.updated) if request.updated else 0.0
        return Pull(self.id, event.sha, moved=moved, version=self.version)


def pull_id(repository: int, number: int) -> str:
    return f"{repository}/{number}"


def is_later(stand: Stand, request: PullRequest) -> bool:
    """Whether what is shown came after the event; unknown where the event tells no time."""
    return 0.0 < request.updated < stand.updated


def unlike(stand: Stand, event: Event) -> str:
    """How GitHub shows the pull request otherwise than the event; empty where both agree."""
    if not stand.is_open:
        return f"pull request {stand.number} is closed"
    if stand.head_sha != event.sha:
        return f"pull request {stand.number} stands at {stand.head_sha[:12]}"
    return ""


def plain(request: PullRequest, stand: Stand) -> PullRequest:
    """Its head is built as it is, compared with the base branch as it is now."""
    return replace(
        request,
        base_ref=stand.base_ref,
        base_sha=stand.base_sha,
        merge="",
        tree="",
        labels=stand.labels,
    )


def as_built(request: PullRequest, stand: Stand, built: PullRequest | None) -> PullRequest:
    """The very commit that a build of its head was made of, with the labels of now.

    None where that was built for a push.
    """
    if built is None:
        return plain(request, stand)
    return replace(
        request,
        base_ref=stand.base_ref,
        base_sha=built.base_sha,
        merge=built.merge,
        tree=built.tree,
        labels=stand.labels,
    )


def merged(request: PullRequest, stand: Stand, merge: Commit, head: Commit) -> PullRequest:
    """The merge is built; where it has the head's tree, the head is, because they are the same."""
    same = merge.tree == head.tree
    return replace(
        request,
        base_ref=stand.base_ref,
        base_sha=merge.parents[0],
        merge="" if same else merge.sha,
        tree="" if same else merge.tree,
        labels=stand.labels,
    )


def told(request: PullRequest) -> str:
    """What is to be known of a build of the merge; empty where the head itself is built."""
    if not request.merge:
        return ""
    return (
        f"This is the result of merging into {request.base_ref} at {request.base_sha[:12]}; "
        f"lines are counted in the merge, {request.merge[:12]}."
    )


def conflicting(stand: Stand) -> str:
    return (
        f"The branch conflicts with {stand.base_ref}, so that it was built by itself and not "
        "merged. Resolve the conflict to have the result checked."
    )


def unmerged(stand: Stand) -> str:
    return (
        f"GitHub did not merge the branch into {stand.base_ref} in time, so that it was built by "
        "itself. Re-run to build the same commit; push again to have the result checked."
    )
