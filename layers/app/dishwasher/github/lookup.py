"""A repository by its name, for people who type it; everything else knows its id."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from dishwasher.errors import Rejected
from dishwasher.github import answer as answers
from dishwasher.github.answer import Missing, Redirected, read
from dishwasher.github.app import GithubApp
from dishwasher.github.client import Call


@dataclass(frozen=True, slots=True)
class _Installation:
    id: int


@dataclass(frozen=True, slots=True)
class _Repository:
    id: int


@dataclass(frozen=True, slots=True)
class _Narrowed:
    token: str
    repositories: tuple[_Repository, ...]


def repository_id(app: GithubApp, owner: str, name: str) -> int | None:
    """GitHub's id of `owner/name`; None where the App is not installed on one of this name."""
    asked = Call("GET", f"/repos/{quote(owner, safe='')}/{quote(name, safe='')}/installation")
    try:
        found = answers.value(app.as_app(asked), str(asked), once=False)
    except (Missing, Redirected):
        # Of a repository that was renamed, its old name.
        return None
    installation = read(_Installation, found, str(asked)).id
    # The App itself may not look at a repository, and a token narrowed to one names its id.
    minting = Call(
        "POST",
        f"/app/installations/{installation}/access_tokens",
        body={"repositories": [name], "permissions": {"metadata": "read"}},
    )
    try:
        minted = answers.value(app.as_app(minting, installation), str(minting), once=False)
    except (Missing, Rejected):
        return None
    narrowed = read(_Narrowed, minted, str(minting))
    app.revoke(narrowed.token, installation)
    return next((one.id for one in narrowed.repositories), None)
