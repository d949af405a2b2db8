"""What the people of a world may expect of each delivery; the judge holds the bot to it."""

from __future__ import annotations

from dataclasses import dataclass

from tests.sim.commits import Repo, Request
from tests.sim.configs import Written
from tests.sim.heads import SimHeads
from tests.sim.mail import Sent
from tests.sim.world import World


@dataclass(frozen=True, slots=True)
class Expected:
    """What a delivery should come to; `runs` says that its jobs must not be refused."""

    guid: str
    repository: int
    sha: str
    names: tuple[str, ...]
    runs: bool
    is_tag: bool = False
    branch: str = ""
    """What was pushed; empty of a tag or a pull request."""
    request: int = 0
    """The pull request's number."""


class Expectations:
    """Grows while people act."""

    def __init__(self, world: World, heads: SimHeads) -> None:
        self._world, self._heads = world, heads
        self.all: list[Expected] = []
        self.written: dict[str, Written] = {}
        """By commit."""
        self.adopted: set[tuple[int, str]] = set()
        """Commits of forks that a maintainer has pushed here as well."""
        self.moved: set[tuple[int, str]] = set()
        """Branches (with the commit they left): a pull request may rightly be refused there."""

    def push(self, repo: Repo, sent: Sent, branch: str, sha: str) -> None:
        """Deployments follow the default branch alone."""
        self._tell_if(sent, repo, sha)
        written = self.written[sha]
        deploys = branch == repo.value.default_branch
        names = written.checks + (written.deployments if deploys else ())
        self.all.append(Expected(sent.guid, repo.value.id, sha, names, runs=True, branch=branch))

    def tag(self, repo: Repo, sent: Sent, sha: str) -> None:
        if releases := self.written[sha].releases:
            names = self.written[sha].checks + releases
            self.all.append(Expected(sent.guid, repo.value.id, sha, names, runs=True, is_tag=True))

    def request(self, repo: Repo, sent: Sent, request: Request) -> None:
        """Of a pull request: a stranger's is planned by its base."""
        self._tell_if(sent, repo, request.head)
        names = self.written[request.base if request.fork else request.head].checks
        runs, number = not request.fork, request.number
        self.all.append(
            Expected(sent.guid, repo.value.id, request.head, names, runs=runs, request=number)
        )

    def _tell_if(self, sent: Sent, repo: Repo, head: str) -> None:
        if sent.unsent:
            self._heads.untold.append((self._world.now, repo.value.id, head))
