"""Pull requests on GitHub as they stand now, and the commits that GitHub makes to try a merge."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from dishwasher.core.event import Repository
from dishwasher.core.pull import Commit, Stand
from dishwasher.errors import Unseen
from dishwasher.github.answer import Missing, read, unreadable
from dishwasher.github.app import GithubApp
from dishwasher.github.auth import parse_time
from dishwasher.github.client import Call
from dishwasher.ports import Pulls


@dataclass(frozen=True, slots=True)
class _Repository:
    id: int


@dataclass(frozen=True, slots=True)
class _Side:
    sha: str
    ref: str
    repo: _Repository | None = None


@dataclass(frozen=True, slots=True)
class AccountJson:
    """A person, a bot or an organisation, as the API tells it."""

    id: int
    login: str
    type: str = ""


@dataclass(frozen=True, slots=True)
class _Label:
    name: str


@dataclass(frozen=True, slots=True)
class PullJson:
    """A pull request as the API tells it; lists leave out `mergeable`."""

    number: int
    state: str
    head: _Side
    base: _Side
    updated_at: str
    mergeable: bool | None = None
    user: AccountJson | None = None
    labels: tuple[_Label, ...] = ()


@dataclass(frozen=True, slots=True)
class _Object:
    sha: str


@dataclass(frozen=True, slots=True)
class _Reference:
    object: _Object


@dataclass(frozen=True, slots=True)
class _Commit:
    sha: str
    tree: _Object
    parents: tuple[_Object, ...]
    message: str


@dataclass(frozen=True, slots=True)
class _List:
    items: tuple[PullJson, ...]


class GithubPulls:
    """Pulls over GitHub's REST API.

    The merge is read as a ref: `merge_commit_sha` has left the API with its version 2026-03-10
    (https://docs.github.com/en/rest/about-the-rest-api/breaking-changes).
    """

    def __init__(self, app: GithubApp) -> None:
        self._app = app

    def pull_request(self, repository: Repository, number: int) -> Stand:
        """As it is now. To ask makes GitHub try the merge where that is not yet known.

        https://docs.github.com/en/rest/pulls/pulls#get-a-pull-request
        """
        call = Call("GET", f"/pulls/{number}")
        try:
            data = self._app.call(repository, call)
        except Missing as error:
            raise Unseen(f"GitHub does not show #{number} of {repository.full_name}") from error
        return _stand(read(PullJson, data, str(call)), call)

    def open_from(self, repository: Repository, branch: str) -> tuple[Stand, ...]:
        """`head` names an owner, who may have a fork with a branch of the same name as well."""
        owner = self._app.name(repository).partition("/")[0]
        query: dict[str, str | int] = {"state": "open", "head": f"{owner}:{branch}"}
        call = Call("GET", "/pulls", query)
        data = self._app.call(repository, call)
        return tuple(
            _stand(one, call)
            for one in read(_List, {"items": data}, str(call)).items
            if one.head.repo is not None and one.head.repo.id == repository.id
        )

    def merge_sha(self, repository: Repository, number: int) -> str | None:
        call = Call("GET", f"/git/ref/pull/{number}/merge")
        try:
            data = self._app.call(repository, call)
        except Missing:
            return None
        return read(_Reference, data, str(call)).object.sha

    def commit_of(self, repository: Repository, sha: str) -> Commit:
        call = Call("GET", f"/git/commits/{quote(sha)}")
        try:
            data = self._app.call(repository, call)
        except Missing as error:
            raise Unseen(f"GitHub does not show {sha} of {repository.full_name}") from error
        found = read(_Commit, data, str(call))
        parents = tuple(parent.sha for parent in found.parents)
        return Commit(found.sha, found.tree.sha, parents, found.message)


def _stand(found: PullJson, call: Call) -> Stand:
    return Stand(
        number=found.number,
        is_open=found.state == "open",
        head_sha=found.head.sha,
        base_ref=found.base.ref,
        base_sha=found.base.sha,
        mergeable=found.mergeable,
        updated=moment(found.updated_at, str(call)),
        labels=tuple(label.name for label in found.labels),
    )


def moment(text: str, what: str) -> float:
    """Seconds since the epoch; raises InfraError for what is no time of GitHub's."""
    try:
        return parse_time(text)
    except ValueError as error:
        raise unreadable(what, once=False) from error


def _conforms(app: GithubApp) -> Pulls:
    return GithubPulls(app)
