"""Comments under a pull request, with the event that each of them raises."""

from __future__ import annotations

from dataclasses import replace

from dishwasher.demo.github.emit import emit, in_repository
from dishwasher.demo.github.model import Comment, PullRequest, Repository
from dishwasher.demo.github.shapes import pull as shape
from dishwasher.demo.github.world import World

__all__ = ["add", "edit"]


def add(
    world: World,
    repository: Repository,
    pull: PullRequest,
    body: str,
    user_id: int,
    app_id: int | None = None,
) -> Comment:
    now = world.clock.now()
    comment = world.comments.put(
        Comment(
            id=world.new_id(),
            repository_id=repository.id,
            number=pull.number,
            user_id=user_id,
            app_id=app_id,
            body=body,
            created_at=now,
            updated_at=now,
        )
    )
    _emit(world, repository, pull, comment, "created", user_id)
    return comment


def edit(world: World, repository: Repository, comment: Comment, body: str, by: int) -> Comment:
    pull = world.pull(repository.id, comment.number)
    assert pull is not None
    before = comment.body
    comment = world.comments.put(replace(comment, body=body, updated_at=world.clock.now()))
    changes = {"changes": {"body": {"from": before}}}
    _emit(world, repository, pull, comment, "edited", by, **changes)
    return comment


def _emit(
    world: World,
    repository: Repository,
    pull: PullRequest,
    comment: Comment,
    action: str,
    sender_id: int,
    **extra: object,
) -> None:
    payload = {
        "action": action,
        "issue": shape.issue(world, pull),
        "comment": shape.comment(world, repository, comment),
        **extra,
        **in_repository(world, repository, sender_id),
    }
    emit(world, "issue_comment", repository, payload)
    world.notify()
