"""installation, installation_repositories and repository: where the App may act."""

from __future__ import annotations

from dishwasher.core.access import Change, Named, Right
from dishwasher.core.event import Ignored
from dishwasher.core.hooks import fields
from dishwasher.core.hooks.fields import Json

INSTALLATION = {
    "created": (Right.GRANTED, "was made"),
    "unsuspend": (Right.GRANTED, "is not suspended any more"),
    "suspend": (Right.SUSPENDED, "was suspended"),
    "deleted": (Right.REMOVED, "was removed"),
}
REPOSITORIES = {"added": Right.GRANTED, "removed": Right.REMOVED}
REPOSITORY = {
    **dict.fromkeys(
        ("renamed", "transferred", "edited", "privatized", "publicized"), Right.GRANTED
    ),
    "unarchived": Right.GRANTED,
    "archived": Right.ARCHIVED,
    "deleted": Right.DELETED,
}
MOST_NAMED = 1000
"""Repositories of one event that are kept; GitHub's pages add some dozens at once."""


def installation(_: str, payload: Json) -> Change | Ignored:
    """A removed one never comes back: who installs the App again gets another."""
    action = fields.action(payload)
    if action not in INSTALLATION:
        return Ignored(f"nothing is done for installation.{action}")
    data = fields.member(payload, "installation")
    right, what = INSTALLATION[action]
    id = fields.number(data, "id")
    return Change(
        id,
        right,
        f"installation {id} {what}",
        told=fields.moment(data, "updated_at"),
        named=_named(payload.get("repositories")) if right is Right.GRANTED else (),
    )


def installation_repositories(_: str, payload: Json) -> Change | Ignored:
    action = fields.action(payload)
    if action not in REPOSITORIES:
        return Ignored(f"nothing is done for installation_repositories.{action}")
    data = fields.member(payload, "installation")
    named = _named(payload.get(f"repositories_{action}"))
    if not named:
        return Ignored("no repository is named")
    many = f"{len(named)} repositor{'y' if len(named) == 1 else 'ies'}"
    right = REPOSITORIES[action]
    return Change(
        fields.number(data, "id"),
        right,
        f"{many} {'was' if len(named) == 1 else 'were'} {action}",
        tuple(one.id for one in named),
        fields.moment(data, "updated_at"),
        named=named if right is Right.GRANTED else (),
    )


def repository(_: str, payload: Json) -> Change | Ignored:
    """Everything is kept under the repository's id, so that a new name changes little."""
    action = fields.action(payload)
    if action not in REPOSITORY:
        return Ignored(f"nothing is done for repository.{action}")
    present = fields.repository(payload)
    return Change(
        present.installation,
        REPOSITORY[action],
        f"{present.full_name} was {action}",
        (present.id,),
        fields.moment(fields.member(payload, "repository"), "updated_at"),
        present,
    )


def _named(listed: object) -> tuple[Named, ...]:
    rows = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    found = (
        Named(fields.optional(one, "id"), fields.full_name(one), one.get("private") is not False)
        for one in rows
    )
    return tuple(one for one in found if one.id)[:MOST_NAMED]
