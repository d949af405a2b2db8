"""For how long rows are kept: DynamoDB removes by itself what is past its time.

Best effort, within some days: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from dishwasher.core.delivery import GIVE_UP_AFTER
from dishwasher.core.moment import DAY
from dishwasher.ports import Record

LEAST_DAYS = GIVE_UP_AFTER / DAY + 1
"""A delivery is known for as long as GitHub may repeat it, whatever the setting."""
TALLY = "tally"
"""A record whose time is when it may be forgotten: no reaper looks at it."""
PASSING = frozenset({"build", "delivery", "entry", "job", "pull", "report", TALLY})
"""Of one event or commit; environments, caches, schedules and who may what stay.

Kinds by name: who stores a delivery need not import what a build is made of.
"""


@dataclass(frozen=True, slots=True)
class Lasting:
    """`days` after it was last stored, unless the reaper is still to look at it; 0 for ever."""

    days: float = 90.0

    def row(self, record: Record, now: float) -> int:
        """When it may go, in seconds since the epoch; 0 for never."""
        if record.KIND == TALLY:
            return math.ceil(record.due)
        if not self.days or record.KIND not in PASSING or record.due:
            return 0
        return math.ceil(now + max(self.days, LEAST_DAYS) * DAY)

    def pointer(self, record: Record, now: float) -> int:
        """Of the row that lists it: that is written once, and must outlive a late change."""
        if not self.days or record.KIND not in PASSING:
            return 0
        return math.ceil(now + 2 * max(self.days, LEAST_DAYS) * DAY)
