"""reap, for what never arrived: GitHub's log of failed deliveries → asked for again.

GitHub does not repeat a delivery by itself:
https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from dishwasher.core.delivery import GIVE_UP_AFTER, Delivery, Watermark
from dishwasher.errors import Conflict, Gone, Rejected
from dishwasher.ports import Clock, Deliveries, FailedDelivery, Store

MARK = "deliveries"
OVERLAP = 900.0
"""Seconds looked at again: a delivery enters GitHub's log when it ends, not when it begins."""


@dataclass(frozen=True, slots=True)
class Redeliver:
    store: Store
    clock: Clock
    deliveries: Deliveries

    def __call__(self) -> None:
        now = self.clock.now()
        mark = self.store.get(Watermark, MARK) or Watermark(MARK)
        since = max(mark.time - OVERLAP, now - GIVE_UP_AFTER)
        for failed in self.deliveries.failed(since):
            # Failed and yet stored: the answer was lost, not the delivery.
            if self.store.get(Delivery, failed.guid) is None:
                self._ask_for(failed)
        try:
            self.store.save(replace(mark, time=now))
        except Conflict:
            # Another process has just done the same.
            return

    def _ask_for(self, failed: FailedDelivery) -> None:
        try:
            self.deliveries.redeliver(failed.id)
        except (Gone, Rejected):
            # Too old by now, or its installation has gone: it must not hold up the others.
            return
