"""reap: the clock → bells for what nobody looked at, new attempts for runners that were lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from dishwasher.core import lifecycle
from dishwasher.core.build import Build
from dishwasher.core.delivery import REPLAN_AFTER, Delivery
from dishwasher.core.job import LIVE, Job, State, Timing, parse_attempt
from dishwasher.core.lifecycle import REPORT_AFTER
from dishwasher.core.report import Report
from dishwasher.core.shelf import Shelf
from dishwasher.core.timetable import Timetable
from dishwasher.errors import Conflict
from dishwasher.flow.caches import Caches
from dishwasher.flow.timetable import Timetables
from dishwasher.flow.verdict import Verdicts
from dishwasher.ports import Bells, Clock, Fleet, Record, Store, Topic

R = TypeVar("R", bound=Record)

BATCH = 100
"""Records of a kind that are read at once."""
BATCHES = 50
"""Batches of a kind that one round looks at; the rest waits for the next."""


@dataclass(frozen=True, slots=True)
class Reap:
    store: Store
    bells: Bells
    clock: Clock
    fleet: Fleet
    verdicts: Verdicts
    timing: Timing
    caches: Caches

    def __call__(self) -> None:
        """One round; every part of it may be done twice, or by two at once.

        A record that can not be looked at does not keep the others waiting; it is told at the end.
        """
        failures: list[Exception] = []
        for delivery in self._due(Delivery):
            _attempt(failures, self._delivery, delivery)
        for found in self._due(Job):
            _attempt(failures, self._job, found)
        for report in self._due(Report):
            _attempt(failures, self._report, report)
        for shelf in self._due(Shelf):
            _attempt(failures, self.caches.sweep, shelf)
        schedules = Timetables(self.store, self.bells, self.clock)
        for table in self._due(Timetable):
            _attempt(failures, schedules, table)
        if failures:
            raise ExceptionGroup("some records could not be looked at", failures)

    def _due(self, kind: type[R]) -> Iterator[R]:
        """What was due when the round began; looking at one postpones it, or another has."""
        now = self.clock.now()
        for _ in range(BATCHES):
            batch = self.store.due(kind, now, BATCH)
            yield from batch
            if len(batch) < BATCH:
                return

    def ended(self, attempt_id: str) -> None:
        """The fleet says that this runner is gone: without a result, do not wait for the lease."""
        job_id, number = parse_attempt(attempt_id)
        found = self.store.get(Job, job_id)
        if found is not None and found.attempt == number:
            self._expire(found)

    def _delivery(self, delivery: Delivery) -> None:
        self.bells.ring(Topic.DELIVERIES, delivery.id)
        self._postpone(replace(delivery, due=self.clock.now() + REPLAN_AFTER))

    def _job(self, found: Job) -> None:
        now = self.clock.now()
        if found.state in LIVE:
            self._expire(found)
        elif found.state is State.QUEUED:
            self.bells.ring(Topic.JOBS, found.id)
            self._postpone(lifecycle.look_again(found, now, self.timing))
        elif found.state is State.BLOCKED:
            self._postpone(lifecycle.look_again(found, now, self.timing))
            self.verdicts.advance(found.build)
        else:
            self.bells.ring(Topic.REPORTS, found.build)
            self._postpone(replace(found, deadline=now + REPORT_AFTER))

    def _expire(self, found: Job) -> None:
        expired = False

        def expire(current: Job) -> Job:
            nonlocal expired
            # Another word came between our look and now: the runner lives, or someone was faster.
            expired = current.version == found.version and current.state in LIVE
            return lifecycle.expire(current, self.clock.now(), self.timing) if expired else current

        self.verdicts.change(found.id, expire)
        if expired:
            self.fleet.stop(found.attempt_id)

    def _report(self, report: Report) -> None:
        if report.pull_request and not self._counts(report):
            # It was closed, or the branch was pushed on: other builds speak for it, if any.
            self._postpone(report.closed())
            return
        bells = (report.bell,) if report.bell else self._builds(report)
        for build in bells:
            self.bells.ring(Topic.REPORTS, build)
        self._postpone(replace(report, due=self.clock.now() + self.timing.hold))

    def _counts(self, report: Report) -> bool:
        """Whether the build that would be rung still counts for the pull request."""
        build = self.store.get(Build, report.bell)
        return build is not None and report.pull_request in build.requests

    def _builds(self, report: Report) -> tuple[str, ...]:
        """Of a report that was stored before reports named whom to ring."""
        return tuple(build.id for build in self.store.group(Build, report.id)[:1])

    def _postpone(self, record: Delivery | Job | Report) -> None:
        try:
            self.store.save(record)
        except Conflict:
            # Somebody moved it: then it is looked at already.
            return


def _attempt(failures: list[Exception], look: Callable[[R], None], record: R) -> None:
    try:
        look(record)
    except Exception as error:
        failures.append(error)
