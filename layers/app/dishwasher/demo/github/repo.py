"""A repository in human hands: what a person does in a browser or with git."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from dishwasher.demo.github import asked, checks, comments, pulls, pushes
from dishwasher.demo.github.accounts import User
from dishwasher.demo.github.emit import emit, in_repository
from dishwasher.demo.github.gitdir import ZEROS, Blob, GitDirectory
from dishwasher.demo.github.model import (
    CheckRun,
    Comment,
    Deployment,
    DeploymentStatus,
    PullRequest,
    Repository,
)
from dishwasher.demo.github.objects import Signature
from dishwasher.demo.github.repositories import fork
from dishwasher.demo.github.shapes.account import user as user_shape
from dishwasher.demo.github.world import World

__all__ = ["Files", "Repo", "blobs"]

Files = Mapping[str, str | bytes | None] | Path


def blobs(files: Files) -> dict[str, Blob | None]:
    """What to write: a folder's files with their executable bits, or texts by path."""
    if isinstance(files, Path):
        return {
            path.relative_to(files).as_posix(): Blob(
                path.read_bytes(), bool(path.stat().st_mode & 0o100)
            )
            for path in sorted(files.rglob("*"))
            if path.is_file() and ".git" not in path.parts and "__pycache__" not in path.parts
        }
    return {
        path: None if content is None else Blob(_bytes(content)) for path, content in files.items()
    }


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


class Repo:
    """Acts as the repository's owner unless told who acts. It stays the same after a rename."""

    def __init__(self, world: World, repository_id: int) -> None:
        self._world = world
        self.id = repository_id

    @property
    def row(self) -> Repository:
        return self._world.repositories[self.id]

    @property
    def git(self) -> GitDirectory:
        return self._world.git[self.id]

    @property
    def full_name(self) -> str:
        return self._world.full_name(self.row)

    @property
    def clone_url(self) -> str:
        return f"{self._world.url}/{self.full_name}.git"

    @property
    def html_url(self) -> str:
        return f"{self._world.url}/{self.full_name}"

    def head(self, branch: str | None = None) -> str:
        """The SHA that a branch stands at; KeyError where there is none."""
        return self.git.refs[f"refs/heads/{branch or self.row.default_branch}"]

    def commit(
        self,
        files: Files,
        *,
        branch: str | None = None,
        message: str = "Change files",
        user: str | None = None,
        start: str | None = None,
        force: bool = False,
    ) -> str:
        """Commit to a branch and push it; a new branch starts at `start` or the default branch.

        A None in `files` deletes that path. With `force` the branch is put on `start` first.
        """
        name, who = branch or self.row.default_branch, self._user(user)
        with self.git.pushing, self._world.lock:
            before = self.git.branch(name)
            parent = (None if force else before) or self.git.resolve(
                start or self.row.default_branch
            )
            person = Signature(who.name, who.email, self._world.clock.now())
            parents = (parent,) if parent is not None else ()
            sha = self.git.write(blobs(files), parents, message, person)
            self._move(name, before, sha, who)
        return sha

    def move(self, branch: str, sha: str, user: str | None = None) -> None:
        """Point a branch at a commit, as a (forced) push does."""
        with self.git.pushing, self._world.lock:
            self._move(branch, self.git.branch(branch), sha, self._user(user))

    def delete_branch(self, branch: str, user: str | None = None) -> None:
        self.move(branch, ZEROS, user)

    def tag(self, name: str, sha: str | None = None, user: str | None = None) -> None:
        with self.git.pushing, self._world.lock:
            target = sha or self.head()
            self.git.update(f"refs/tags/{name}", target)
            moves = {f"refs/tags/{name}": (ZEROS, target)}
            pushes.pushed(self._world, self.row, moves, self._user(user).id)

    def open_pull(
        self,
        head: str,
        *,
        title: str | None = None,
        body: str | None = None,
        base: str | None = None,
        user: str | None = None,
        fork: Repo | None = None,
        draft: bool = False,
    ) -> PullRequest:
        """From a branch of this repository, or of a fork of it."""
        with self._world.lock:
            return pulls.open_pull(
                self._world,
                self.row,
                (fork or self).row,
                head_ref=head,
                base_ref=base or self.row.default_branch,
                title=title or head,
                body=body,
                author=self._user(user) if user or not fork else self._world.owner(fork.row),
                draft=draft,
            )

    def merge(self, number: int, user: str | None = None) -> str:
        """Merge with a merge commit, as the green button does; answer its SHA."""
        with self.git.pushing, self._world.lock:
            pull, who = self.pull(number), self._user(user)
            owner = self._world.users[pull.head_owner_id].login
            message = f"Merge pull request #{number} from {owner}/{pull.head_ref}\n\n{pull.title}"
            made = pulls.merge_commit(self._world, self.git, pull, who, message)
            if made is None:
                raise ValueError(f"#{number} conflicts with {pull.base_ref}")
            self._move(pull.base_ref, made.before, made.sha, who)
            return made.sha

    def close(self, number: int, user: str | None = None) -> PullRequest:
        with self._world.lock:
            return pulls.close(self._world, self.pull(number), self._user(user).id)

    def reopen(self, number: int, user: str | None = None) -> PullRequest:
        with self._world.lock:
            return pulls.reopen(self._world, self.pull(number), self._user(user).id)

    def comment(self, number: int, body: str, user: str | None = None) -> Comment:
        with self._world.lock:
            pull, who = self.pull(number), self._user(user)
            return comments.add(self._world, self.row, pull, body, who.id)

    def edit_comment(self, comment_id: int, body: str, user: str | None = None) -> Comment:
        with self._world.lock:
            found = self._world.comments.get(comment_id)
            if found is None or found.repository_id != self.id:
                raise KeyError(f"no comment {comment_id} in {self.full_name}")
            return comments.edit(self._world, self.row, found, body, self._user(user).id)

    def delete_comment(self, comment_id: int) -> None:
        with self._world.lock:
            self._world.comments.remove(comment_id)
            self._world.notify()

    def lock(self, number: int) -> None:
        """Nobody but the team may comment from now on."""
        with self._world.lock:
            pull = self.pull(number)
            self._world.pulls.put(replace(pull, locked=True))

    def rerun(self, check_run_id: int, user: str | None = None) -> None:
        """Press "Re-run" at a check."""
        with self._world.lock:
            run = self._world.runs.get(check_run_id)
            if run is None or run.repository_id != self.id:
                raise KeyError(f"no check run {check_run_id} in {self.full_name}")
            checks.rerequest_run(self._world, self.row, run, self._user(user).id)

    def rerun_all(self, sha: str, user: str | None = None) -> None:
        """Press "Re-run all checks" at a commit, for each App that has checks there."""
        with self._world.lock:
            for suite in self._world.suites.of((self.id, sha)):
                checks.rerequest_suite(self._world, self.row, suite, self._user(user).id)

    def press(self, check_run_id: int, button: str, user: str | None = None) -> None:
        """Press a button that the App has given its check."""
        with self._world.lock:
            run = self._world.runs.get(check_run_id)
            if run is None or run.repository_id != self.id:
                raise KeyError(f"no check run {check_run_id} in {self.full_name}")
            asked.press(self._world, self.row, run, button, self._user(user))

    def retarget(self, number: int, base: str, user: str | None = None) -> PullRequest:
        """Choose another base branch."""
        with self._world.lock:
            return pulls.retarget(self._world, self.pull(number), base, self._user(user).id)

    def ready(self, number: int, user: str | None = None) -> PullRequest:
        """A draft is ready for review."""
        with self._world.lock:
            return pulls.ready(self._world, self.pull(number), self._user(user).id)

    def label(self, number: int, name: str, user: str | None = None) -> PullRequest:
        with self._world.lock:
            return pulls.label(self._world, self.pull(number), name, True, self._user(user).id)

    def unlabel(self, number: int, name: str, user: str | None = None) -> PullRequest:
        with self._world.lock:
            return pulls.label(self._world, self.pull(number), name, False, self._user(user).id)

    def enqueue(self, number: int, user: str | None = None) -> str:
        """Have the merge queue try a pull request; answer the commit that it tries."""
        with self.git.pushing, self._world.lock:
            return asked.enqueue(self._world, self.row, self.pull(number), self._user(user))

    def dequeue(self, number: int, user: str | None = None) -> None:
        with self.git.pushing, self._world.lock:
            asked.dequeue(self._world, self.row, self.pull(number), self._user(user))

    def dispatch(self, event_type: str, inputs: Mapping[str, object] | None = None) -> None:
        """Ask for a build, as a program does over the API."""
        with self._world.lock:
            asked.dispatch(self._world, self.row, event_type, inputs or {}, self._user(None))

    def rename(self, name: str, user: str | None = None) -> None:
        """The old name redirects from now on."""
        with self._world.lock:
            old = self.row.name
            row = self._world.place(replace(self.row, name=name))
            payload = {
                "action": "renamed",
                "changes": {"repository": {"name": {"from": old}}},
                **in_repository(self._world, row, self._user(user).id),
            }
            emit(self._world, "repository", row, payload)
            self._world.notify()

    def transfer(self, owner: str, user: str | None = None) -> None:
        """To another account; the old name redirects from now on, as after a rename."""
        with self._world.lock:
            old = self._world.owner(self.row)
            row = self._world.place(replace(self.row, owner_id=self._user(owner).id))
            payload = {
                "action": "transferred",
                "changes": {"owner": {"from": {"user": user_shape(self._world, old)}}},
                **in_repository(self._world, row, self._user(user).id),
            }
            emit(self._world, "repository", row, payload)
            self._world.notify()

    def delete(self, user: str | None = None) -> None:
        with self._world.lock:
            row = self.row
            payload = {"action": "deleted", **in_repository(self._world, row, self._user(user).id)}
            emit(self._world, "repository", row, payload)
            self._world.forget(self.id)
            self._world.notify()

    def fork(self, owner: str) -> Repo:
        """A fork shares the objects of its parent, as on GitHub."""
        with self._world.lock:
            return Repo(self._world, fork(self._world, self.row, owner).id)

    def collaborate(self, user: str, role: str) -> None:
        """Give a user the role read, triage, write, maintain or admin."""
        with self._world.lock:
            roles = dict(self.row.collaborators) | {self._user(user).id: role}
            self._world.place(replace(self.row, collaborators=roles))

    def pull(self, number: int) -> PullRequest:
        with self._world.lock:
            found = self._world.pull(self.id, number)
        if found is None:
            raise KeyError(f"no pull request {number} in {self.full_name}")
        return found

    def check_runs(self, sha: str | None = None, name: str | None = None) -> list[CheckRun]:
        """Oldest first, of one commit or of all; every run, not only the latest of a name."""
        with self._world.lock:
            rows = list(self._world.runs) if sha is None else self._world.runs.of((self.id, sha))
        return [row for row in rows if row.repository_id == self.id and name in (None, row.name)]

    def comments(self, number: int) -> list[Comment]:
        with self._world.lock:
            return self._world.comments.of((self.id, number))

    def reactions(self, comment_id: int) -> list[str]:
        """In GitHub's words: `eyes`, `+1`, …"""
        with self._world.lock:
            return [one.content for one in self._world.reactions.of(comment_id)]

    def deployments(self) -> list[Deployment]:
        with self._world.lock:
            return self._world.deployments.of(self.id)

    def statuses(self, deployment_id: int) -> list[DeploymentStatus]:
        with self._world.lock:
            return self._world.statuses.of(deployment_id)

    def _move(self, branch: str, before: str | None, after: str, who: User) -> None:
        ref = f"refs/heads/{branch}"
        self.git.update(ref, after)
        if before != after:
            pushes.pushed(self._world, self.row, {ref: (before or ZEROS, after)}, who.id)

    def _user(self, login: str | None) -> User:
        if login is None:
            return self._world.owner(self.row)
        return self._world.person(login)
