"""Our comments on pull requests. https://docs.github.com/en/rest/issues/comments"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from dishwasher.core.command import Reaction
from dishwasher.core.event import Repository
from dishwasher.errors import Gone
from dishwasher.github.answer import read
from dishwasher.github.app import GithubApp
from dishwasher.github.client import Call
from dishwasher.ports import Comments, Conversation, PostedComment

PER_PAGE = 100
MAX_PAGES = 30
"""Of comments; whoever has written more than 3,000 has ours at the beginning."""


@dataclass(frozen=True, slots=True)
class _Head:
    sha: str


@dataclass(frozen=True, slots=True)
class _Pull:
    state: str
    head: _Head
    locked: bool = False


@dataclass(frozen=True, slots=True)
class _Author:
    id: int


@dataclass(frozen=True, slots=True)
class _Comment:
    id: int
    body: str | None = None
    performed_via_github_app: _Author | None = None


@dataclass(frozen=True, slots=True)
class _Listed:
    items: tuple[_Comment, ...]


class GithubComments:
    """Comments over GitHub's REST API; a pull request is an issue there."""

    def __init__(self, app: GithubApp) -> None:
        self._app = app

    def conversation(self, repository: Repository, number: int) -> Conversation:
        call = Call("GET", f"/pulls/{number}")
        pull = read(_Pull, self._app.call(repository, call), str(call))
        return Conversation(pull.head.sha, pull.state == "open", pull.locked)

    def comments(self, repository: Repository, number: int) -> tuple[PostedComment, ...]:
        # The author decides: anyone can copy what a comment of ours has in it.
        app, found = self._app.id, {}
        for page in range(1, MAX_PAGES + 1):
            query: dict[str, str | int] = {"per_page": PER_PAGE, "page": page}
            call = Call("GET", f"/issues/{number}/comments", query)
            items = self._app.call(repository, call)
            listed = read(_Listed, {"items": items}, str(call)).items
            for one in listed:
                if one.performed_via_github_app and one.performed_via_github_app.id == app:
                    found[one.id] = PostedComment(one.id, one.body or "")
            if len(listed) < PER_PAGE:
                break
        return tuple(found[id] for id in sorted(found))

    def comment(self, repository: Repository, number: int, body: str) -> int:
        call = Call("POST", f"/issues/{number}/comments", body={"body": body}, once=True)
        return read(_Comment, self._app.call(repository, call), str(call), once=True).id

    def edit(self, repository: Repository, id: int, body: str) -> None:
        self._app.call(repository, Call("PATCH", f"/issues/comments/{id}", body={"body": body}))

    def withdraw(self, repository: Repository, id: int) -> None:
        with suppress(Gone):
            self._app.call(repository, Call("DELETE", f"/issues/comments/{id}"))

    def react(self, repository: Repository, id: int, reaction: Reaction) -> None:
        """The same reaction once more changes nothing, so that it may be repeated.

        https://docs.github.com/en/rest/reactions/reactions#create-reaction-for-an-issue-comment
        """
        path = f"/issues/comments/{id}/reactions"
        with suppress(Gone):
            self._app.call(repository, Call("POST", path, body={"content": reaction.value}))


def _conforms(app: GithubApp) -> Comments:
    return GithubComments(app)
