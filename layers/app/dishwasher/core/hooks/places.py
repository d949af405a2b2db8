"""installation, installation_repositories and repository: where the App may act."""

from __future__ import annotations

from dishwasher.core.access import Change, Right
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
    return Change(id, right, f"installation {id} {what}", told=fields.moment(data, "updated_at"))


def installation_repositories(_: str, payload: Json) -> Change | Ignored:
    action = fields.action(payload)
    if action not in REPOSITORIES:
        return Ignored(f"nothing is done for installation_repositories.{action}")
    data = fields.member(payload, "installation")
    listed = payload.get(f"repositories_{action}")
    named = listed if isinstance(listed, list) else []
    ids = [fields.optional(one, "id") for one in named if isinstance(one, dict)]
    ids = [id for id in ids if id][:MOST_NAMED]
    if not ids:
        return Ignored("no repository is named")
    many = f"{len(ids)} repositor{'y' if len(ids) == 1 else 'ies'}"
    return Change(
        fields.number(data, "id"),
        REPOSITORIES[action],
        f"{many} {'was' if len(ids) == 1 else 'were'} {action}",
        tuple(ids),
        fields.moment(data, "updated_at"),
    )


def repository(_: str, payload: Json) -> Change | Ignored:
    """Everything is kept under the repository's id, so that a new name changes little."""
    action = fields.action(payload)
    if action not in ("renamed", "transferred", "deleted", "edited", "privatized", "publicized"):
        return Ignored(f"nothing is done for repository.{action}")
    present = fields.repository(payload)
    gone = action == "deleted"
    return Change(
        present.installation,
        Right.REMOVED if gone else Right.GRANTED,
        f"{present.full_name} was {action}",
        (present.id,),
        fields.moment(fields.member(payload, "repository"), "updated_at"),
        None if gone else present,
    )
