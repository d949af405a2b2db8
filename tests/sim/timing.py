"""Schedules: a time that passes leaves one delivery, in the very write that moves it on."""

from __future__ import annotations

from collections.abc import Iterator

from dishwasher.core.delivery import Delivery, Stage
from dishwasher.core.timetable import Timetable

from tests.fakes.store import MemoryStore

LATE = 120.0
"""Seconds after which a time that has come is known to whoever looks every minute."""


def wrong(rows: MemoryStore, old: Timetable, new: Timetable) -> str:
    """Which time was passed over; empty where none was."""
    after = {(entry.name, entry.cron, entry.branch): entry.next for entry in new.entries}
    for entry in old.entries:
        moved = after.get((entry.name, entry.cron, entry.branch), entry.next)
        if moved == entry.next:
            continue
        made = [
            row
            for row in rows.all(Delivery)
            if row.id.startswith(f"schedule-{new.id}-") and row.id.endswith(f"-{int(entry.next)}")
        ]
        if len(made) != 1:
            return f"the time {entry.next} of {entry.name} has led to {len(made)} deliveries"
    return ""


def problems(rows: MemoryStore, now: float) -> Iterator[str]:
    """L12: no time that has come is still to come, and what it asked for was looked at."""
    for table in rows.all(Timetable):
        for entry in table.entries:
            if 0.0 < entry.next < now - LATE:
                yield f"L12 nobody saw that {entry.name} of {table.id} is due since {entry.next}"
    for row in rows.all(Delivery):
        if row.name == "schedule" and row.stage is Stage.RECEIVED:
            yield f"L12 {row.id} is {row.stage}"
