"""Who may do what: users, apps, installations and their tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["AccountKind", "App", "Installation", "Token", "User", "covers"]

# What a permission level includes. https://docs.github.com/rest/overview/permissions-required-for-github-apps
LEVELS = ("none", "read", "write", "admin")


class AccountKind(StrEnum):
    user = "User"
    bot = "Bot"
    organization = "Organization"


@dataclass(frozen=True, slots=True)
class User:
    """A person, a bot or an organization. `token` is what a person pushes and calls with."""

    id: int
    login: str
    name: str
    email: str
    kind: AccountKind
    token: str


@dataclass(frozen=True, slots=True)
class App:
    """A GitHub App, with the half of its key pair that its owner downloads once."""

    id: int
    slug: str
    name: str
    client_id: str
    owner_id: int
    bot_id: int
    hook_id: int
    webhook_url: str
    webhook_secret: str
    private_key: str
    public_key: str
    permissions: Mapping[str, str]
    events: frozenset[str]
    created_at: float
    client_secret: str = ""
    external_url: str = ""


@dataclass(frozen=True, slots=True)
class Installation:
    """An app on an account. `repository_ids` is None for all repositories of the account."""

    id: int
    app_id: int
    account_id: int
    repository_ids: frozenset[int] | None
    permissions: Mapping[str, str]
    events: frozenset[str]
    created_at: float
    updated_at: float
    suspended_at: float | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """An installation token. `repository_ids` is None when it is not narrowed."""

    value: str
    installation_id: int
    repository_ids: frozenset[int] | None
    permissions: Mapping[str, str]
    expires_at: float


def covers(granted: str | None, wanted: str) -> bool:
    """Whether a granted level includes the wanted one."""
    return LEVELS.index(granted or "none") >= LEVELS.index(wanted)
