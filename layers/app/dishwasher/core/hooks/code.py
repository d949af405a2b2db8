"""push, pull_request and merge_group: what there is to build.

Shapes: https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from __future__ import annotations

from dishwasher.core.event import NO_COMMIT, Event, EventKind, Ignored, PullRequest
from dishwasher.core.hooks import fields
from dishwasher.core.hooks.fields import SURROGATE, Json
from dishwasher.core.skip import skip_text

MAX_MESSAGE = 2000
"""Characters that are kept of a commit's message; nobody limits how long one may be."""

LABELLED = frozenset({"labeled", "unlabeled"})
BUILT_ACTIONS = LABELLED | {"opened", "synchronize", "reopened", "ready_for_review", "edited"}

MERGE_QUEUE = "gh-readonly-queue/"
"""Begins the branches that GitHub makes to try a merge before it is done; nobody has pushed them.
https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/configuring-pull-request-merges/managing-a-merge-queue
"""
HEADS, TAGS = "refs/heads/", "refs/tags/"


def push(delivery: str, payload: Json) -> Event | Ignored:
    ref = fields.text(payload, "ref")
    _, kind, name = (*ref.split("/", 2), "", "")[:3]
    if not ref.startswith((HEADS, TAGS)) or not name:
        return Ignored("only pushes to branches and tags are built")
    before, after = fields.pointed(payload, "before"), fields.pointed(payload, "after")
    is_tag = kind == "tags"
    is_queued = not is_tag and name.startswith(MERGE_QUEUE)
    if payload.get("deleted") is True or after == NO_COMMIT:
        return _deleted(delivery, payload, "" if is_tag else name, before)
    commit = payload.get("head_commit")
    return Event(
        kind=EventKind.MERGE_GROUP if is_queued else EventKind.PUSH,
        delivery=delivery,
        repository=fields.repository(payload),
        sender=fields.sender(payload),
        sender_id=fields.sender_id(payload),
        # `after` is the object of the tag itself where the tag is annotated.
        sha=fields.sha(commit, "id") if is_tag and isinstance(commit, dict) else after,
        branch="" if is_tag else name,
        before=before,
        pushed_at=_pushed_at(payload),
        forced=payload.get("forced") is True,
        tag=name if is_tag else "",
        message=message(commit.get("message") if isinstance(commit, dict) else None),
    )


def _deleted(delivery: str, payload: Json, branch: str, before: str) -> Event | Ignored:
    if not branch:
        return Ignored("the tag was deleted")
    if before == NO_COMMIT:
        return Ignored("the branch was deleted")
    queued = branch.startswith(MERGE_QUEUE)
    return Event(
        kind=EventKind.MERGE_GROUP_DESTROYED if queued else EventKind.BRANCH_DELETED,
        delivery=delivery,
        repository=fields.repository(payload),
        sender=fields.sender(payload),
        sender_id=fields.sender_id(payload),
        sha=before,
        branch=branch,
    )


def message(text: object) -> str:
    """Of a commit: its beginning, and what further down asks not to be built."""
    if not isinstance(text, str):
        return ""
    kept = SURROGATE.sub("\ufffd", text[:MAX_MESSAGE])
    asked = skip_text(text)
    return kept if skip_text(kept) == asked else f"{kept}… {asked}"


def pull_request(delivery: str, payload: Json) -> Event | Ignored:
    action = fields.action(payload)
    if action not in BUILT_ACTIONS and action != "closed":
        return Ignored(f"nothing is built for pull_request.{action}")
    changes = payload.get("changes")
    if action == "edited" and not (isinstance(changes, dict) and "base" in changes):
        return Ignored("title and text of a pull request build nothing")
    label = payload.get("label") if action in LABELLED else None
    if action in LABELLED and not isinstance(label, dict):
        return Ignored("no label is named")
    data = fields.member(payload, "pull_request")
    head, base = fields.member(data, "head"), fields.member(data, "base")
    return Event(
        kind=EventKind.PULL_REQUEST_CLOSED if action == "closed" else EventKind.PULL_REQUEST,
        delivery=delivery,
        repository=fields.repository(payload),
        sender=fields.sender(payload),
        sender_id=fields.sender_id(payload),
        action=action,
        sha=fields.sha(head, "sha"),
        branch=fields.text(head, "ref"),
        bots=fields.bots(payload.get("sender"), data.get("user")),
        label=fields.text(label, "name") if isinstance(label, dict) else "",
        pull_request=PullRequest(
            number=fields.number(payload, "number"),
            head_ref=fields.text(head, "ref"),
            # GitHub sends null where a fork was deleted.
            head_repository=None
            if head.get("repo") is None
            else fields.number(fields.member(head, "repo"), "id"),
            base_ref=fields.text(base, "ref"),
            base_sha=fields.sha(base, "sha"),
            updated=fields.moment(data, "updated_at"),
            head_name=fields.full_name(head.get("repo")),
        ),
    )


def merge_group(delivery: str, payload: Json) -> Event | Ignored:
    """A try of a merge queue, whose branch is pushed as well: the two are one build."""
    action = fields.action(payload)
    if action not in ("checks_requested", "destroyed"):
        return Ignored(f"nothing is built for merge_group.{action}")
    if action == "destroyed" and payload.get("reason") == "merged":
        # The base branch stands at that very commit now.
        return Ignored("the merge queue has merged it, and its checks stand")
    group = fields.member(payload, "merge_group")
    tried = action == "checks_requested"
    commit = group.get("head_commit")
    return Event(
        kind=EventKind.MERGE_GROUP if tried else EventKind.MERGE_GROUP_DESTROYED,
        delivery=delivery,
        repository=fields.repository(payload),
        sender=fields.sender(payload),
        sender_id=fields.sender_id(payload),
        action=action,
        sha=fields.sha(group, "head_sha"),
        branch=fields.text(group, "head_ref").removeprefix(HEADS),
        message=message(commit.get("message") if isinstance(commit, dict) else None),
    )


def _pushed_at(payload: Json) -> int:
    """A number in pushes; other events tell it as text, and nobody needs it there."""
    return fields.optional(fields.member(payload, "repository"), "pushed_at")
