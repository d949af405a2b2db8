"""Schedules: renewed by each push to the default branch, and planned when their time has come."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dishwasher.core import timetable
from dishwasher.core.delivery import REPLAN_AFTER, Delivery
from dishwasher.core.event import EventKind
from dishwasher.core.timetable import Timetable
from dishwasher.errors import Conflict
from dishwasher.flow.configuration import Written
from dishwasher.flow.tenancy import Tenancy
from dishwasher.flow.work import Work
from dishwasher.formats.cron import following
from dishwasher.ports import Bells, Clock, Store, Topic


def along(store: Store, clock: Clock, work: Work, written: Written | None) -> Work:
    """With what a push to the default branch changes of the schedules."""
    event = work.event
    repository = event.repository
    pushed = event.kind is EventKind.PUSH and not event.rerun
    if not pushed or event.branch != repository.default_branch:
        return work
    schedules = written.config.schedules if written else ()
    known = store.get(Timetable, str(repository.id))
    table = known or Timetable(str(repository.id), repository)
    if event.pushed_at < table.pushed_at or not (known or schedules):
        return work
    after = timetable.renewed(table, event, schedules, clock.now(), following)
    return work if after == known else replace(work, along=(*work.along, after))


@dataclass(frozen=True, slots=True)
class Timetables:
    store: Store
    bells: Bells
    clock: Clock

    def __call__(self, table: Timetable) -> None:
        """Hand over what is due as deliveries, stored with the table: each exactly once."""
        now = self.clock.now()
        tenancy = Tenancy(self.store)
        table = replace(table, repository=tenancy.present(table.repository))
        after, events = timetable.passed(table, now, following)
        if tenancy.barred(table.repository):
            # A time that has passed is not made up for.
            events = ()
        made = [
            Delivery(event.delivery, "schedule", now, event, due=now + REPLAN_AFTER)
            for event in events
            # A push whose planner's clock was slow has set the time back: it was handed over.
            if self.store.get(Delivery, event.delivery) is None
        ]
        try:
            self.store.save(after, *made)
        except Conflict:
            # Another was here first, or the file has just changed.
            return
        for delivery in made:
            self.bells.ring(Topic.DELIVERIES, delivery.id)
