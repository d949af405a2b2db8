"""reap, for what never arrived: GitHub's log of failed deliveries → asked for again, or read there.

GitHub does not repeat a delivery by itself:
https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from dishwasher.core.delivery import GIVE_UP_AFTER, Delivery, Stage, Watermark
from dishwasher.errors import Conflict, Gone, Rejected, UserError
from dishwasher.flow.accept import meant
from dishwasher.ports import Bells, Clock, Deliveries, FailedDelivery, Store, Topic

MARK = "deliveries"
OVERLAP = 900.0
"""Seconds looked at again: a delivery enters GitHub's log when it ends, not when it begins."""
FIRST_WAIT = 300.0
"""Seconds after a second failure; three times as long after each further one: what GitHub can not
hand over for hours is not lost, and what can never be handed over costs a few tries."""
TRIES = 8
"""With these waits the last of them is after more than a day."""
REMEMBERED = 200
"""Deliveries that were given up."""
ROUND = 60
"""Deliveries that one round asks for: GitHub wants no more than some 80 such calls a minute.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
"""


@dataclass(frozen=True, slots=True)
class Redeliver:
    store: Store
    bells: Bells
    clock: Clock
    deliveries: Deliveries

    def __call__(self) -> None:
        now = self.clock.now()
        mark = self.store.get(Watermark, MARK) or Watermark(MARK)
        since = max(mark.time - OVERLAP, now - GIVE_UP_AFTER)
        missed = [
            # Failed and yet stored: the answer was lost, not the delivery.
            one
            for one in self.deliveries.failed(since)
            if one.guid not in mark.given_up and self.store.get(Delivery, one.guid) is None
        ]
        over = tuple(one.guid for one in missed if one.tries >= TRIES)
        owed = [one for one in missed if one.tries < TRIES]
        turn = [one for one in owed if due(one) <= now][:ROUND]
        gone = {one.guid for one in turn if not self._fetched(one)}
        # What has not come yet is looked at again, however long ago it was sent.
        time = min([now, *(one.first for one in owed if one.guid not in gone)])
        given_up = (*mark.given_up, *over)[-REMEMBERED:]
        try:
            self.store.save(replace(mark, time=time, given_up=given_up))
        except Conflict:
            # Another process has just done the same.
            return

    def _fetched(self, failed: FailedDelivery) -> bool:
        try:
            if failed.too_large:
                self._read(failed)
            else:
                self.deliveries.redeliver(failed.id)
        except (Gone, Rejected, UserError):
            # Too old by now, or its installation has gone: it must not hold up the others.
            return False
        return True

    def _read(self, failed: FailedDelivery) -> None:
        """API Gateway or a proxy would refuse it again, and GitHub's log has what is in it."""
        content = self.deliveries.content(failed.id)
        delivery = meant(failed.guid, content.event, content.body, self.clock.now())
        try:
            self.store.save(delivery)
        except Conflict:
            # Another process has just done the same.
            return
        if delivery.stage is not Stage.IGNORED:
            self.bells.ring(Topic.DELIVERIES, delivery.id)


def due(failed: FailedDelivery) -> float:
    """When to ask for it: at once after the first failure, then less and less often."""
    wait = FIRST_WAIT * 3.0 ** (failed.tries - 2) if failed.tries > 1 else 0.0
    return failed.last + wait
