"""The way to the simulated GitHub: limits, failures before and after an effect, what is shut."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from dishwasher.core.event import Repository
from dishwasher.errors import Ambiguous, Gone, InfraError, Throttled

from tests.sim.commits import Repo
from tests.sim.world import World

T = TypeVar("T")

VANISH = 0.2
TIMEOUT = 20.0
"""Seconds after which a client gives an answer up."""


class Wire:
    """Every call goes through it, and may fail before or after its effect."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.repos: dict[int, Repo] = {}
        self._limits: dict[int, float] = {}
        self.shut: set[int] = set()
        """Installations that are suspended, or were removed."""
        self.out: set[int] = set()
        """Repositories that were taken out of their installation."""
        self.archived: set[int] = set()
        self.left: set[int] = set()
        """Repositories that are or were out of reach, or archived."""
        self._frozen = False

    @property
    def is_frozen(self) -> bool:
        """Whether the call that has its effect now was begun by a worker that froze in between."""
        return self._frozen or not self._world.faults.clocks_agree

    def free_at(self, repository: Repository) -> float:
        # As the limiter knows it, by the worker's clock; nothing is sent for it.
        until = self._limits.get(repository.installation, 0.0)
        return until + self._world.baton.current.skew if until > self._world.now else 0.0

    def has_room(self, repository: Repository) -> bool:
        return not self._world.chance(4 * self._world.faults.throttle)

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
