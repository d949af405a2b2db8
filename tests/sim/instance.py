"""A server process: its workers die with it, and it comes back."""

from __future__ import annotations

from collections.abc import Callable

from tests.sim.baton import Actor, Crash
from tests.sim.world import World

RESTART = (0.5, 15.0)
"""Seconds until a process that died is there again."""


class Instance:
    """Workers that share a machine, its clock and its fate."""

    def __init__(self, world: World, name: str, skew: float) -> None:
        self._world = world
        self.name = name
        self._skew = skew
        self._workers: list[Actor] = []
        self._back_at = 0.0

    @property
    def is_up(self) -> bool:
        return self._world.now >= self._back_at

    def adopt(self, worker: Actor) -> None:
        worker.skew = self._skew
        self._workers.append(worker)

    def crash(self) -> None:
        """Everything that was only in its memory is lost; the caller is one of its workers."""
        world = self._world
        self._back_at = world.now + world.random.uniform(*RESTART)
        for worker in self._workers:
            if worker is not world.baton.current:
                world.baton.kill(worker)

    def has(self, actor: Actor) -> bool:
        return actor in self._workers

    def heal(self) -> None:
        """Its clock is right from now on."""
        for worker in self._workers:
            worker.skew = 0.0
        self._skew = 0.0

    def run(self, name: str, begin: Callable[[], Callable[[], None]]) -> Actor:
        """A worker that repeats what `begin` made, and begins anew after each death."""

        def life() -> None:
            while True:
                try:
                    self._world.baton.sleep(self._pause())
                    turn = begin()
                    while True:
                        turn()
                except Crash:
                    continue

        actor = self._world.baton.spawn(f"{name}@{self.name}", life)
        self.adopt(actor)
        return actor

    def _pause(self) -> float:
        world = self._world
        return max(self._back_at - world.now, world.random.uniform(0.0, RESTART[0]))
