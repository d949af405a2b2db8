"""Repositories as the simulated GitHub shows them: branches and commits that show late."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from dishwasher.core import pull
from dishwasher.core.added import Added
from dishwasher.core.event import NO_COMMIT, Repository
from dishwasher.core.pull import Stand
from dishwasher.errors import Unseen
from dishwasher.ports import Comparison, Listing

from tests.sim.commits import Commit, Repo, Request, compare
from tests.sim.wire import Wire
from tests.sim.world import World


class Sources(Wire):
    """The ports Source and Pulls, and what people do to what they show."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.commits: dict[str, Commit] = {}

    # What people do.

    def commit(self, parents: tuple[str, ...], config: bytes | None) -> Commit:
        number = len(self.commits) + 1
        sha = hashlib.sha1(f"{self._world.seed}/{number}".encode()).hexdigest()
        known = frozenset[str]().union(*(self.commits[parent].ancestors for parent in parents))
        lag = 0.0
        if not self._world.calm and self._world.faults.lag and self._world.random.random() < 0.5:
            lag = self._world.random.uniform(0.0, self._world.faults.lag)
        made = Commit(sha, known | {sha}, config, self._world.now + lag, parents, f"tree of {sha}")
        self.commits[sha] = made
        return made

    def move(self, repo: Repo, branch: str, sha: str) -> str:
        """Answers where the branch stood before."""
        before = repo.branches.get(branch, NO_COMMIT)
        repo.branches[branch] = sha
        visible = max(self._world.now, self.commits[sha].visible_at)
        if self._world.chance(self._world.faults.lag / 100.0):
            visible += self._world.random.uniform(0.0, self._world.faults.lag / 2)
        repo.moved_at.setdefault(branch, []).append((visible, sha))
        return before

    def delete(self, repo: Repo, branch: str) -> str:
        """Answers where the branch stood."""
        repo.moved_at[branch].append((self._world.now, ""))
        return repo.branches.pop(branch)

    def request(self, repo: Repo, request: Request) -> None:
        """The pull request is as it is now; the API may show that a while later."""
        world, visible = self._world, self._world.now
        if world.chance(world.faults.lag / 100.0):
            visible += world.random.uniform(0.0, world.faults.lag / 2)
        request.updated = int(world.now)
        base = repo.branches[request.base_ref]
        # The branches of this world never touch the same lines.
        stand = Stand(
            *(request.number, request.is_open, request.head),
            *(request.base_ref, base, True, float(request.updated)),
        )
        request.shown.append((visible, stand))

    # The Pulls port.

    def pull_request(self, repository: Repository, number: int) -> Stand:
        def read() -> Stand:
            return self.stand(repository, number)

        return self.call(repository, f"pull request {number}", read)

    def open_from(self, repository: Repository, branch: str) -> tuple[Stand, ...]:
        def read() -> tuple[Stand, ...]:
            seen = (
                [stand for at, stand in request.shown if at <= self._world.now]
                for request in self.repos[repository.id].requests
                if request.branch == branch and not request.fork
            )
            return tuple(
                replace(stands[-1], mergeable=None)
                for stands in seen
                if stands and stands[-1].is_open
            )

        return self.call(repository, f"pull requests of {branch}", read)

    def merge_sha(self, repository: Repository, number: int) -> str | None:
        def read() -> str | None:
            stand = self.stand(repository, number)
            head, base = self.commits[stand.head_sha], stand.base_sha
            if self._world.chance(0.2):
                return None
            sha = hashlib.sha1(f"merge {head.sha} {base}".encode()).hexdigest()
            both = head.ancestors | self.commits[base].ancestors | {sha}
            merged = base not in head.ancestors
            tree = f"tree of {head.sha} and {base}" if merged else head.tree
            made = Commit(sha, both, head.config, self._world.now, (base, head.sha), tree)
            self.commits.setdefault(sha, made)
            return sha

        return self.call(repository, f"merge of {number}", read)

    def commit_of(self, repository: Repository, sha: str) -> pull.Commit:
        def read() -> pull.Commit:
            found = self.visible(sha)
            return pull.Commit(sha, found.tree, found.parents, "")

        return self.call(repository, f"commit {sha[:6]}", read)

    def stand(self, repository: Repository, number: int) -> Stand:
        shown = self.repos[repository.id].requests[number - 1].shown
        seen = [stand for at, stand in shown if at <= self._world.now]
        if not seen:
            raise Unseen(f"no pull request {number}")
        if seen[-1] is not shown[-1][1]:
            self._world.sometimes("a pull request was shown as it was before")
        return seen[-1]

    # The Source port.

    def file(self, repository: Repository, path: str, sha: str) -> bytes | None:
        def read() -> bytes | None:
            config = self.visible(sha).config
            return config if path == ".dishwasher.yml" else None

        return self.call(repository, f"file {sha[:6]}", read)

    def files(self, repository: Repository, sha: str) -> Listing:
        def read() -> Listing:
            config = self.visible(sha).config
            return Listing(frozenset() if config is None else frozenset({".dishwasher.yml"}))

        return self.call(repository, f"files {sha[:6]}", read)

    def branch_sha(self, repository: Repository, branch: str) -> str | None:
        return self.call(repository, f"branch {branch}", lambda: self.shown(repository, branch))

    def compare(
        self, repository: Repository, base: str, head: str, *, paths: bool = False
    ) -> Comparison | None:
        def read() -> Comparison | None:
            try:
                # A ref may be a branch, as on GitHub.
                left = self.visible(self.shown(repository, base) or base)
                right = self.visible(head)
            except Unseen:
                return None
            return compare(left, right)

        return self.call(repository, f"compare {base[:6]}...{head[:6]}", read)

    def clone_url(self, repository: Repository) -> str:
        return f"https://hub.invalid/{repository.full_name}.git"

    def tarball_url(self, repository: Repository, sha: str) -> str:
        return f"https://hub.invalid/{repository.full_name}/tarball/{sha}"

    def clone_token(self, repository: Repository) -> str:
        return self.call(repository, "token", lambda: f"ghs_{self._world.random.random()}")

    def revoke(self, token: str) -> None:
        self.call(None, "revoke", lambda: None)

    def added(self, repository: Repository, base: str, head: str) -> Added | None:
        return self.call(repository, f"added {head[:6]}", lambda: None)

    def shown(self, repository: Repository, branch: str) -> str | None:
        """Where the API shows the branch to stand, which may be where it stood before."""
        moves = self.repos[repository.id].moved_at.get(branch, [])
        shown = [sha for at, sha in moves if at <= self._world.now]
        if moves and moves[-1][0] > self._world.now:
            self._world.sometimes("a branch was shown where it stood before")
        return (shown[-1] or None) if shown else None

    def visible(self, sha: str) -> Commit:
        commit = self.commits.get(sha)
        if commit is None or commit.visible_at > self._world.now:
            self._world.sometimes("a commit was not visible yet")
            raise Unseen(f"no commit found for {sha}")
        return commit
