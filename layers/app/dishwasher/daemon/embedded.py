"""The whole bot in one process: server, worker loops and reaper around one house."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from dishwasher.daemon.part import Part
from dishwasher.daemon.scheduler import Scheduler
from dishwasher.daemon.server import Server
from dishwasher.daemon.worker import Loop
from dishwasher.local.fleet import ProcessFleet
from dishwasher.ports import Clock, Queue, Topic
from dishwasher.wiring.local import House

PLANNERS = 2
REPORTERS = 2
"""Threads; their work is mostly waiting for GitHub."""
LOOK_FOR_MISSED = 300.0
"""Seconds between two looks at GitHub's log of deliveries."""
LOOK_FOR_OLD = 3600.0
"""Seconds between two looks at what is kept too long."""
STOP_SECONDS = 5.0


class Dispatching(Loop):
    """Hears of jobs only while a runner is free, so that the others stay in the queue."""

    def __init__(
        self,
        fleet: ProcessFleet,
        queue: Queue,
        handle: Callable[[str], None],
        clock: Clock,
        crowded: Callable[[], bool],
    ) -> None:
        super().__init__(queue, Topic.JOBS, handle, clock, "dispatch", crowded)
        self._fleet = fleet

    def turn(self, wait: float) -> None:
        if self._fleet.wait_for_slot(wait):
            super().turn(wait)


class Embedded:
    """Starts and stops the parts; used by `serve` and by tests."""

    def __init__(self, house: House, server: Server) -> None:
        self.house = house
        self.server = server
        house.address.listens_at(server.url)
        self._parts = tuple(_parts(house, server.is_crowded))

    def start(self) -> None:
        # What a crash left hidden in the queue is for nobody else: it is heard at once.
        self.house.queue.recover()
        self.server.start()
        for part in self._parts:
            part.start()

    def stop(self) -> None:
        """Take no more work and end; runners go on and report to the next start."""
        for part in self._parts:
            part.stop()
        # Whoever waits for a message need not wait to the end.
        self.house.queue.close()
        self.server.stop()
        for part in self._parts:
            part.join(STOP_SECONDS)
        self.house.close()


def _parts(house: House, crowded: Callable[[], bool]) -> Iterable[Part]:
    queue, clock = house.queue, house.clock
    for number in range(PLANNERS):
        yield Loop(queue, Topic.DELIVERIES, house.plan, clock, f"plan-{number}", crowded)
    for number in range(REPORTERS):
        yield Loop(queue, Topic.REPORTS, house.reports, clock, f"report-{number}", crowded)
    yield Dispatching(house.fleet, queue, house.dispatch, clock, crowded)
    yield Scheduler(house.reap, house.reap_seconds, "reap")
    yield Scheduler(house.redeliver, LOOK_FOR_MISSED, "missed deliveries")
    yield Scheduler(house.heads, LOOK_FOR_MISSED, "missed heads")
    yield Scheduler(house.retention, LOOK_FOR_OLD, "retention")
