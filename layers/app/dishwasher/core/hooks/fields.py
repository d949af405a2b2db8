"""Single values of a payload: what is needed and malformed is a UserError that names the key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dishwasher.core.event import NO_COMMIT, SHA, Repository
from dishwasher.core.moment import seconds
from dishwasher.errors import UserError

OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
NAME = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}")
"""What GitHub allows in names; checked because they become URLs and folders."""

ACTION = re.compile(r"[a-z_]{1,64}")
MAX_TEXT = 1000
"""Characters of a ref or an id; more than git allows, and far from the end of a table's row."""

PERSON = "User"
"""What GitHub calls the account of a person."""

SURROGATE = re.compile(r"[\ud800-\udfff]")

Json = Mapping[str, Any]


def repository(payload: Json) -> Repository:
    data = member(payload, "repository")
    return Repository(
        id=number(data, "id"),
        owner=matching(OWNER, member(data, "owner"), "login"),
        name=matching(NAME, data, "name"),
        default_branch=text(data, "default_branch"),
        private=data.get("private") is not False,
        installation=number(member(payload, "installation"), "id"),
    )


def sender(payload: Json) -> str:
    found = payload.get("sender")
    if not isinstance(found, dict) or not isinstance(found.get("login"), str):
        return ""
    return text(found, "login")


def sender_id(payload: Json) -> int:
    found = payload.get("sender")
    return optional(found, "id") if isinstance(found, dict) else 0


def full_name(account: object) -> str:
    """`owner/name` of a repository; empty where there is none that GitHub would give."""
    told = account.get("full_name") if isinstance(account, dict) else None
    owner, _, name = told.partition("/") if isinstance(told, str) else ("", "", "")
    return f"{owner}/{name}" if OWNER.fullmatch(owner) and NAME.fullmatch(name) else ""


def bots(*accounts: object) -> tuple[int, ...]:
    """Ids of those that are no people; whose kind is not told is taken for a program."""
    found = [one for one in accounts if isinstance(one, dict) and one.get("type") != PERSON]
    return tuple(dict.fromkeys(optional(one, "id") for one in found))


def action(payload: Json) -> str:
    return matching(ACTION, payload, "action")


def moment(data: Json, key: str) -> float:
    """A time in seconds since the epoch; 0 where there is none that can be read."""
    value = data.get(key)
    if isinstance(value, str):
        return seconds(value)
    return float(value) if type(value) is int and 0 < value < 2**53 else 0.0


def member(data: Json, key: str) -> Json:
    value = data.get(key)
    if not isinstance(value, dict):
        raise UserError(f"the payload has no object {key!r}")
    return value


def text(data: Json, key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str):
        raise UserError(f"the payload has no text {key!r}")
    # Half a surrogate pair is valid JSON and no text: no URL and no digest could be made of it.
    if len(value) > MAX_TEXT or (not value.isascii() and SURROGATE.search(value)):
        raise UserError(f"the payload's {key!r} is no text that GitHub gives")
    return value


def matching(pattern: re.Pattern[str], data: Json, key: str) -> str:
    value = text(data, key)
    if not pattern.fullmatch(value):
        raise UserError(f"the payload's {key!r} is not a name that GitHub gives")
    return value


def sha(data: Json, key: str) -> str:
    return matching(SHA, data, key)


def pointed(data: Json, key: str) -> str:
    """What a ref points at; no commit is forty zeros here, and 64 where SHA-256 names objects."""
    value = sha(data, key)
    return value if value.strip("0") else NO_COMMIT


def number(data: Json, key: str) -> int:
    value = optional(data, key)
    if not value:
        raise UserError(f"the payload has no number {key!r}")
    return value


def optional(data: Json, key: str) -> int:
    """The same, 0 where there is none."""
    value = data.get(key)
    # GitHub's ids are positive and below 2^63; type() because True is an int.
    return value if type(value) is int and 0 < value < 2**63 else 0
