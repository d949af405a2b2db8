"""The fleet of the simulated world: it takes orders, sometimes without keeping them."""

from __future__ import annotations

from collections.abc import Callable

from dishwasher.core.size import Size
from dishwasher.core.ticket import Bootstrap
from dishwasher.errors import InfraError

from tests.sim.baton import Actor
from tests.sim.laws import Laws
from tests.sim.runner import Runner
from tests.sim.web import Request, Web
from tests.sim.world import World

SLOWEST = 90.0
"""Seconds that a slow runner needs to come up: more than its start may take."""


class SimFleet:
    """Runners as actors; `ended` may be told of each that is gone."""

    def __init__(self, world: World, web: Web, laws: Laws) -> None:
        self._world, self._web, self._laws = world, web, laws
        self.make: Callable[[], Runner] = _unwired
        self.ended: Callable[[str], None] = _unheard
        self.runners: dict[str, Actor] = {}

    def start(self, bootstrap: Bootstrap, tenant: str, size: Size) -> None:
        world, faults = self._world, self._world.faults
        world.point("start", bootstrap.attempt, size.name)
        self._laws.moves.ordered(bootstrap.attempt, size)
        if world.chance(faults.fleet_before):
            raise InfraError("no capacity")
        self._laws.started(bootstrap.attempt)
        if world.chance(faults.runner_absent):
            world.sometimes("a runner never came")
        else:
            self._begin(bootstrap)
        if world.chance(faults.fleet_after):
            world.sometimes("a runner was started that the fleet denied")
            raise InfraError("the fleet's answer was lost")

    def stop(self, attempt: str) -> None:
        self._world.point("stop", attempt)
        actor = self.runners.get(attempt)
        if actor is not None and not self._world.chance(self._world.faults.stop_ignored):
            self._world.baton.kill(actor)

    def is_running(self, attempt: str) -> bool:
        return attempt in self.runners and self.runners[attempt].alive

    def _begin(self, bootstrap: Bootstrap) -> None:
        delay = self._world.random.choice((0.05, 0.05, 1.0, 3.0))
        if self._world.chance(self._world.faults.runner_slow):
            delay = self._world.random.uniform(3.0, SLOWEST)

        def life() -> None:
            try:
                self.make().live(bootstrap)
            finally:
                if not self._world.baton.is_over:
                    self._tell(bootstrap.attempt)

        name = f"runner {bootstrap.attempt}"
        self.runners[bootstrap.attempt] = self._world.baton.spawn(name, life, delay)

    def _tell(self, attempt: str) -> None:
        if not self._world.chance(self._world.faults.unnoticed):
            self._web.send(Request(lambda: self.ended(attempt), None))


def _unwired() -> Runner:
    raise AssertionError("the house has not said how runners reach it")


def _unheard(attempt: str) -> None:
    raise AssertionError(f"nobody hears that {attempt} ended")
