"""What people may do in a repository, by GitHub's word at the moment it is asked.

https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from dishwasher.core.event import Repository
from dishwasher.core.session import Person
from dishwasher.github.answer import Missing, read
from dishwasher.github.app import GithubApp
from dishwasher.github.client import Call
from dishwasher.ports import Members

MAY_READ = frozenset({"read", "triage", "write", "maintain", "admin"})
MAY_WRITE = frozenset({"write", "maintain", "admin"})


@dataclass(frozen=True, slots=True)
class _User:
    id: int


@dataclass(frozen=True, slots=True)
class _Permission:
    permission: str
    user: _User | None = None


class GithubMembers:
    """Asked with the App's own right; what a payload says of an author is not believed."""

    def __init__(self, app: GithubApp) -> None:
        self._app = app

    def may_read(self, repository: Repository, person: Person) -> bool:
        return self._permission(repository, person) in MAY_READ

    def may_write(self, repository: Repository, person: Person) -> bool:
        return self._permission(repository, person) in MAY_WRITE

    def _permission(self, repository: Repository, person: Person) -> str:
        """GitHub's word for it; empty where the person is not known there."""
        call = Call("GET", f"/collaborators/{quote(person.login, safe='')}/permission")
        try:
            data = self._app.call(repository, call)
        except Missing:
            return ""
        told = read(_Permission, data, str(call))
        # A login that was given up can be somebody else's by now; the id can not.
        same = told.user is not None and told.user.id == person.id
        return told.permission if same else ""


def _conforms(app: GithubApp) -> Members:
    return GithubMembers(app)
