"""repository_dispatch: a build that another program asks for, with its inputs."""

from __future__ import annotations

from dishwasher.core.event import NO_COMMIT, Event, EventKind, Ignored
from dishwasher.core.hooks import fields
from dishwasher.core.hooks.fields import MAX_TEXT, Json

ASKS = "dishwasher"
"""The `event_type` that is meant for us; it begins those of more than one purpose, after a dash.

The same event reaches every App of a repository, and most of them are meant for another.
"""
BRANCH = "branch"
"""The key of `client_payload` that names another branch than the default one."""


def repository_dispatch(delivery: str, payload: Json) -> Event | Ignored:
    """https://docs.github.com/en/rest/repos/repos#create-a-repository-dispatch-event"""
    kind = payload.get("action")
    if not isinstance(kind, str) or kind.partition("-")[0] != ASKS:
        return Ignored(f"only a repository_dispatch of the event_type {ASKS} is for us")
    given = payload.get("client_payload")
    inputs = dict(given) if isinstance(given, dict) else {}
    branch = inputs.pop(BRANCH, "")
    return Event(
        kind=EventKind.MANUAL,
        delivery=delivery,
        repository=fields.repository(payload),
        sender=fields.sender(payload),
        sender_id=fields.sender_id(payload),
        sha=NO_COMMIT,
        branch=branch if _is_text(branch) else "",
        inputs=tuple(sorted((name, _told(value)) for name, value in inputs.items())),
    )


def _told(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if type(value) is int or _is_text(value):
        return str(value)
    # Lists and objects are no values of variables.
    return ""


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= MAX_TEXT and not fields.SURROGATE.search(value)
