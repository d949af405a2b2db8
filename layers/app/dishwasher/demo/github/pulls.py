"""Pull requests: opened, moved, closed and merged, with their refs kept as GitHub keeps them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from dishwasher.demo.github.accounts import User
from dishwasher.demo.github.emit import emit, in_repository
from dishwasher.demo.github.gitdir import ZEROS, GitDirectory
from dishwasher.demo.github.model import PullRequest, Repository
from dishwasher.demo.github.objects import Signature
from dishwasher.demo.github.shapes import pull as shape
from dishwasher.demo.github.world import World

__all__ = [
    "Merge",
    "close",
    "label",
    "merge_commit",
    "merged",
    "moved",
    "open_pull",
    "ready",
    "refresh",
    "reopen",
    "retarget",
]


@dataclass(frozen=True, slots=True)
class Merge:
    """A merge that has been made: the commit that the base branch shall stand at."""

    sha: str
    before: str


def open_pull(
    world: World,
    base: Repository,
    head: Repository,
    *,
    head_ref: str,
    base_ref: str,
    title: str,
    body: str | None,
    author: User,
    draft: bool = False,
) -> PullRequest:
    now = world.clock.now()
    pull = PullRequest(
        id=world.new_id(),
        repository_id=base.id,
        number=world.next_number(base.id),
        title=title,
        body=body,
        user_id=author.id,
        head_repository_id=head.id,
        head_owner_id=head.owner_id,
        head_ref=head_ref,
        head_sha=world.git[head.id].refs[f"refs/heads/{head_ref}"],
        base_ref=base_ref,
        base_sha=world.git[base.id].refs[f"refs/heads/{base_ref}"],
        state="open",
        draft=draft,
        created_at=now,
        updated_at=now,
    )
    _bring(world, pull)
    world.pulls.put(pull)
    _emit(world, pull, "opened", author.id)
    return refresh(world, pull)


def _bring(world: World, pull: PullRequest) -> None:
    """Have the head's objects in the base repository, under `refs/pull/N/head`."""
    git = world.git[pull.repository_id]
    if not git.has_commit(pull.head_sha):
        source = world.git[pull.head_repository_id or pull.repository_id].folder
        flags = ("--quiet", "--no-tags", "--no-write-fetch-head")
        git.run("fetch", *flags, str(source), pull.head_sha)
    git.update(f"refs/pull/{pull.number}/head", pull.head_sha)


def refresh(world: World, pull: PullRequest) -> PullRequest:
    """Try the merge: `refs/pull/N/merge` and `mergeable`.

    GitHub does so after the event, whose payload says that `mergeable` is not yet known.
    """
    git = world.git[pull.repository_id]
    base_sha = git.branch(pull.base_ref) or pull.base_sha
    tree = git.merged_tree(base_sha, pull.head_sha)
    merge_sha = None
    if tree is not None:
        message = f"Merge {pull.head_sha} into {base_sha}"
        person = Signature("GitHub", "noreply@github.com", world.clock.now())
        merge_sha = git.write_tree(tree, (base_sha, pull.head_sha), message, person)
        git.update(f"refs/pull/{pull.number}/merge", merge_sha)
    elif f"refs/pull/{pull.number}/merge" in git.refs:
        git.update(f"refs/pull/{pull.number}/merge", ZEROS)
    known = tree is not None
    pull = replace(pull, base_sha=base_sha, mergeable=known, merge_commit_sha=merge_sha)
    world.pulls.put(pull)
    world.notify()
    return pull


def moved(world: World, pull: PullRequest, head_sha: str, sender_id: int) -> PullRequest:
    """The branch of an open pull request has been pushed to."""
    before = pull.head_sha
    pull = replace(
        pull,
        head_sha=head_sha,
        updated_at=world.clock.now(),
        mergeable=None,
        merge_commit_sha=None,
    )
    _bring(world, pull)
    world.pulls.put(pull)
    _emit(world, pull, "synchronize", sender_id, before=before, after=head_sha)
    return refresh(world, pull)


def close(world: World, pull: PullRequest, sender_id: int) -> PullRequest:
    now = world.clock.now()
    pull = world.pulls.put(replace(pull, state="closed", closed_at=now, updated_at=now))
    _emit(world, pull, "closed", sender_id)
    world.notify()
    return pull


def reopen(world: World, pull: PullRequest, sender_id: int) -> PullRequest:
    now = world.clock.now()
    pull = world.pulls.put(replace(pull, state="open", closed_at=None, updated_at=now))
    _emit(world, pull, "reopened", sender_id)
    return refresh(world, pull)


def retarget(world: World, pull: PullRequest, base_ref: str, sender_id: int) -> PullRequest:
    """Another base branch; title and text stay."""
    old = pull
    base_sha = world.git[pull.repository_id].refs[f"refs/heads/{base_ref}"]
    pull = replace(pull, base_ref=base_ref, base_sha=base_sha, updated_at=world.clock.now())
    world.pulls.put(pull)
    was = {"ref": {"from": old.base_ref}, "sha": {"from": old.base_sha}}
    _emit(world, pull, "edited", sender_id, changes={"base": was})
    return refresh(world, pull)


def ready(world: World, pull: PullRequest, sender_id: int) -> PullRequest:
    """It is no draft any more."""
    pull = world.pulls.put(replace(pull, draft=False, updated_at=world.clock.now()))
    _emit(world, pull, "ready_for_review", sender_id)
    return pull


def label(world: World, pull: PullRequest, name: str, put: bool, sender_id: int) -> PullRequest:
    """Put a label on it, or take it off."""
    kept = [one for one in pull.labels if one.casefold() != name.casefold()]
    labels = (*kept, name) if put else tuple(kept)
    pull = world.pulls.put(replace(pull, labels=labels, updated_at=world.clock.now()))
    told = shape.label(world, world.repositories[pull.repository_id], name)
    _emit(world, pull, "labeled" if put else "unlabeled", sender_id, label=told)
    return pull


def merge_commit(
    world: World, git: GitDirectory, pull: PullRequest, who: User, message: str
) -> Merge | None:
    """Make the merge commit on top of the base as it is now; None where it conflicts."""
    before = git.refs[f"refs/heads/{pull.base_ref}"]
    tree = git.merged_tree(before, pull.head_sha)
    if tree is None:
        return None
    person = Signature(who.name, who.email, world.clock.now())
    return Merge(git.write_tree(tree, (before, pull.head_sha), message, person), before)


def merged(world: World, pull: PullRequest, sha: str, sender_id: int) -> PullRequest:
    """The base branch holds the head now, by a merge or by a push."""
    now = world.clock.now()
    pull = replace(
        pull,
        state="closed",
        closed_at=now,
        merged_at=now,
        updated_at=now,
        merged_by=sender_id,
        merge_commit_sha=sha,
    )
    world.pulls.put(pull)
    _emit(world, pull, "closed", sender_id)
    git = world.git[pull.repository_id]
    if f"refs/pull/{pull.number}/merge" in git.refs:
        git.update(f"refs/pull/{pull.number}/merge", ZEROS)
    world.notify()
    return pull


def _emit(world: World, pull: PullRequest, action: str, sender_id: int, **extra: Any) -> None:
    base = world.repositories[pull.repository_id]
    payload = {
        "action": action,
        "number": pull.number,
        "pull_request": shape.full(world, pull),
        **extra,
        **in_repository(world, base, sender_id),
    }
    emit(world, "pull_request", base, payload)
