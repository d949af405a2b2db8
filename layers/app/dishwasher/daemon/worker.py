"""A thread that hears the bells of one topic, one at a time, and never dies of what it hears."""

from __future__ import annotations

import logging
from collections.abc import Callable

from dishwasher.daemon.part import Part
from dishwasher.errors import Conflict, InfraError, Throttled
from dishwasher.ports import Clock, Message, Queue, Topic
from dishwasher.wiring.lines import about, short

logger = logging.getLogger(__name__)

WAIT = 2.0
"""Seconds of one wait for a message: how long a ring in another process is not heard, at most."""
CONFLICT_DELAY = 0.05
"""Seconds until a lost compare-and-set is tried again: the winner has written already."""
FIRST_DELAY = 1.0
MOST_DELAY = 60.0
"""Seconds until the next try after a failure, doubled up to the second."""
FAILURES_KEPT = 1000
YIELD = 0.005
MOST_YIELD = 1.0
"""Seconds between two looks whether requests still wait, and after which work goes on anyhow."""


class Loop(Part):
    """Takes messages of a topic and hands their keys to a flow.

    A message whose handling failed by our own or a service's fault rings again after a while; the
    table is the truth, so a message lost on the way is rung by the reaper.
    """

    def __init__(
        self,
        queue: Queue,
        topic: Topic,
        handle: Callable[[str], None],
        clock: Clock,
        name: str,
        crowded: Callable[[], bool] = lambda: False,
    ) -> None:
        """`crowded` tells that requests wait for an answer: they come before this loop's work."""
        super().__init__(name)
        self._queue = queue
        self._topic = topic
        self._handle = handle
        self._clock = clock
        self._crowded = crowded
        self._failures: dict[str, int] = {}

    def _run(self) -> None:
        delay = FIRST_DELAY
        while not self._stopping.is_set():
            try:
                self.turn(WAIT)
                delay = FIRST_DELAY
            except Exception:
                # The queue itself does not answer.
                logger.exception("the queue %s failed; next try in %g s", self._topic, delay)
                self._stopping.wait(delay)
                delay = min(2 * delay, MOST_DELAY)

    def turn(self, wait: float) -> None:
        """Take one message, if one comes in time, and handle it."""
        message = self._queue.take(self._topic, wait)
        if message is None:
            return
        self._yield()
        delay = self._try(message)
        if delay is not None:
            self._queue.ring(self._topic, message.key, delay)
        self._queue.done(message)

    def _yield(self) -> None:
        """Let waiting requests go first: all threads share one interpreter, and a burst of
        deliveries would be answered only between the steps of our own work."""
        for _ in range(round(MOST_YIELD / YIELD)):
            if not self._crowded() or self._stopping.wait(YIELD):
                return

    def _try(self, message: Message) -> float | None:
        """Handle it; answers None when that is done, else the seconds until the next try."""
        key, shown = message.key, short(message.key)
        extra = about(self._topic, key)
        try:
            self._handle(key)
        except Throttled as fault:
            logger.info("%s %s: %s", self._topic, shown, fault, extra=extra)
            return max(fault.retry_at - self._clock.now(), CONFLICT_DELAY)
        except Conflict as fault:
            logger.debug("%s %s: %s", self._topic, shown, fault, extra=extra)
            return self._later(key, CONFLICT_DELAY)
        except InfraError as fault:
            delay = self._later(key, FIRST_DELAY)
            text = "%s %s: %s; next try in %g s"
            logger.warning(text, self._topic, shown, fault, delay, extra=extra)
            return delay
        except Exception:
            delay = self._later(key, FIRST_DELAY)
            text = "%s %s failed; next try in %g s"
            logger.exception(text, self._topic, shown, delay, extra=extra)
            return delay
        self._failures.pop(key, None)
        return None

    def _later(self, key: str, first: float) -> float:
        if len(self._failures) >= FAILURES_KEPT:
            # Most of these succeeded in another loop; the rest just starts again with short delays.
            self._failures.clear()
        failures = self._failures[key] = self._failures.get(key, 0) + 1
        # 2.0 ** 1024 is an OverflowError, and no more than this is needed.
        return float(min(first * 2.0 ** min(failures - 1, 20), MOST_DELAY))
