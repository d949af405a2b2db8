"""A message of a queue → its flow, and what becomes of the message where that fails.

What the embedded mode's loop does (`daemon.worker`), for a queue that hands its messages over.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from dishwasher.errors import Conflict, InfraError, Throttled
from dishwasher.ports import Bells, Clock, Topic
from dishwasher.wiring.lines import about, short

logger = logging.getLogger(__name__)

LONGEST = 300
"""Seconds until the next try, doubled up to this."""
ENOUGH = 15.0
"""Seconds for one more message of a batch, as long as a call of GitHub's may hang. Lambda would end
the function in the middle of it, and hide all of the batch for the queue's visibility."""


class Attributes(Protocol):
    @property
    def approximate_receive_count(self) -> str: ...


class Heard(Protocol):
    """A message, as Powertools' SQSRecord shows it."""

    @property
    def body(self) -> str: ...
    @property
    def receipt_handle(self) -> str: ...
    @property
    def attributes(self) -> Attributes: ...


class Remaining(Protocol):
    """An invocation, as Lambda shows it."""

    def get_remaining_time_in_millis(self) -> int: ...


Postpone = Callable[[str, int], None]
"""Receipt and seconds after which the message shall show again."""


@dataclass(frozen=True, slots=True)
class Hearing:
    topic: Topic
    handle: Callable[[str], None]
    bells: Bells
    clock: Clock
    postpone: Postpone
    read: Callable[[str], str]
    """The key in a message's body."""

    def __call__(self, record: Heard, lambda_context: Remaining | None = None) -> None:
        """Raises what failed, for the queue to know.

        A message that failed shows again after a while, and not after the whole visibility.
        Powertools gives what is called `lambda_context`.
        """
        key, receipt = record.body, record.receipt_handle
        shown, extra = short(key), about(self.topic, key)
        try:
            key = self.read(record.body)
            shown, extra = short(key), about(self.topic, key)
            if lambda_context and lambda_context.get_remaining_time_in_millis() < ENOUGH * 1000:
                raise Throttled("the batch has used up the time", self.clock.now())
            self.handle(key)
        except Throttled as fault:
            # A new message, because this one may be received only so often.
            logger.info("%s %s: %s", self.topic, shown, fault, extra=extra)
            self.bells.ring(self.topic, key, max(fault.retry_at - self.clock.now(), 1.0))
        except Conflict as fault:
            logger.debug("%s %s: %s", self.topic, shown, fault, extra=extra)
            self._postpone(receipt, 1)
            raise
        except Exception:
            times = int(record.attributes.approximate_receive_count)
            delay = min(2 ** min(times, 20), LONGEST)
            text = "%s %s failed; next try in %d s"
            logger.exception(text, self.topic, shown, delay, extra=extra)
            self._postpone(receipt, delay)
            raise

    def _postpone(self, receipt: str, seconds: int) -> None:
        # Otherwise it comes when its visibility is over: later, and not never.
        with suppress(InfraError):
            self.postpone(receipt, seconds)
