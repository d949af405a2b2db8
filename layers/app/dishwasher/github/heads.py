"""Every repository of the App, and where its branches and open pull requests stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dishwasher.core.event import Event, EventKind, PullRequest, Repository
from dishwasher.core.hooks.code import MERGE_QUEUE
from dishwasher.core.hooks.fields import PERSON
from dishwasher.errors import Gone, Rejected
from dishwasher.github import answer as answers
from dishwasher.github.answer import Missing, read, unreadable
from dishwasher.github.app import GithubApp
from dishwasher.github.client import Call
from dishwasher.github.pulls import AccountJson, PullJson, moment

PER_PAGE = 100
PAGES = 10
"""A repository with more branches or open pull requests than fit is looked at in part."""


@dataclass(frozen=True, slots=True)
class _Installation:
    id: int
    suspended_at: str | None = None


@dataclass(frozen=True, slots=True)
class _Token:
    token: str


@dataclass(frozen=True, slots=True)
class _Repository:
    id: int
    name: str
    owner: AccountJson
    default_branch: str = ""
    private: bool = True
    archived: bool = False


@dataclass(frozen=True, slots=True)
class _Repositories:
    repositories: tuple[_Repository, ...]


@dataclass(frozen=True, slots=True)
class _Commit:
    sha: str


@dataclass(frozen=True, slots=True)
class _Branch:
    name: str
    commit: _Commit


class GithubHeads:
    """Heads over GitHub's REST API."""

    def __init__(self, app: GithubApp) -> None:
        self._app = app

    def has_room(self, repository: Repository) -> bool:
        return self._app.has_room(repository)

    def repositories(self) -> tuple[Repository, ...]:
        """Of every installation that is not suspended; archived ones take no pushes."""
        found: list[Repository] = []
        for page in range(1, PAGES + 1):
            call = Call("GET", "/app/installations", {"per_page": PER_PAGE, "page": page})
            data = answers.value(self._app.as_app(call), str(call), once=False)
            rows = read(tuple[_Installation, ...], data, str(call))
            for row in rows:
                if row.suspended_at is None:
                    found.extend(self._installed(row.id))
            if len(rows) < PER_PAGE:
                break
        return tuple(found)

    def of(self, repository: Repository) -> tuple[Event, ...]:
        """An event for each, as its webhook would have told; messages are not read."""
        branches = (
            self._push(repository, read(_Branch, row, "a branch"))
            for row in self._pages(repository, "/branches", {})
        )
        pulls = (
            self._pull(repository, read(PullJson, row, "a pull request"))
            for row in self._pages(repository, "/pulls", {"state": "open"})
        )
        return (*(event for event in branches if not event.branch.startswith(MERGE_QUEUE)), *pulls)

    def _installed(self, installation: int) -> Iterator[Repository]:
        """With a token that may do nothing but list them."""
        path = f"/app/installations/{installation}/access_tokens"
        minting = Call("POST", path, body={"permissions": {"metadata": "read"}})
        try:
            minted = self._app.as_app(minting, installation)
        except (Gone, Missing, Rejected):
            # Removed or suspended since it was listed.
            return
        token = read(_Token, answers.value(minted, path, once=False), path).token
        try:
            for page in range(1, PAGES + 1):
                rows = self._list(token, installation, page)
                for row in rows:
                    if not row.archived and row.default_branch:
                        yield Repository(
                            *(row.id, row.owner.login, row.name, row.default_branch),
                            *(row.private, installation),
                        )
                if len(rows) < PER_PAGE:
                    return
        finally:
            self._app.revoke(token, installation)

    def _list(self, token: str, installation: int, page: int) -> tuple[_Repository, ...]:
        query: dict[str, str | int] = {"per_page": PER_PAGE, "page": page}
        call = Call("GET", "/installation/repositories", query)
        answer = self._app.with_token(call, token, installation)
        data = answers.value(answer, str(call), once=False)
        return read(_Repositories, data, str(call)).repositories

    def _pages(
        self, repository: Repository, path: str, query: dict[str, str | int]
    ) -> Iterator[Any]:
        for page in range(1, PAGES + 1):
            call = Call("GET", path, {**query, "per_page": PER_PAGE, "page": page})
            rows = self._app.call(repository, call)
            if not isinstance(rows, list):
                raise unreadable(str(call), once=False)
            yield from rows
            if len(rows) < PER_PAGE:
                return

    def _push(self, repository: Repository, branch: _Branch) -> Event:
        return Event(EventKind.PUSH, "", repository, "", branch.commit.sha, branch.name)

    def _pull(self, repository: Repository, pull: PullJson) -> Event:
        request = PullRequest(
            number=pull.number,
            head_ref=pull.head.ref,
            head_repository=pull.head.repo.id if pull.head.repo else None,
            base_ref=pull.base.ref,
            base_sha=pull.base.sha,
            updated=moment(pull.updated_at, "a pull request"),
        )
        return Event(
            EventKind.PULL_REQUEST,
            "",
            repository,
            pull.user.login if pull.user else "",
            pull.head.sha,
            pull.head.ref,
            pull_request=request,
            action="synchronize",
            sender_id=pull.user.id if pull.user else 0,
            bots=(pull.user.id,) if pull.user and pull.user.type != PERSON else (),
        )
