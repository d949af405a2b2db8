"""The queue of the simulated world: at least once, at any time, in any order."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

from dishwasher.errors import InfraError
from dishwasher.ports import Message, Topic

from tests.sim.baton import Actor
from tests.sim.world import World

VISIBILITY = 60.0
"""Seconds for which a taken message is hidden."""
LATEST = 90.0
"""Seconds that a late message is late."""


@dataclass(slots=True, eq=False)
class Bell:
    """One message; it stands in its topic's heap once for each time it was put there."""

    topic: Topic
    key: str
    visible_at: float = 0.0
    entry: int = 0
    """The number of its one place in the heap that counts; 0 when it is done."""
    receipt: str = ""
    again: float | None = None


class SimQueue:
    """Each ring a message of its own (as SQS), or one message a key (as SQLite), by the seed."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._merges = world.random.random() < 0.5
        self._heaps: dict[Topic, list[tuple[float, int, Bell]]] = {topic: [] for topic in Topic}
        self._waiting: dict[Topic, list[Actor]] = {topic: [] for topic in Topic}
        self._by_key: dict[tuple[Topic, str], Bell] = {}
        self._taken: dict[str, Bell] = {}
        self._entries = 0

    def ring(self, topic: Topic, key: str, delay: float = 0.0) -> None:
        world, faults = self._world, self._world.faults
        if world.point("ring", topic, key, f"{delay:.0f}"):
            # Frozen: what was to ring in an hour will ring that much later.
            world.ready_at = max(world.ready_at, world.now + delay)
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
        actor = baton.current
        while True:
            bell = self._first(topic)
            if bell is not None and bell.visible_at <= self._world.now:
                return self._hand_out(bell)
            waiting.append(actor)
            try:
                baton.rest(None if bell is None else bell.visible_at)
            finally:
                waiting.remove(actor)

    def done(self, message: Message) -> None:
        self._world.point("done", message.topic, message.key)
        if self._world.chance(self._world.faults.done_lost):
            self._world.sometimes("a message came again after it was handled")
            return
        bell = self._taken.pop(message.receipt, None)
        if bell is None or bell.receipt != message.receipt:
            return
        bell.entry = 0
        if self._merges:
            del self._by_key[bell.topic, bell.key]
        if bell.again is not None:
            self._put(bell.topic, bell.key, bell.again)

    def pending(self) -> list[str]:
        """Messages that nobody has dealt with."""
        return [
            f"{topic} {bell.key}"
            for topic, heap in self._heaps.items()
            for _, entry, bell in heap
            if bell.entry == entry
        ]

    @property
    def is_behind(self) -> bool:
        """Whether a message waits for a worker."""
        firsts = (self._first(topic) for topic in Topic)
        return any(bell is not None and bell.visible_at <= self._world.now for bell in firsts)

    def _first(self, topic: Topic) -> Bell | None:
        heap = self._heaps[topic]
        while heap and heap[0][2].entry != heap[0][1]:
            heapq.heappop(heap)
        return heap[0][2] if heap else None

    def _hand_out(self, bell: Bell) -> Message:
        bell.receipt = f"receipt-{self._entries}"
        bell.again = None
        self._taken[bell.receipt] = bell
        self._show(bell, self._world.now + VISIBILITY)
        return Message(bell.topic, bell.key, bell.receipt)

    def _put(self, topic: Topic, key: str, at: float) -> None:
        bell = self._by_key.get((topic, key)) if self._merges else None
        if bell is None:
            bell = Bell(topic, key)
            if self._merges:
                self._by_key[topic, key] = bell
            self._show(bell, at)
        elif bell.receipt and bell.visible_at > self._world.now:
            bell.again = at if bell.again is None else min(bell.again, at)
        else:
            self._show(bell, min(bell.visible_at, at))
        for actor in self._waiting[topic]:
            self._world.baton.wake(actor, at)

    def _show(self, bell: Bell, at: float) -> None:
        self._entries += 1
        bell.visible_at, bell.entry = at, self._entries
        heapq.heappush(self._heaps[bell.topic], (at, self._entries, bell))
