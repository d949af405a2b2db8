"""Each time of a schedule comes once, however late it is noticed."""

from __future__ import annotations

from dishwasher.core.config import Schedule
from dishwasher.core.event import NO_COMMIT, EventKind
from dishwasher.core.timetable import Entry, Timetable, passed, renewed

from tests.samples import REPOSITORY, push


def hourly(cron: str, after: float) -> float:
    """A time of cron that comes every hour; `never` never comes."""
    return 0.0 if cron == "never" else after // 3600 * 3600 + 3600


TABLE = Timetable("7", REPOSITORY)
NIGHTLY = Schedule("nightly", "hourly")


def test_a_push_brings_the_schedules_of_its_file() -> None:
    table = renewed(TABLE, push(pushed_at=5), (NIGHTLY,), 100.0, hourly)
    assert table.entries == (Entry("nightly", "hourly", "", 3600.0),)
    assert (table.due, table.pushed_at, table.group) == (3600.0, 5, "")


def test_a_schedule_that_stays_keeps_its_time() -> None:
    table = renewed(TABLE, push(), (NIGHTLY,), 100.0, hourly)
    later = renewed(table, push(), (NIGHTLY, Schedule("b", "hourly", "next")), 4000.0, hourly)
    assert [entry.next for entry in later.entries] == [3600.0, 7200.0]
    assert later.due == 3600.0


def test_a_schedule_that_is_taken_out_does_not_come() -> None:
    table = renewed(TABLE, push(), (NIGHTLY,), 100.0, hourly)
    assert renewed(table, push(), (), 100.0, hourly).due == 0.0


def test_a_time_that_never_comes_is_not_waited_for() -> None:
    table = renewed(TABLE, push(), (Schedule("x", "never"), NIGHTLY), 0.0, hourly)
    assert table.due == 3600.0
    assert passed(table, 1e9, hourly)[1][0].schedule == "nightly"


def test_what_is_due_is_an_event_once() -> None:
    table = renewed(TABLE, push(), (NIGHTLY,), 100.0, hourly)
    assert passed(table, 3599.0, hourly) == (table, ())
    after, (event,) = passed(table, 3600.0, hourly)
    assert (event.kind, event.schedule, event.branch) == (EventKind.SCHEDULE, "nightly", "main")
    assert (event.sha, event.repository) == (NO_COMMIT, REPOSITORY)
    assert (after.due, passed(after, 3600.0, hourly)[1]) == (7200.0, ())


def test_missed_times_are_one() -> None:
    table = renewed(TABLE, push(), (NIGHTLY,), 100.0, hourly)
    after, events = passed(table, 36_000.0, hourly)
    assert (len(events), after.due) == (1, 39_600.0)


def test_who_notices_at_once_makes_the_same_delivery() -> None:
    table = renewed(TABLE, push(), (NIGHTLY, Schedule("b/ü", "hourly", "next")), 100.0, hourly)
    one, two = (passed(table, now, hourly)[1] for now in (3600.0, 3700.0))
    assert [event.delivery for event in one] == [event.delivery for event in two]
    assert one[0].delivery != one[1].delivery
    assert one[1].branch == "next"
