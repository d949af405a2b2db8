"""What the flows read from repositories on GitHub, and the tokens that runners clone with."""

from __future__ import annotations

import base64
import binascii
import threading
from collections import OrderedDict
from dataclasses import dataclass
from urllib.parse import quote

from dishwasher.core.event import Repository
from dishwasher.errors import Unseen, UserError
from dishwasher.github.answer import Missing, Redirected, read, unreadable
from dishwasher.github.app import APP, GithubApp
from dishwasher.github.auth import Purpose
from dishwasher.github.client import Call
from dishwasher.github.errand import Errands
from dishwasher.ports import Comparison, Listing, Source

LARGEST_FILE = 1024 * 1024
"""Bytes; larger ones the contents API names without their content.

https://docs.github.com/en/rest/repos/contents#get-repository-content
"""
LISTED_CHANGES = 300
"""Files that a comparison lists at most.

https://docs.github.com/en/rest/commits/commits#compare-two-commits
"""
LINK = "120000"
"""git's mode of a symbolic link."""
REMEMBERED = 10_000
"""Clone tokens whose installation is remembered, so that revoking one is counted with it."""
REVOKED_WITHIN = 3.0
"""Seconds for which a job that is about to start waits for the end of its token: it ends by itself
within the hour, and a GitHub that does not answer must not hold up the build."""


@dataclass(frozen=True, slots=True)
class _Content:
    type: str
    encoding: str = ""
    content: str = ""


@dataclass(frozen=True, slots=True)
class _Commit:
    sha: str


@dataclass(frozen=True, slots=True)
class _Branch:
    commit: _Commit


@dataclass(frozen=True, slots=True)
class _Change:
    filename: str
    previous_filename: str | None = None


@dataclass(frozen=True, slots=True)
class _Comparison:
    status: str
    merge_base_commit: _Commit
    files: tuple[_Change, ...] | None = None


@dataclass(frozen=True, slots=True)
class _Entry:
    path: str
    type: str
    mode: str = ""


@dataclass(frozen=True, slots=True)
class _Tree:
    tree: tuple[_Entry, ...]
    truncated: bool = False


class GithubSource:
    """Source over GitHub's REST API."""

    def __init__(self, app: GithubApp) -> None:
        self._app = app
        self._issued: OrderedDict[str, int] = OrderedDict()
        self._lock = threading.Lock()
        self._errands = Errands()

    def file(self, repository: Repository, path: str, sha: str) -> bytes | None:
        """The file at that commit; None where there is none or the path is no file.

        Raises Unseen when GitHub does not know the commit, UserError above one megabyte.
        """
        if any(part in ("", ".", "..") for part in path.split("/")):
            raise UserError(f"{path!r} is not the path of a file in a repository")
        call = Call("GET", f"/contents/{quote(path)}", {"ref": sha})
        try:
            data = self._app.call(repository, call)
        except Missing as error:
            # Only this sentence tells a commit that is not there (yet) from a file that is not.
            if "No commit found" in str(error):
                raise Unseen(f"GitHub does not show {sha} of {repository.full_name}") from error
            return None
        # A folder is answered with the list of its entries.
        if isinstance(data, list):
            return None
        found = read(_Content, data, str(call))
        if found.type != "file":
            return None
        if found.encoding != "base64":
            raise UserError(f"{path} is larger than {LARGEST_FILE} bytes; make it smaller")
        try:
            return base64.b64decode(found.content)
        except binascii.Error as error:
            raise unreadable(str(call), once=False) from error

    def branch_sha(self, repository: Repository, branch: str) -> str | None:
        """The commit that the branch stands at; None when there is no such branch."""
        call = Call("GET", f"/branches/{quote(branch, safe='')}")
        try:
            data = self._app.call(repository, call)
        # Redirected: GitHub leads from a renamed branch to its new name; the old one is gone.
        except (Missing, Redirected):
            return None
        return read(_Branch, data, str(call)).commit.sha

    def files(self, repository: Repository, sha: str) -> Listing:
        """Every file of that commit, as far as GitHub lists them at once: 100,000, or 7 MB.

        https://docs.github.com/en/rest/git/trees#get-a-tree
        """
        whole = self._tree(repository, sha, {"recursive": "1"})
        if not whole.truncated:
            return Listing(_files(whole))
        # It lists folder after folder, and what is cut off is the end of the root, too.
        root = self._tree(repository, sha, {})
        return Listing(_files(whole) | _files(root), complete=False)

    def _tree(self, repository: Repository, sha: str, query: dict[str, str | int]) -> _Tree:
        call = Call("GET", f"/git/trees/{sha}", query)
        try:
            data = self._app.call(repository, call)
        except Missing as error:
            raise Unseen(f"GitHub does not show {sha} of {repository.full_name}") from error
        return read(_Tree, data, str(call))

    def compare(
        self, repository: Repository, base: str, head: str, *, paths: bool = False
    ) -> Comparison | None:
        """How head relates to base; None when either is unknown or they share no history."""
        path = f"/compare/{quote(base, safe='')}...{quote(head, safe='')}"
        # Only the first page lists files, with their patches, which hardly anybody here reads.
        call = Call("GET", path, {"per_page": 1, "page": 1 if paths else 2})
        try:
            data = self._app.call(repository, call)
        except Missing:
            return None
        found = read(_Comparison, data, str(call))
        return Comparison(
            found.status, found.merge_base_commit.sha, _changed(found) if paths else None
        )

    def clone_url(self, repository: Repository) -> str:
        return f"{self._app.url}/{quote(self._app.name(repository))}.git"

    def tarball_url(self, repository: Repository, sha: str) -> str:
        """https://docs.github.com/en/rest/repos/contents#download-a-repository-archive-tar"""
        return f"{self._app.api_url}/repos/{quote(self._app.name(repository))}/tarball/{sha}"

    def clone_token(self, repository: Repository) -> str:
        """A new token for this one repository, contents:read; good for an hour unless revoked."""
        token = self._app.mint(repository, Purpose.CLONE).value
        with self._lock:
            self._issued[token] = repository.installation
            while len(self._issued) > REMEMBERED:
                self._issued.popitem(last=False)
        return token

    def free_at(self, repository: Repository) -> float:
        """When the limiter lets the next token be asked for; 0 for now."""
        return self._app.free_at(repository)

    def revoke(self, token: str) -> None:
        """End the token now; harmless when it has ended. Raises InfraError when nobody knows."""
        with self._lock:
            installation = self._issued.pop(token, APP)
        self._errands.run(lambda: self._app.revoke(token, installation), REVOKED_WITHIN)


def _files(tree: _Tree) -> frozenset[str]:
    return frozenset(
        entry.path for entry in tree.tree if entry.type == "blob" and entry.mode != LINK
    )


def _changed(comparison: _Comparison) -> tuple[str, ...] | None:
    files = comparison.files
    if files is None or len(files) >= LISTED_CHANGES:
        return None
    names = (name for file in files for name in (file.previous_filename, file.filename) if name)
    return tuple(dict.fromkeys(names))


def _conforms(app: GithubApp) -> Source:
    return GithubSource(app)
