"""What people and programs ask for besides a push: a queue's try, a dispatch, a button."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dishwasher.demo.github import pulls, pushes
from dishwasher.demo.github.accounts import User
from dishwasher.demo.github.emit import emit, in_repository
from dishwasher.demo.github.gitdir import ZEROS
from dishwasher.demo.github.model import CheckRun, PullRequest, Repository
from dishwasher.demo.github.shapes import check
from dishwasher.demo.github.shapes import commit as shape
from dishwasher.demo.github.world import World

__all__ = ["dequeue", "dispatch", "enqueue", "press"]

Json = dict[str, Any]

QUEUE = "gh-readonly-queue"


def enqueue(world: World, repository: Repository, pull: PullRequest, who: User) -> str:
    """Try the merge on a branch of the queue's own; answer its commit.

    https://docs.github.com/en/webhooks/webhook-events-and-payloads#merge_group
    """
    git = world.git[repository.id]
    made = pulls.merge_commit(world, git, pull, who, f"Merge pull request #{pull.number}")
    if made is None:
        raise ValueError(f"#{pull.number} conflicts with {pull.base_ref}")
    ref = _ref(pull)
    git.update(ref, made.sha)
    pushes.pushed(world, repository, {ref: (ZEROS, made.sha)}, who.id)
    _emit_group(world, repository, pull, made.sha, "checks_requested", who)
    return made.sha


def dequeue(world: World, repository: Repository, pull: PullRequest, who: User) -> None:
    """The try is taken back, and its branch goes."""
    git, ref = world.git[repository.id], _ref(pull)
    sha = git.refs[ref]
    _emit_group(world, repository, pull, sha, "destroyed", who, reason="dequeued")
    git.update(ref, ZEROS)
    pushes.pushed(world, repository, {ref: (sha, ZEROS)}, who.id)


def _ref(pull: PullRequest) -> str:
    return f"refs/heads/{QUEUE}/{pull.base_ref}/pr-{pull.number}-{pull.head_sha}"


def _emit_group(
    world: World,
    repository: Repository,
    pull: PullRequest,
    sha: str,
    action: str,
    who: User,
    **extra: str,
) -> None:
    git = world.git[repository.id]
    found = git.commit(sha)
    assert found is not None
    told = shape.pushed(world, repository, found, {})
    keys = ("id", "tree_id", "message", "timestamp", "author", "committer")
    group = {
        "head_sha": sha,
        "head_ref": _ref(pull),
        "base_sha": found.parents[0],
        "base_ref": f"refs/heads/{pull.base_ref}",
        "head_commit": {key: told[key] for key in keys},
    }
    payload = {"action": action, "merge_group": group, **extra}
    emit(world, "merge_group", repository, payload | in_repository(world, repository, who.id))


def dispatch(
    world: World, repository: Repository, event_type: str, inputs: Mapping[str, Any], who: User
) -> None:
    """https://docs.github.com/en/rest/repos/repos#create-a-repository-dispatch-event"""
    payload = {
        "action": event_type,
        "branch": repository.default_branch,
        "client_payload": dict(inputs),
        **in_repository(world, repository, who.id),
    }
    emit(world, "repository_dispatch", repository, payload)


def press(world: World, repository: Repository, run: CheckRun, button: str, who: User) -> None:
    """A button that the run has; only the App whose run it is hears of it."""
    if button not in [action.identifier for action in run.actions]:
        raise KeyError(f"{run.name} has no button {button}")
    payload = {
        "action": "requested_action",
        "check_run": check.run_with_suite(world, repository, run),
        "requested_action": {"identifier": button},
        **in_repository(world, repository, who.id),
    }
    emit(world, "check_run", repository, payload, only_app=run.app_id)
