"""The world of one seed: its time, its chances, what the laws say, and what has been seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from math import log
from typing import Any

from dishwasher.core.job import Timing

from tests.sim.baton import Baton, Crash
from tests.sim.faults import Faults, draw

LATENCY = 0.02
"""Mean seconds of a call that nothing delays."""
STALL = 20.0
LONG_FREEZE = Timing().hold - 10.0
"""Seconds from which on a claim may be taken over while its holder does not move."""


class Broken(BaseException):
    """A law does not hold."""


class World:
    """What every fake shares; `point` is called at each port call of a worker."""

    def __init__(
        self, seed: int, faults: Faults | None = None, habit: str = "", *, traced: bool = False
    ) -> None:
        self.seed, self.habit = seed, habit
        self.baton = Baton(seed)
        self.random = self.baton.random
        self.faults = draw(self.random) if faults is None else faults
        self.calm = False
        """No faults any more: the liveness phase."""
        self._stalled_until = 0.0
        self.quiet_at = 0.0
        """When the last thing has come that is known to be under way."""
        self.ready_at = 0.0
        """When the last limit is over that GitHub has set; settling can not be asked before."""
        self.seen: Counter[str] = Counter()
        """The "sometimes" assertions: what this world has really done to the flows."""
        self.trace: list[tuple[float, str, str]] | None = [] if traced else None
        self.crash_instance: Callable[[], None] = _nothing
        self.stop_job: Callable[[str], None] = _nobody
        """What somebody does who has waited for too long."""

    @property
    def now(self) -> float:
        return self.baton.now

    def chance(self, probability: float) -> bool:
        """Whether a fault of this probability happens now; never in the calm."""
        return not self.calm and probability > 0 and self.random.random() < probability

    def expect(self, delay: float) -> None:
        """Something that was delayed so long will still come."""
        self.quiet_at = max(self.quiet_at, self.now + delay)

    def sometimes(self, what: str) -> None:
        self.seen[what] += 1
        self.tell(what)

    def tell(self, what: str, *details: Any) -> None:
        if self.trace is not None:
            text = " ".join((what, *map(str, details)))
            self.trace.append((self.now, self.baton.current.name, text))

    def point(self, what: str, *details: Any, risk: float = 1.0) -> bool:
        """A worker is about to call a port: time passes, and it may die or freeze.

        `risk` times as often where that hurts most, so that not a thousand seeds are needed.
        Answers whether it was frozen so long that a claim of it may have been taken over.
        """
        self.tell(what, *details)
        random, faults = self.random.random, self.faults
        delay, long = -LATENCY * log(1.0 - random()), False
        if not self.calm:
            fate = random()
            if fate < faults.crash:
                self._crash()
            fate -= faults.crash
            if 0 <= fate < faults.freeze * risk:
                delay = self.random.uniform(5.0, faults.freeze_longest)
                long = delay > LONG_FREEZE
                self.sometimes("a worker froze")
            elif 0 <= fate - faults.freeze * risk < faults.slow:
                delay = self.random.uniform(0.1, faults.slow_longest)
            delay += self._stall()
        if delay > 1.0:
            self.expect(delay)
        self.baton.sleep(delay)
        if long and self.chance(faults.thaw_dies):
            self.sometimes("a worker died after what it had frozen in")
            self.baton.current.doomed = True
        return long

    def law(self, holds: bool, law: str, *details: Any) -> None:
        """End the run when a law does not hold."""
        if not holds:
            raise Broken(" ".join((law, *map(str, details))))

    def _stall(self) -> float:
        """The table hangs, say: whoever calls now goes on when the others do."""
        if self.chance(self.faults.stall):
            self._stalled_until = self.now + self.random.uniform(0.5, STALL)
            self.sometimes("everything waited for one moment")
        return max(0.0, self._stalled_until - self.now)

    def _crash(self) -> None:
        self.sometimes("a worker crashed")
        if self.random.random() < self.faults.crash_all:
            self.sometimes("a server crashed")
            self.crash_instance()
        raise Crash


def _nothing() -> None:
    return


def _nobody(_: str) -> None:
    return
