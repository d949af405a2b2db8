"""For how long rows are kept: DynamoDB removes by itself what is past its time.

Best effort, within some days: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from dishwasher.core.build import Build
from dishwasher.core.command import Tally
from dishwasher.core.delivery import GIVE_UP_AFTER, Delivery
from dishwasher.core.history import Entry
from dishwasher.core.job import Job
from dishwasher.core.pull import Pull
from dishwasher.core.report import Report
from dishwasher.core.retention import DAY
from dishwasher.ports import Record

LEAST_DAYS = GIVE_UP_AFTER / DAY + 1
"""A delivery is known for as long as GitHub may repeat it, whatever the setting."""
PASSING = frozenset(kind.KIND for kind in (Build, Delivery, Entry, Job, Pull, Report, Tally))
"""Of one event or commit; environments, caches, schedules and who may what stay."""


@dataclass(frozen=True, slots=True)
class Lasting:
    """`days` after it was last stored, unless the reaper is still to look at it; 0 for ever."""

    days: float = 90.0

    def row(self, record: Record, now: float) -> int:
        """When it may go, in seconds since the epoch; 0 for never."""
        if isinstance(record, Tally):
            # Its time is when it may be forgotten: no reaper looks at it.
            return math.ceil(record.due)
        if not self.days or record.KIND not in PASSING or record.due:
            return 0
        return math.ceil(now + max(self.days, LEAST_DAYS) * DAY)

    def pointer(self, record: Record, now: float) -> int:
        """Of the row that lists it: that is written once, and must outlive a late change."""
        if not self.days or record.KIND not in PASSING:
            return 0
        return math.ceil(now + 2 * max(self.days, LEAST_DAYS) * DAY)
