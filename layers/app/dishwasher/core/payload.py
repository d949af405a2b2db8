"""A webhook's JSON payload → Event, or why it plans nothing. Reads only what is needed, leniently.

Shapes: https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dishwasher.core.event import (
    NO_COMMIT,
    SHA,
    Event,
    EventKind,
    Ignored,
    PullRequest,
    Repository,
)
from dishwasher.core.selection import skip_text
from dishwasher.errors import UserError

OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
NAME = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}")
"""What GitHub allows in names; checked because they become URLs and folders."""

ACTION = re.compile(r"[a-z_]{1,64}")
MAX_TEXT = 1000
"""Characters of a ref or an id; more than git allows, and far from the end of a table's row."""

MAX_MESSAGE = 2000
"""Characters that are kept of a commit's message; nobody limits how long one may be."""

BUILT_ACTIONS = frozenset({"opened", "synchronize", "reopened"})

MERGE_QUEUE = "gh-readonly-queue/"
"""Begins the branches that GitHub makes to try a merge before it is done; nobody has pushed them.
https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/configuring-pull-request-merges/managing-a-merge-queue
"""

_SURROGATE = re.compile(r"[\ud800-\udfff]")

Json = Mapping[str, Any]


def read(name: str, delivery: str, payload: Json) -> Event | Ignored:
    """The meaning of a delivery of the event `name`; raises UserError where it is malformed."""
    if name == "ping":
        return Ignored("ping: the webhook works")
    if name == "push":
        return _push(delivery, payload)
    if name == "pull_request":
        return _pull_request(delivery, payload)
    if name == "check_run":
        return _check_run(delivery, payload)
    return Ignored(f"nothing is built for the event {name}")


def _push(delivery: str, payload: Json) -> Event | Ignored:
    ref = _text(payload, "ref")
    _, kind, name = (*ref.split("/", 2), "", "")[:3]
    if not ref.startswith(("refs/heads/", "refs/tags/")) or not name:
        return Ignored("only pushes to branches and tags are built")
    before, after = _pushed(payload, "before"), _pushed(payload, "after")
    is_tag = kind == "tags"
    is_queued = not is_tag and name.startswith(MERGE_QUEUE)
    if payload.get("deleted") is True or after == NO_COMMIT:
        return Ignored(f"the {'tag' if is_tag else 'branch'} was deleted")
    return Event(
        kind=EventKind.MERGE_GROUP if is_queued else EventKind.PUSH,
        delivery=delivery,
        repository=_repository(payload),
        sender=_sender(payload),
        sender_id=_sender_id(payload),
        sha=_tagged(payload, after) if is_tag else after,
        branch="" if is_tag else name,
        before=before,
        pushed_at=_pushed_at(payload),
        forced=payload.get("forced") is True,
        tag=name if is_tag else "",
        message=_message(payload),
    )


def _tagged(payload: Json, after: str) -> str:
    """The commit: `after` is the object of the tag itself where the tag is annotated."""
    commit = payload.get("head_commit")
    return _sha(commit, "id") if isinstance(commit, dict) else after


def _message(payload: Json) -> str:
    """Of the last commit: its beginning, and what further down asks not to be built."""
    commit = payload.get("head_commit")
    message = commit.get("message") if isinstance(commit, dict) else None
    if not isinstance(message, str):
        return ""
    kept = _SURROGATE.sub("\ufffd", message[:MAX_MESSAGE])
    asked = skip_text(message)
    return kept if skip_text(kept) == asked else f"{kept}… {asked}"


def _pull_request(delivery: str, payload: Json) -> Event | Ignored:
    action = _matching(ACTION, payload, "action")
    if action not in BUILT_ACTIONS and action != "closed":
        return Ignored(f"nothing is built for pull_request.{action}")
    data = _object(payload, "pull_request")
    head, base = _object(data, "head"), _object(data, "base")
    head_repository = head.get("repo")
    return Event(
        kind=EventKind.PULL_REQUEST_CLOSED if action == "closed" else EventKind.PULL_REQUEST,
        delivery=delivery,
        repository=_repository(payload),
        sender=_sender(payload),
        sender_id=_sender_id(payload),
        action=action,
        sha=_sha(head, "sha"),
        branch=_text(head, "ref"),
        pull_request=PullRequest(
            number=_number(payload, "number"),
            head_ref=_text(head, "ref"),
            # GitHub sends null where a fork was deleted.
            head_repository=None
            if head_repository is None
            else _number(_object(head, "repo"), "id"),
            base_ref=_text(base, "ref"),
            base_sha=_sha(base, "sha"),
        ),
    )


def _check_run(delivery: str, payload: Json) -> Event | Ignored:
    action = _matching(ACTION, payload, "action")
    if action != "rerequested":
        return Ignored(f"nothing is done for check_run.{action}")
    run = _object(payload, "check_run")
    # GitHub sends null or an empty text where the App gave none.
    if not run.get("external_id"):
        return Ignored("that check run is not one of ours: it has no external_id")
    return Event(
        kind=EventKind.RERUN,
        delivery=delivery,
        repository=_repository(payload),
        sender=_sender(payload),
        sha=_sha(run, "head_sha"),
        branch="",
        job=_text(run, "external_id"),
    )


def _repository(payload: Json) -> Repository:
    data = _object(payload, "repository")
    return Repository(
        id=_number(data, "id"),
        owner=_matching(OWNER, _object(data, "owner"), "login"),
        name=_matching(NAME, data, "name"),
        default_branch=_text(data, "default_branch"),
        private=data.get("private") is not False,
        installation=_number(_object(payload, "installation"), "id"),
    )


def _pushed_at(payload: Json) -> int:
    """A number in pushes; other events tell it as text, and nobody needs it there."""
    value = _object(payload, "repository").get("pushed_at")
    return value if type(value) is int and 0 < value < 2**63 else 0


def _sender(payload: Json) -> str:
    sender = payload.get("sender")
    if not isinstance(sender, dict) or not isinstance(sender.get("login"), str):
        return ""
    return _text(sender, "login")


def _sender_id(payload: Json) -> int:
    sender = payload.get("sender")
    id = sender.get("id") if isinstance(sender, dict) else None
    return id if type(id) is int and 0 < id < 2**63 else 0


def _object(data: Json, key: str) -> Json:
    value = data.get(key)
    if not isinstance(value, dict):
        raise UserError(f"the payload has no object {key!r}")
    return value


def _text(data: Json, key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str):
        raise UserError(f"the payload has no text {key!r}")
    # Half a surrogate pair is valid JSON and no text: no URL and no digest could be made of it.
    if len(value) > MAX_TEXT or (not value.isascii() and _SURROGATE.search(value)):
        raise UserError(f"the payload's {key!r} is no text that GitHub gives")
    return value


def _matching(pattern: re.Pattern[str], data: Json, key: str) -> str:
    value = _text(data, key)
    if not pattern.fullmatch(value):
        raise UserError(f"the payload's {key!r} is not a name that GitHub gives")
    return value


def _sha(data: Json, key: str) -> str:
    return _matching(SHA, data, key)


def _pushed(data: Json, key: str) -> str:
    """What a ref points at; no commit is forty zeros here, and 64 where SHA-256 names objects."""
    sha = _sha(data, key)
    return sha if sha.strip("0") else NO_COMMIT


def _number(data: Json, key: str) -> int:
    value = data.get(key)
    # GitHub's ids are positive and below 2^63; type() because True is an int.
    if type(value) is not int or not 0 < value < 2**63:
        raise UserError(f"the payload has no number {key!r}")
    return value
