"""The simulated GitHub: repositories, commits that show late, check runs, lists that lag behind."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from dishwasher.core import pull
from dishwasher.core.added import Added
from dishwasher.core.event import NO_COMMIT, Repository
from dishwasher.core.pull import Stand
from dishwasher.core.report import ANNOTATIONS_PER_REQUEST, Check, Status
from dishwasher.errors import Ambiguous, Gone, InfraError, Rejected, Throttled, Unseen
from dishwasher.ports import Comparison, Listing, PostedCheck

from tests.sim.commits import Commit, Repo, Request, Run, compare
from tests.sim.world import World

T = TypeVar("T")

UNLISTED_FOR = 20.0
"""Seconds that GitHub's lists lag behind at most."""
LONG_LISTED = 30.0
"""Seconds in the lists after which nobody may miss a check run any more."""
WRITE_RISK = 12.0
"""Who freezes between asking and sending overwrites what others have sent since."""
VANISH = 0.2
TIMEOUT = 20.0
"""Seconds after which a client gives an answer up."""


class Hub:
    """Source, Pulls and Checks in one; every call may fail before or after its effect."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.repos: dict[int, Repo] = {}
        self.commits: dict[str, Commit] = {}
        self.runs: dict[int, Run] = {}
        self.picky: dict[str, int] = {}
        """How much less of what is said of a job GitHub takes: all, no text, the bare verdict."""
        self._limits: dict[int, float] = {}
        self.shut: set[int] = set()
        """Installations that are suspended, or were removed."""
        self.out: set[int] = set()
        """Repositories that were taken out of their installation."""
        self.archived: set[int] = set()
        self.left: set[int] = set()
        """Repositories that are or were out of reach, or archived."""

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
            found = self._visible(sha)
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
            config = self._visible(sha).config
            return config if path == ".dishwasher.yml" else None

        return self.call(repository, f"file {sha[:6]}", read)

    def files(self, repository: Repository, sha: str) -> Listing:
        def read() -> Listing:
            config = self._visible(sha).config
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
                left = self._visible(self.shown(repository, base) or base)
                right = self._visible(head)
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

    # The Checks port.

    def create(self, repository: Repository, check: Check) -> int:
        self._world.law(len(check.annotations) <= ANNOTATIONS_PER_REQUEST, "G1 too many at once")

        def make() -> int:
            self._visible(check.head_sha)
            self._validate(check)
            self._needed(check)
            number = len(self.runs) + 1
            listed_at = self._world.now + self.lag()
            run = Run(
                number, repository.id, check.head_sha, check.external_id, check.name, listed_at
            )
            self.runs[number] = run
            self._say(run, check)
            return number

        return self.call(
            repository,
            f"create {check.external_id} {check.status}",
            make,
            once=True,
            risk=WRITE_RISK,
        )

    def update(self, repository: Repository, id: int, check: Check) -> None:
        self._world.law(len(check.annotations) <= ANNOTATIONS_PER_REQUEST, "G1 too many at once")
        what = f"update {id} {check.status} +{len(check.annotations)}"
        once = bool(check.annotations)

        def say() -> None:
            self._validate(check)
            self._say(self.runs[id], check)

        self.call(repository, what, say, once=once, risk=WRITE_RISK)

    def list(self, repository: Repository, sha: str) -> tuple[PostedCheck, ...]:
        def read() -> tuple[PostedCheck, ...]:
            now = self._world.now
            mine = [run for run in self.runs.values() if run.sha == sha]
            if any(run.listed_at > now for run in mine):
                self._world.sometimes("a list lacked a check run that was made")
            return tuple(
                PostedCheck(run.id, run.external_id, run.completed_listed_at <= now)
                for run in mine
                if run.listed_at <= now and run.repository == repository.id
            )

        return self.call(repository, f"list {sha[:6]}", read)

    def annotated(self, repository: Repository, id: int) -> int:
        return self.call(repository, f"annotated {id}", lambda: len(self.runs[id].annotations))

    def free_at(self, repository: Repository) -> float:
        # As the limiter knows it, by the worker's clock; nothing is sent for it.
        until = self._limits.get(repository.installation, 0.0)
        return until + self._world.baton.current.skew if until > self._world.now else 0.0

    def added(self, repository: Repository, base: str, head: str) -> Added | None:
        return self.call(repository, f"added {head[:6]}", lambda: None)

    def has_room(self, repository: Repository) -> bool:
        return not self._world.chance(4 * self._world.faults.throttle)

    def _validate(self, check: Check) -> None:
        """Some text is invalid to GitHub, and is so each time."""
        level = self.picky.get(check.external_id)
        if level is None:
            drawn = self._world.chance(self._world.faults.picky)
            level = self._world.random.choice((1, 2)) if drawn else 0
            self.picky[check.external_id] = level
        if _size(check) > 2 - level:
            self._world.sometimes("GitHub called a text invalid")
            raise Rejected("output.summary is invalid")

    def _say(self, run: Run, check: Check) -> None:
        was_completed = run.status is Status.COMPLETED
        run.say(check)
        if run.status is not Status.COMPLETED:
            run.completed_listed_at = run.completed_at = float("inf")
            if was_completed:
                self._world.sometimes("a late write reopened a check run")
        elif not was_completed:
            run.completed_at = self._world.now
            run.first_end = min(run.first_end, run.completed_at)
            run.completed_listed_at = self._world.now + self.lag()
        if self.is_frozen:
            run.zombie = True

    _frozen = False

    @property
    def is_frozen(self) -> bool:
        """Whether the call that has its effect now was begun by a worker that froze in between."""
        return self._frozen or not self._world.faults.clocks_agree

    def _needed(self, check: Check) -> None:
        """Whoever looked, and looked in time, would have found the first check run."""
        if self.is_frozen:
            return
        for run in self.runs.values():
            found = run.external_id == check.external_id and not run.zombie
            long_ago = run.listed_at + LONG_LISTED < self._world.now
            self._world.law(not (found and long_ago), "G2", check.external_id, "was made again")
            if found:
                self._world.sometimes("a check run was made twice")

    def shown(self, repository: Repository, branch: str) -> str | None:
        """Where the API shows the branch to stand, which may be where it stood before."""
        moves = self.repos[repository.id].moved_at.get(branch, [])
        shown = [sha for at, sha in moves if at <= self._world.now]
        if moves and moves[-1][0] > self._world.now:
            self._world.sometimes("a branch was shown where it stood before")
        return (shown[-1] or None) if shown else None

    def _visible(self, sha: str) -> Commit:
        commit = self.commits.get(sha)
        if commit is None or commit.visible_at > self._world.now:
            self._world.sometimes("a commit was not visible yet")
            raise Unseen(f"no commit found for {sha}")
        return commit

    def lag(self) -> float:
        if self._world.chance(self._world.faults.unlisted):
            return self._world.random.uniform(0.0, UNLISTED_FOR)
        return 0.0

    def call(
        self,
        repository: Repository | None,
        what: str,
        effect: Callable[[], T],
        *,
        once: bool = False,
        risk: float = 1.0,
    ) -> T:
        world, faults = self._world, self._world.faults
        frozen = world.point(what, risk=risk)
        if repository is not None:
            self._vanish(self.repos[repository.id], what)
            self._permit(repository)
        doubt = Ambiguous if once else InfraError
        if once and world.chance(faults.github_refused):
            raise InfraError(f"{what}: no connection")
        if world.chance(faults.github_before):
            raise doubt(f"{what}: 502 (nothing done)")
        self._frozen = frozen
        answer = effect()
        self._frozen = False
        if world.chance(faults.github_after):
            if once:
                world.sometimes("GitHub did it and its answer was lost: " + what.split()[0])
            world.baton.sleep(TIMEOUT)
            raise doubt(f"{what}: timeout (done)")
        return answer

    def _vanish(self, repo: Repo, what: str) -> None:
        """A repository may go at the worst moment: when a deployment is about to begin."""
        doomed = repo.is_doomed and what.startswith(("branch", "compare"))
        if doomed and self._world.chance(VANISH):
            repo.gone_at = min(repo.gone_at, self._world.now)

    def reaches(self, repository: int) -> bool:
        """Whether the App may act there; of other repositories it is not told either."""
        there = self.repos[repository].value
        return there.installation not in self.shut and repository not in self.out

    def _permit(self, repository: Repository) -> None:
        world = self._world
        there = self.repos[repository.id].value
        elsewhere = repository.installation != there.installation
        if elsewhere or not self.reaches(there.id) or there.id in self.archived:
            world.sometimes("a repository was out of reach")
            raise Gone(f"{repository.full_name} is out of reach")
        if self.repos[repository.id].gone_at <= world.now:
            world.sometimes("a repository was gone")
            raise Gone(f"{repository.full_name} is gone")
        if world.chance(world.faults.throttle):
            longest = world.faults.throttle_longest
            until = world.now + world.random.uniform(5.0, longest)
            self._limits[repository.installation] = until
            world.ready_at = max(world.ready_at, until)
        until = self._limits.get(repository.installation, 0.0)
        if until > world.now:
            world.sometimes("GitHub's limit was reached")
            # The adapter's clock is the worker's.
            raise Throttled("too fast", until + world.baton.current.skew)


def _size(check: Check) -> int:
    """2: as the core wants it, 1: without its text, 0: the bare verdict."""
    if not check.title:
        return 0
    return 1 if check.summary.startswith("GitHub did not take") else 2
