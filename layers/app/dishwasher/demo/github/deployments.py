"""Deployments and their statuses, with GitHub's defaults that bite."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from dishwasher.demo.github.answer import Refusal
from dishwasher.demo.github.diff import compare
from dishwasher.demo.github.emit import emit, in_repository
from dishwasher.demo.github.model import Deployment, DeploymentStatus, Repository
from dishwasher.demo.github.shapes import deployment as shape
from dishwasher.demo.github.world import World

__all__ = ["AutoMerge", "auto_merge", "required_contexts", "store", "store_status"]

Json = dict[str, Any]

PASSING = frozenset({"success", "neutral", "skipped"})


@dataclass(frozen=True, slots=True)
class AutoMerge:
    """The default branch goes into the ref before a deployment of it; `tree` None: conflict."""

    branch: str
    base: str
    head: str
    tree: str | None


def auto_merge(world: World, repository: Repository, ref: str) -> AutoMerge | None:
    """What `auto_merge: true` does to a branch that lacks commits of the default branch."""
    git = world.git[repository.id]
    head, base = git.branch(ref), git.branch(repository.default_branch)
    if head is None or base is None or ref == repository.default_branch:
        return None
    compared = compare(git, base, head)
    if compared is None or compared.behind == 0:
        return None
    return AutoMerge(ref, base, head, git.merged_tree(head, base))


def required_contexts(
    world: World, repository: Repository, sha: str, ref: str, wanted: list[str] | None
) -> None:
    """Raise 409 unless the checks named, or by default all, have passed."""
    latest = {row.name: row for row in world.runs.of((repository.id, sha))}
    names = list(latest) if wanted is None else wanted
    contexts = []
    for name in names:
        row = latest.get(name)
        state = "missing" if row is None else row.conclusion or "pending"
        if state not in PASSING:
            contexts.append({"context": name, "state": state})
    if contexts:
        error = {
            "contexts": contexts,
            "resource": "Deployment",
            "field": "required_contexts",
            "code": "invalid",
        }
        raise Refusal(409, f"Conflict: Commit status checks failed for {ref}.", [error])


def store(world: World, repository: Repository, made: Deployment) -> Deployment:
    world.deployments.put(made)
    payload = {
        "action": "created",
        "deployment": shape.deployment(world, repository, made),
        "workflow": None,
        "workflow_run": None,
        **in_repository(world, repository, made.user_id),
    }
    emit(world, "deployment", repository, payload)
    world.notify()
    return made


def store_status(
    world: World,
    repository: Repository,
    deployment: Deployment,
    made: DeploymentStatus,
    auto_inactive: bool,
) -> DeploymentStatus:
    """Keep a status; `inactive` raises no event."""
    world.statuses.put(made)
    world.deployments.put(replace(deployment, updated_at=made.created_at))
    if made.state == "success" and auto_inactive:
        _retire(world, deployment, made)
    if made.state != "inactive":
        payload = {
            "action": "created",
            "deployment_status": shape.status(world, repository, made),
            "deployment": shape.deployment(world, repository, deployment),
            "workflow": None,
            "workflow_run": None,
            **in_repository(world, repository, made.user_id),
        }
        emit(world, "deployment_status", repository, payload)
    world.notify()
    return made


def _retire(world: World, deployment: Deployment, made: DeploymentStatus) -> None:
    """Earlier successful deployments of the environment, neither transient nor production."""
    for other in world.deployments.of(deployment.repository_id):
        same = other.environment == deployment.environment and other.id != deployment.id
        if not same or other.transient or other.production:
            continue
        statuses = world.statuses.of(other.id)
        if statuses and statuses[-1].state == "success":
            retired = replace(
                statuses[-1], id=world.new_id(), state="inactive", created_at=made.created_at
            )
            world.statuses.put(retired)
