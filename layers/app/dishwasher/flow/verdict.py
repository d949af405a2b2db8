"""Change a job and, in the same write, everything that follows from it in its build.

A build's jobs are read together and stored together, with the build's counter as the fence: two
jobs that conclude at once can not both miss that the third may start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from dishwasher.core import deploy, plan
from dishwasher.core.build import Build
from dishwasher.core.config import Kind
from dishwasher.core.deploy import Environment
from dishwasher.core.deployment import is_production
from dishwasher.core.history import Entry, begun, ended, entry_id
from dishwasher.core.job import Job, Reason, State, Timing
from dishwasher.core.report import Report
from dishwasher.errors import Conflict
from dishwasher.ports import Bells, Clock, Record, Store, Topic


def _nobody(_: str) -> None:
    """Runners that can not be told ask by themselves, with their next beat."""


WRITES = 20
"""Lost compare-and-sets before the caller gets the Conflict; each means that another writer won."""


@dataclass(frozen=True, slots=True)
class Verdicts:
    store: Store
    bells: Bells
    clock: Clock
    timing: Timing
    hurry: Callable[[str], None] = _nobody
    """Has the runner of an attempt ask for its orders at once."""

    def change(self, job_id: str, change: Callable[[Job], Job]) -> Job | None:
        """Apply the change to the job as it is now; None when there is no such job.

        The change may be called again when another writer came first; it may raise to stop.
        """
        for _ in range(WRITES):
            job = self.store.get(Job, job_id)
            if job is None:
                return None
            after = change(job)
            if after == job:
                return job
            try:
                return self._save(job, after)
            except Conflict:
                continue
        raise Conflict(f"job {job_id} is written too often")

    def renew(self, job_id: str, change: Callable[[Job], Job]) -> Job:
        """Apply a change that nobody needs to hear of; raises LookupError for an unknown job."""
        for _ in range(WRITES):
            job = self.store.get(Job, job_id)
            if job is None:
                raise LookupError(f"there is no job {job_id}")
            after = change(job)
            if after == job:
                return job
            try:
                self.store.save(after)
            except Conflict:
                continue
            return after
        raise Conflict(f"job {job_id} is written too often")

    def advance(self, build_id: str) -> None:
        """Let go what its needs no longer hold back; verdicts do so themselves, this mends."""
        build = self.store.get(Build, build_id)
        if build is None:
            return
        jobs = self.store.group(Job, build_id)
        moved = self._moved(build, jobs)
        if not moved:
            return
        counted = _counted(build, moved)
        try:
            self.store.save(counted, *moved, *self._listed(counted, (*jobs, *moved)))
        except Conflict:
            # A verdict came at this moment, and has let them go.
            return
        self._ring(moved[0], moved)
        self._followed(counted)

    def _save(self, before: Job, after: Job) -> Job:
        if not after.is_over or before.is_over:
            self.store.save(after)
            self._ring(after, (after,))
            if after.cancel and not before.cancel:
                self.hurry(after.attempt_id)
            return replace(after, version=after.version + 1)
        build = self.store.get(Build, after.build)
        if build is None:
            raise LookupError(f"job {after.id} has no build")
        siblings = {job.id: job for job in self.store.group(Job, after.build)}
        siblings[after.id] = after
        moved = self._moved(build, siblings.values())
        counted = _counted(build, (after, *moved))
        records: list[Record] = [counted, after, *moved]
        records += self._listed(counted, (*siblings.values(), *moved))
        held = self._held(after, build)
        replaced = self._replaced(held, after)
        records += (*_released(held, after), *self._retired(replaced, after))
        self.store.save(*records)
        self._ring(after, (after, *moved))
        if replaced is not None:
            self.bells.ring(Topic.REPORTS, replaced.build)
        for waiting in held.waiting if held else ():
            self.bells.ring(Topic.JOBS, waiting)
        self._followed(counted)
        return replace(after, version=after.version + 1)

    def _followed(self, build: Build) -> None:
        """Builds that wait for jobs of this one; should this end here, the reaper mends it."""
        for follower in build.followers:
            self.advance(follower)

    def _moved(self, build: Build, jobs: Iterable[Job]) -> tuple[Job, ...]:
        known = tuple(jobs)
        waiting = [job.mirrors for job in known if job.mirrors and not job.is_over]
        others = {id: self.store.get(Job, id) for id in dict.fromkeys(waiting)}
        return plan.advance(
            known, self.clock.now(), self.timing, fail_fast=build.fail_fast, others=others
        )

    def _listed(self, build: Build, jobs: Iterable[Job]) -> tuple[Entry, ...]:
        """The build's line in its repository's list, once it is over; the last of a job counts."""
        if not build.is_over:
            return ()
        newest = {job.id: job for job in jobs}.values()
        entry = self.store.get(Entry, entry_id(build))
        return (begun(build, tuple(newest)) if entry is None else ended(entry, newest),)

    def _held(self, job: Job, build: Build) -> Environment | None:
        """The environment that this job holds; None when it holds none."""
        if job.spec.kind is not Kind.DEPLOYMENT:
            return None
        key = deploy.environment_id(build.event.repository.id, job.spec.name)
        environment = self.store.get(Environment, key)
        return environment if environment and environment.holder == job.id else None

    def _replaced(self, held: Environment | None, after: Job) -> Job | None:
        """The deployment whose place this one takes; None where GitHub sees that by itself."""
        if held is None or not held.live or not _is_live(after):
            return None
        return self.store.get(Job, held.live)

    def _retired(self, replaced: Job | None, after: Job) -> tuple[Record, ...]:
        """It is told by the report on its own commit, to which somebody comes back until it is."""
        build = self.store.get(Build, replaced.build) if replaced is not None else None
        if replaced is None or build is None:
            return ()
        report = self.store.get(Report, build.group) or Report(build.group)
        owing = report.owing(build.id, self.clock.now())
        return replace(replaced, replaced=after.id), owing

    def _ring(self, job: Job, changed: tuple[Job, ...]) -> None:
        for other in changed:
            if other.state is State.QUEUED:
                delay = self.timing.retry if other.attempt else 0.0
                self.bells.ring(Topic.JOBS, other.id, delay)
        self.bells.ring(Topic.REPORTS, job.build)


def _is_live(job: Job) -> bool:
    """Whether it is what users of the site now see, as far as GitHub has to be told."""
    return job.reason is Reason.OK and bool(job.started) and is_production(job)


def _released(held: Environment | None, job: Job) -> tuple[Environment, ...]:
    """The environment of a deployment that is over."""
    if held is None:
        return ()
    released = deploy.release(held, job.id, unknown=job.reason is Reason.UNKNOWN_EFFECT)
    return (replace(released, live=job.id) if _is_live(job) else released,)


def _counted(build: Build, changed: tuple[Job, ...]) -> Build:
    over = [job for job in changed if job.is_over]
    spent = build.spent + sum(job.bill.spent for job in over)
    return replace(build, settled=build.settled + len(over), spent=spent)
