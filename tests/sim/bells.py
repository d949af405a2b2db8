"""The queue of the simulated world: at least once, at any time, in any order."""

from __future__ import annotations

from dataclasses import dataclass

from dishwasher.errors import InfraError
from dishwasher.ports import Message, Topic

from tests.sim.baton import Actor
from tests.sim.world import World

VISIBILITY = 60.0
"""Seconds for which a taken message is hidden."""
LATEST = 90.0
"""Seconds that a late message is late."""


@dataclass(slots=True)
class Bell:
    key: str
    visible_at: float
    holder: str = ""
    again: float | None = None


class SimQueue:
    """Each ring a message of its own (as SQS), or one message a key (as SQLite), by the seed."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._merges = world.random.random() < 0.5
        self._bells: dict[Topic, list[Bell]] = {topic: [] for topic in Topic}
        self._waiting: dict[Topic, list[Actor]] = {topic: [] for topic in Topic}
        self._receipts = 0

    def ring(self, topic: Topic, key: str, delay: float = 0.0) -> None:
        world, faults = self._world, self._world.faults
        world.point("ring", topic, key, f"{delay:.0f}")
        if world.chance(faults.bell_error):
            raise InfraError("the queue did not answer (no bell was rung)")
        if world.chance(faults.bell_lost):
            world.sometimes("a bell was lost")
            return
        if world.chance(faults.bell_late):
            delay += world.random.uniform(0.0, LATEST)
        self._put(topic, key, world.now + max(0.0, delay))
        if world.chance(faults.bell_twice):
            self._put(topic, key, world.now + delay + world.random.uniform(0.0, 10.0))
        if world.chance(faults.bell_error):
            raise InfraError("the queue did not answer (the bell was rung)")

    def take(self, topic: Topic, wait: float) -> Message | None:
        """Waits as long as it takes: idle time costs nothing here, so `wait` is not needed."""
        self._world.point("take", topic)
        baton, waiting = self._world.baton, self._waiting[topic]
        while True:
            bell = min(self._bells[topic], key=lambda bell: bell.visible_at, default=None)
            if bell is not None and bell.visible_at <= self._world.now:
                return self._hand_out(topic, bell)
            waiting.append(baton.current)
            actor = baton.current
            try:
                baton.rest(None if bell is None else bell.visible_at)
            finally:
                waiting.remove(actor)

    def done(self, message: Message) -> None:
        self._world.point("done", message.topic, message.key)
        if self._world.chance(self._world.faults.done_lost):
            self._world.sometimes("a message came again after it was handled")
            return
        bells = self._bells[message.topic]
        for bell in bells:
            if bell.holder == message.receipt:
                bells.remove(bell)
                if bell.again is not None:
                    self._put(message.topic, bell.key, bell.again)
                return

    def pending(self) -> list[str]:
        """Messages that nobody has dealt with."""
        return [f"{topic} {bell.key}" for topic, bells in self._bells.items() for bell in bells]

    def next_at(self) -> float:
        """When the next of them can be taken, infinity when there is none."""
        return min(
            (bell.visible_at for bells in self._bells.values() for bell in bells),
            default=float("inf"),
        )

    def _hand_out(self, topic: Topic, bell: Bell) -> Message:
        self._receipts += 1
        bell.holder = f"receipt-{self._receipts}"
        bell.visible_at = self._world.now + VISIBILITY
        if bell.again is not None:
            bell.again = None
        return Message(topic, bell.key, bell.holder)

    def _put(self, topic: Topic, key: str, at: float) -> None:
        same = next((bell for bell in self._bells[topic] if bell.key == key), None)
        if self._merges and same is not None:
            if same.holder and same.visible_at > self._world.now:
                same.again = at if same.again is None else min(same.again, at)
            else:
                same.visible_at = min(same.visible_at, at)
        else:
            self._bells[topic].append(Bell(key, at))
        for actor in self._waiting[topic]:
            self._world.baton.wake(actor, at)
