"""One seed from its beginning to its end: safety under faults, then liveness without."""

from __future__ import annotations

import logging
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain

from dishwasher.core.build import Build, build_group
from dishwasher.core.job import Job

from tests.sim.baton import START
from tests.sim.configs import (
    HEALTHY,
    HEALTHY_DEPLOYING,
    HEALTHY_DEPLOYING_REASONS,
    HEALTHY_REASONS,
)
from tests.sim.faults import Faults
from tests.sim.hands import Hands
from tests.sim.house import House, build
from tests.sim.judge import Judge
from tests.sim.people import People
from tests.sim.ports import SimClock
from tests.sim.pulls import MASTER
from tests.sim.world import Broken, World

WORK = 900.0
"""Seconds that the longest chain of jobs works, if nothing disturbs it."""
SETTLE = 600.0 + WORK
"""Seconds without faults in which everything settles."""
LOOK = 15.0
BACKLOG = 300.0
"""Seconds after which nobody may be behind any more with what the faults have kept from them."""
PROMPT = 10.0
"""Seconds from a verdict to GitHub when nothing goes wrong."""
SHOWN = 12
"""Problems that are kept of a world that does not settle."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a seed: no violation, or what was violated first."""

    seed: int
    violations: tuple[str, ...]
    seen: Counter[str]
    trace: tuple[str, ...]
    faults: Faults


def play(
    seed: int, *, faults: Faults | None = None, habit: str = "", traced: bool = False
) -> Outcome:
    """Run the world of this seed, where people do mostly what `habit` names."""
    with _silence():
        world = World(seed, faults, habit, traced=traced)
        try:
            violations = tuple(_play(world))[:SHOWN]
        finally:
            world.baton.close()
    trace = [f"{at - START:10.3f}  {who:<22} {what}" for at, who, what in world.trace or ()]
    return Outcome(seed, violations, world.seen, tuple(trace), world.faults)


def _play(world: World) -> list[str]:
    house = build(world)
    hands = Hands(world, house.store, house.queue, SimClock(world))
    world.stop_job = hands.stop
    people = People(world, house.hub, house.mail, house.laws, house.talk, house.heads, hands)
    faults_end = world.now + world.random.uniform(150.0, 700.0)
    world.baton.spawn("people", lambda: _live(world, people, faults_end))
    _rest(world, faults_end)
    if world.baton.broken is None:
        world.calm = True
        world.tell("the faults stop")
        for instance in house.instances:
            instance.heal()
        _rest(world, max(world.now, world.quiet_at) + LOOK)
        # Whoever was frozen to the end has much to catch up with.
        late = world.now + BACKLOG
        while house.queue.is_behind and world.now < late and world.baton.broken is None:
            _rest(world, world.now + LOOK)
        healthy = _Healthy(house, people)
        return _settle(world, house, people, healthy)
    return [_why(world.baton.broken)]


def _live(world: World, people: People, until: float) -> None:
    repos = []
    for id in range(1, world.random.randint(1, 3) + 1):
        repo = people.found(id)
        if world.chance(world.faults.gone):
            repo.is_doomed = True
            repo.gone_at = world.random.uniform(world.now, until)
            world.baton.spawn(f"the end of {id}", partial(people.tenants.bury, repo))
        repos.append(repo)
    world.baton.spawn("tenants", lambda: people.tenants.work(repos, until))
    people.work(repos, until, world.random.randint(6, 26))


def _settle(world: World, house: House, people: People, healthy: _Healthy) -> list[str]:
    judge, begun = Judge(house, people.expectations), world.now
    skew = 0.0 if world.faults.clocks_agree else world.faults.skew
    while True:
        _rest(world, world.now + LOOK)
        if world.baton.broken is not None:
            return [_why(world.baton.broken)]
        problems = chain(judge.problems(), healthy.problems())
        since = max(begun, world.quiet_at, world.ready_at)
        late = world.now > since + SETTLE + skew
        overdue = list(judge.overdue(since))
        if overdue:
            return overdue
        if late or next(problems, None) is None:
            return [*judge.problems(), *healthy.problems()]


class _Healthy:
    """A repository whose first builds come when all is calm: they must not have a scratch."""

    def __init__(self, house: House, people: People) -> None:
        self._hub = house.hub
        self._rows = house.laws.rows
        self._wanted: list[tuple[str, dict[str, str]]] = []
        for id, written, reasons in (
            (91, HEALTHY, HEALTHY_REASONS),
            (92, HEALTHY_DEPLOYING, HEALTHY_DEPLOYING_REASONS),
        ):
            sha = people.push(people.found(id), MASTER, written)
            self._wanted.append((build_group(id, sha), reasons))

    def problems(self) -> Iterator[str]:
        for group, reasons in self._wanted:
            jobs = [
                job
                for build in self._rows.group(Build, group)
                for job in self._rows.group(Job, build.id)
            ]
            if {job.spec.name for job in jobs} != set(reasons):
                yield f"L6 the healthy build {group} has jobs {[job.spec.name for job in jobs]}"
            for job in jobs:
                if job.is_over:
                    yield from self._ended(job, reasons[job.spec.name])

    def _ended(self, job: Job, reason: str) -> Iterator[str]:
        if job.reason != reason or job.attempt > 1:
            yield f"L6 healthy {job.spec.name} ended as {job.reason} at {job.attempt_id}"
        for run in self._hub.runs.values():
            if run.external_id == job.id and run.completed_at > job.ended + PROMPT:
                late = run.completed_at - job.ended
                yield f"L6 the end of healthy {job.spec.name} was shown only after {late:.0f} s"


def _rest(world: World, until: float) -> None:
    """Let the actors live until then, or until something is broken."""
    while world.now < until and world.baton.broken is None:
        world.baton.rest(until)


def _why(error: BaseException) -> str:
    if isinstance(error, Broken):
        return str(error)
    return "".join(traceback.format_exception(error)).strip()


@contextmanager
def _silence() -> Iterator[None]:
    """The worker loop logs each fault, and there are thousands."""
    logger = logging.getLogger("dishwasher")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)
