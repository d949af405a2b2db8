"""What a repository holds on GitHub besides git objects: values, replaced when they change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = [
    "Action",
    "Annotation",
    "CheckRun",
    "CheckSuite",
    "Comment",
    "Deployment",
    "DeploymentStatus",
    "Output",
    "PullRequest",
    "Reaction",
    "Repository",
]


@dataclass(frozen=True, slots=True)
class Repository:
    id: int
    owner_id: int
    name: str
    private: bool
    default_branch: str
    description: str
    fork_of: int | None
    collaborators: Mapping[int, str]  # user id -> read, triage, write, maintain or admin
    created_at: float
    pushed_at: float


@dataclass(frozen=True, slots=True)
class Annotation:
    path: str
    start_line: int
    end_line: int
    start_column: int | None
    end_column: int | None
    level: str
    message: str
    title: str | None
    raw_details: str | None


@dataclass(frozen=True, slots=True)
class Action:
    label: str
    description: str
    identifier: str


@dataclass(frozen=True, slots=True)
class Output:
    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations: tuple[Annotation, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckSuite:
    id: int
    repository_id: int
    app_id: int
    head_sha: str
    head_branch: str | None
    before: str | None
    created_at: float
    updated_at: float
    rerequested_at: float | None = None


@dataclass(frozen=True, slots=True)
class CheckRun:
    id: int
    repository_id: int
    suite_id: int
    app_id: int
    head_sha: str
    name: str
    status: str
    conclusion: str | None
    started_at: float | None
    completed_at: float | None
    details_url: str
    external_id: str
    output: Output
    actions: tuple[Action, ...]
    created_at: float
    updated_at: float


@dataclass(frozen=True, slots=True)
class PullRequest:
    """`head_repository_id` is None when the fork was deleted; `mergeable` when not yet known."""

    id: int
    repository_id: int
    number: int
    title: str
    body: str | None
    user_id: int
    head_repository_id: int | None
    head_owner_id: int
    head_ref: str
    head_sha: str
    base_ref: str
    base_sha: str
    state: str
    draft: bool
    created_at: float
    updated_at: float
    closed_at: float | None = None
    merged_at: float | None = None
    merged_by: int | None = None
    merge_commit_sha: str | None = None
    mergeable: bool | None = None
    locked: bool = False
    """The conversation: only who may write to the repository may comment."""
    labels: tuple[str, ...] = ()
    """Their names."""


@dataclass(frozen=True, slots=True)
class Comment:
    id: int
    repository_id: int
    number: int
    user_id: int
    app_id: int | None
    body: str
    created_at: float
    updated_at: float


@dataclass(frozen=True, slots=True)
class Reaction:
    id: int
    comment_id: int
    user_id: int
    content: str
    created_at: float


@dataclass(frozen=True, slots=True)
class Deployment:
    id: int
    repository_id: int
    sha: str
    ref: str
    task: str
    environment: str
    description: str | None
    payload: object
    transient: bool
    production: bool
    user_id: int
    app_id: int | None
    created_at: float
    updated_at: float


@dataclass(frozen=True, slots=True)
class DeploymentStatus:
    id: int
    deployment_id: int
    state: str
    description: str
    environment: str
    environment_url: str
    log_url: str
    user_id: int
    app_id: int | None
    created_at: float
