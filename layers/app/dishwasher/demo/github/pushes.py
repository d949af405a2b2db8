"""What follows when refs have moved: push events, check suites, pull requests brought along."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dishwasher.demo.github import checks, pulls
from dishwasher.demo.github.diff import name_status
from dishwasher.demo.github.emit import emit, in_repository
from dishwasher.demo.github.gitdir import ZEROS, GitDirectory
from dishwasher.demo.github.model import PullRequest, Repository
from dishwasher.demo.github.shapes import commit as shape
from dishwasher.demo.github.shapes.account import pusher
from dishwasher.demo.github.world import World

__all__ = ["pushed"]

Json = dict[str, Any]

# https://docs.github.com/webhooks/webhook-events-and-payloads#push
MAX_COMMITS = 2048
MAX_TAGS_AT_ONCE = 3
MAX_BRANCHES_AT_ONCE = 5000


def pushed(
    world: World, repository: Repository, moves: Mapping[str, tuple[str, str]], sender_id: int
) -> None:
    """`moves`: ref -> (before, after), zeros for none. The refs stand there already."""
    repository = world.place(replace(repository, pushed_at=world.clock.now()))
    branches = {ref: move for ref, move in moves.items() if ref.startswith("refs/heads/")}
    tags = {ref: move for ref, move in moves.items() if ref.startswith("refs/tags/")}
    told = dict(branches) if len(branches) <= MAX_BRANCHES_AT_ONCE else {}
    told |= tags if len(tags) <= MAX_TAGS_AT_ONCE else {}
    for ref, (before, after) in told.items():
        payload = _payload(world, repository, ref, before, after, sender_id)
        emit(world, "push", repository, payload)
    for ref, (before, after) in branches.items():
        branch = ref.removeprefix("refs/heads/")
        if after != ZEROS:
            checks.suites_for_push(world, repository, branch, before, after, sender_id)
        _bring_along(world, repository, branch, after, sender_id)
    world.notify()


def _bring_along(
    world: World, repository: Repository, branch: str, after: str, sender_id: int
) -> None:
    for pull in list(world.pulls):
        if pull.state != "open":
            continue
        if (pull.head_repository_id, pull.head_ref) == (repository.id, branch):
            if after == ZEROS:
                pulls.close(world, pull, sender_id)
            elif after != pull.head_sha:
                pulls.moved(world, pull, after, sender_id)
        elif (pull.repository_id, pull.base_ref) == (repository.id, branch) and after != ZEROS:
            _base_moved(world, pull, after, sender_id)


def _base_moved(world: World, pull: PullRequest, after: str, sender_id: int) -> None:
    """A base that holds the head has merged it, whoever pushed; else the merge is tried anew."""
    if world.git[pull.repository_id].is_ancestor(pull.head_sha, after):
        pulls.merged(world, pull, after, sender_id)
    else:
        pulls.refresh(world, pull)


def _payload(
    world: World, repository: Repository, ref: str, before: str, after: str, sender_id: int
) -> Json:
    git = world.git[repository.id]
    created, deleted = before == ZEROS, after == ZEROS
    commits = _new_commits(git, ref, before, after)
    told = _told(world, repository, [*commits, *([] if deleted else [_commit_of(git, after)])])
    compare = f"{before[:12]}...{after[:12]}"
    return {
        "ref": ref,
        "before": before,
        "after": after,
        "created": created,
        "deleted": deleted,
        "forced": not created and not deleted and not git.is_ancestor(before, after),
        "base_ref": None,
        "compare": f"{world.url}/{world.full_name(repository)}/compare/{compare}",
        "commits": [told[sha] for sha in commits],
        "head_commit": None if deleted else told[_commit_of(git, after)],
        "pusher": pusher(world.users[sender_id]),
        **in_repository(world, repository, sender_id, epoch=True),
    }


def _commit_of(git: GitDirectory, sha: str) -> str:
    """An annotated tag stands for its commit."""
    found = git.objects.info(f"{sha}^{{commit}}")
    return found[0] if found is not None else sha


def _new_commits(git: GitDirectory, ref: str, before: str, after: str) -> list[str]:
    """Oldest first. A new branch brings what no other ref has; a tag and a deletion nothing."""
    if after == ZEROS or not ref.startswith("refs/heads/"):
        return []
    known = (
        [before]
        if before != ZEROS
        else [
            sha
            for other, sha in git.refs.items()
            if other.startswith("refs/heads/") and other != ref
        ]
    )
    listed = git.run(
        "rev-list",
        "--stdin",
        stdin="".join([f"{after}\n", *(f"^{sha}\n" for sha in known)]).encode(),
    )
    return listed.split()[:MAX_COMMITS][::-1]


def _told(world: World, repository: Repository, shas: list[str]) -> dict[str, Json]:
    git = world.git[repository.id]
    shas = list(dict.fromkeys(shas))
    names = name_status(git, shas)
    told = {}
    for sha in shas:
        if (found := git.commit(sha)) is not None:
            told[sha] = shape.pushed(world, repository, found, names[sha])
    return told
