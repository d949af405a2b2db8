"""The real flows, wired to the fakes of one world, and the workers that call them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dishwasher.core.job import Timing
from dishwasher.core.shelf import Room
from dishwasher.core.ticket import Limits
from dishwasher.daemon.worker import Loop
from dishwasher.errors import Fault
from dishwasher.flow.accept import Accept
from dishwasher.flow.attempt import Attempts
from dishwasher.flow.caches import Caches
from dishwasher.flow.dispatch import Dispatch
from dishwasher.flow.heads import MissedHeads
from dishwasher.flow.plan import Plan
from dishwasher.flow.reap import Reap
from dishwasher.flow.redeliver import Redeliver
from dishwasher.flow.report import Reports
from dishwasher.flow.settle import Settle
from dishwasher.flow.verdict import Verdicts
from dishwasher.ports import Topic

from tests.sim import machines
from tests.sim.bells import SimQueue
from tests.sim.fleet import SimFleet
from tests.sim.heads import SimHeads
from tests.sim.hub import Hub
from tests.sim.instance import Instance
from tests.sim.laws import Laws
from tests.sim.mail import SECRET, Mail
from tests.sim.ports import SimBlobs, SimClock, SimStore
from tests.sim.runner import Runner
from tests.sim.stages import SimStages
from tests.sim.talk import SimTalk
from tests.sim.vault import SimVault
from tests.sim.web import Web
from tests.sim.world import World

WORKERS = {Topic.DELIVERIES: 2, Topic.JOBS: 2, Topic.REPORTS: 3}
ROOM = Room(one=1000, shelf=3000)
"""Bytes: so few that simulated caches push each other out."""
LOOK_FOR_MISSED = 240.0
"""Seconds between two looks at GitHub's log of deliveries."""


def page(job_id: str) -> str:
    return f"https://ci.invalid/jobs/{job_id}"


@dataclass(frozen=True, slots=True)
class House:
    """Everything of one world that somebody may want to look at."""

    world: World
    hub: Hub
    talk: SimTalk
    stages: SimStages
    heads: SimHeads
    laws: Laws
    store: SimStore
    queue: SimQueue
    blobs: SimBlobs
    fleet: SimFleet
    mail: Mail
    instances: tuple[Instance, ...]


def build(world: World) -> House:
    """The flows, and their workers in one to three processes that have clocks of their own."""
    hub = Hub(world)
    sizes = machines.drawn(world.seed)
    laws, talk, stages = Laws(world, hub, sizes), SimTalk(world, hub), SimStages(world, hub)
    heads = SimHeads(world, hub)
    store, queue, blobs = SimStore(world, laws), SimQueue(world), SimBlobs(world)
    count = world.random.choice((1, 2, 3))
    skew = world.faults.skew
    instances = tuple(
        Instance(world, f"server-{n}", world.random.uniform(-skew / 2, skew / 2))
        for n in range(count)
    )
    web = Web(world, instances)
    fleet, mail = SimFleet(world, web, laws), Mail(world, web)
    clock, timing = SimClock(world), Timing()
    verdicts = Verdicts(store, queue, clock, timing)
    attempts = Attempts(
        *(store, blobs, queue, clock, hub, verdicts, timing, Limits(), page), SimVault(), sizes
    )
    settle = Settle(blobs, clock, attempts, verdicts, timing)
    caches = Caches(store, blobs, clock, attempts, ROOM)
    reap = Reap(store, queue, clock, fleet, verdicts, timing, caches)
    laws.is_running = fleet.is_running
    fleet.make = lambda: Runner(world, web, laws, attempts, settle, caches)
    fleet.ended = reap.ended
    mail.reaches = lambda id: id not in hub.repos or hub.reaches(id)
    mail.accept = Accept(store, queue, clock, SECRET)
    flows: dict[Topic, Callable[[str], None]] = {
        Topic.DELIVERIES: Plan(
            store, blobs, queue, clock, hub, hub, verdicts, timing, b"ids", talk, talk
        ),
        Topic.JOBS: Dispatch(
            store, clock, hub, fleet, verdicts, timing, lambda: "http://here", sizes
        ),
        Topic.REPORTS: Reports(store, blobs, queue, clock, hub, talk, stages, verdicts, page),
    }
    for instance in instances:
        for topic, flow in flows.items():
            for number in range(WORKERS[topic] if count == 1 else 1):
                _listen(world, instance, f"{topic}-{number}", queue, topic, flow, clock)
    redeliver = Redeliver(store, queue, clock, mail)
    # Two reapers at once do no harm; where there is one process there is one.
    for instance in instances[:2]:
        _repeat(world, instance, "reap", reap, world.random.choice((10.0, 30.0, 60.0)))
    _repeat(world, instances[0], "redeliver", redeliver, LOOK_FOR_MISSED)
    missed = MissedHeads(store, queue, clock, heads)
    _repeat(world, instances[-1], "heads", missed, LOOK_FOR_MISSED)
    world.crash_instance = lambda: _crash(world, instances)
    return House(world, hub, talk, stages, heads, laws, store, queue, blobs, fleet, mail, instances)


def _listen(
    world: World,
    instance: Instance,
    name: str,
    queue: SimQueue,
    topic: Topic,
    flow: Callable[[str], None],
    clock: SimClock,
) -> None:
    def handle(key: str) -> None:
        try:
            flow(key)
        except Fault as fault:
            world.tell("fault", type(fault).__name__, fault)
            raise
        except Exception as error:
            # The loop would log it and go on; here it is what we are looking for.
            world.baton.fail(error)
            raise

    def begin() -> Callable[[], None]:
        # A new one after each death: what a loop remembers of failures is gone.
        loop = Loop(queue, topic, handle, clock, name)

        def turn() -> None:
            try:
                loop.turn(0.0)
            except Fault:
                world.baton.sleep(1.0)

        return turn

    instance.run(name, begin)


def _repeat(
    world: World, instance: Instance, name: str, flow: Callable[[], None], seconds: float
) -> None:
    def turn() -> None:
        try:
            flow()
        # The reaper says all at once what it could not look at; other errors go through.
        except* Fault as faults:
            world.tell("faults", *faults.exceptions)
        world.baton.sleep(seconds)

    instance.run(name, lambda: turn)


def _crash(world: World, instances: tuple[Instance, ...]) -> None:
    for instance in instances:
        if instance.has(world.baton.current):
            instance.crash()
