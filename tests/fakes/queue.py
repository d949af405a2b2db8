"""The Queue port over a dict, in the time of the given clock."""

from __future__ import annotations

from dataclasses import dataclass

from dishwasher.ports import Clock, Message, Topic

VISIBILITY = 60.0


@dataclass(slots=True)
class Bell:
    visible_at: float
    holder: str = ""
    again: float | None = None
    """When it was rung for while it was taken."""


class MemoryQueue:
    """Nothing waits: `take` answers at once, and who wants to wait advances the clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._bells: dict[tuple[Topic, str], Bell] = {}

    def ring(self, topic: Topic, key: str, delay: float = 0.0) -> None:
        at = self._clock.now() + delay
        bell = self._bells.setdefault((topic, key), Bell(at))
        if bell.holder:
            bell.again = at if bell.again is None else min(bell.again, at)
        else:
            bell.visible_at = min(bell.visible_at, at)

    def take(self, topic: Topic, wait: float) -> Message | None:
        now = self._clock.now()
        heard = [
            (bell.visible_at, key)
            for (of, key), bell in self._bells.items()
            if of == topic and bell.visible_at <= now
        ]
        if not heard:
            return None
        _, key = min(heard)
        receipt = self._clock.secret()
        self._bells[topic, key] = Bell(now + VISIBILITY, receipt)
        return Message(topic, key, receipt)

    def done(self, message: Message) -> None:
        place = (message.topic, message.key)
        bell = self._bells.get(place)
        if bell is None or bell.holder != message.receipt:
            return
        if bell.again is None:
            del self._bells[place]
        else:
            self._bells[place] = Bell(bell.again)

    def next_at(self) -> float | None:
        """When the next message can be taken, on any topic; None when there is none at all."""
        return min((bell.visible_at for bell in self._bells.values()), default=None)
