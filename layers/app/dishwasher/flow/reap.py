"""reap: the clock → bells for what nobody looked at, new attempts for runners that were lost."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dishwasher.core import job
from dishwasher.core.build import Build
from dishwasher.core.delivery import REPLAN_AFTER, Delivery
from dishwasher.core.job import REPORT_AFTER, Job, State, Timing
from dishwasher.core.report import Report
from dishwasher.errors import Conflict
from dishwasher.flow.report import HOLD
from dishwasher.flow.verdict import Verdicts
from dishwasher.ports import Bells, Clock, Fleet, Store, Topic

BATCH = 100
"""Records of a kind that one round looks at; the rest waits for the next."""


@dataclass(frozen=True, slots=True)
class Reap:
    store: Store
    bells: Bells
    clock: Clock
    fleet: Fleet
    verdicts: Verdicts
    timing: Timing

    def __call__(self) -> None:
        """One round; every part of it may be done twice, or by two at once."""
        for delivery in self.store.due(Delivery, self.clock.now(), BATCH):
            self._delivery(delivery)
        for found in self.store.due(Job, self.clock.now(), BATCH):
            self._job(found)
        for report in self.store.due(Report, self.clock.now(), BATCH):
            self._report(report)

    def ended(self, attempt_id: str) -> None:
        """The fleet says that this runner is gone: without a result, do not wait for the lease."""
        job_id, number = job.parse_attempt(attempt_id)
        found = self.store.get(Job, job_id)
        if found is not None and found.attempt == number:
            self._expire(found)

    def _delivery(self, delivery: Delivery) -> None:
        self.bells.ring(Topic.DELIVERIES, delivery.id)
        self._postpone(replace(delivery, due=self.clock.now() + REPLAN_AFTER))

    def _job(self, found: Job) -> None:
        now = self.clock.now()
        if found.state in (State.STARTING, State.RUNNING):
            self._expire(found)
        elif found.state is State.QUEUED:
            self.bells.ring(Topic.JOBS, found.id)
            self._postpone(job.look_again(found, now, self.timing))
        elif found.state is State.BLOCKED:
            self._postpone(job.look_again(found, now, self.timing))
        else:
            self.bells.ring(Topic.REPORTS, found.build)
            self._postpone(replace(found, deadline=now + REPORT_AFTER))

    def _expire(self, found: Job) -> None:
        version = found.version

        def expired(current: Job) -> Job:
            # Another word came between our look and now: the runner lives, or someone was faster.
            if current.version != version or current.state not in (State.STARTING, State.RUNNING):
                return current
            return job.expire(current, self.clock.now(), self.timing)

        after = self.verdicts.change(found.id, expired)
        if after is not None and after.version != version:
            self.fleet.stop(found.attempt_id)

    def _report(self, report: Report) -> None:
        for build in self.store.group(Build, report.id)[:1]:
            self.bells.ring(Topic.REPORTS, build.id)
        self._postpone(replace(report, due=self.clock.now() + HOLD))

    def _postpone(self, record: Delivery | Job | Report) -> None:
        try:
            self.store.save(record)
        except Conflict:
            # Somebody moved it: then it is looked at already.
            return
