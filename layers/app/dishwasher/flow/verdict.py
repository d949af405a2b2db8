"""Change a job and, in the same write, everything that follows from it in its build.

A build's jobs are read together and stored together, with the build's counter as the fence: two
jobs that conclude at once can not both miss that the third may start.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from dishwasher.core import deploy, plan
from dishwasher.core.build import Build
from dishwasher.core.config import Kind
from dishwasher.core.deploy import Environment
from dishwasher.core.job import Job, Reason, State, Timing
from dishwasher.errors import Conflict
from dishwasher.ports import Bells, Clock, Record, Store, Topic

ATTEMPTS_AT_WRITING = 20
"""Lost compare-and-sets before the caller gets the Conflict; each means that another writer won."""


@dataclass(frozen=True, slots=True)
class Verdicts:
    store: Store
    bells: Bells
    clock: Clock
    timing: Timing

    def change(self, job_id: str, change: Callable[[Job], Job]) -> Job | None:
        """Apply the change to the job as it is now; None when there is no such job.

        The change may be called again when another writer came first; it may raise to stop.
        """
        for _ in range(ATTEMPTS_AT_WRITING):
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
        for _ in range(ATTEMPTS_AT_WRITING):
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

    def _save(self, before: Job, after: Job) -> Job:
        if not after.is_over or before.is_over:
            self.store.save(after)
            self._ring(after, (after,))
            return replace(after, version=after.version + 1)
        build = self.store.get(Build, after.build)
        if build is None:
            raise LookupError(f"job {after.id} has no build")
        siblings = {job.id: job for job in self.store.group(Job, after.build)}
        siblings[after.id] = after
        moved = plan.advance(siblings.values(), self.clock.now(), self.timing)
        ended = 1 + sum(job.is_over for job in moved)
        freed = self._environment(after, build)
        records: list[Record] = [replace(build, settled=build.settled + ended), after, *moved]
        self.store.save(*records, *freed)
        self._ring(after, (after, *moved))
        for environment in freed:
            for waiting in environment.waiting:
                self.bells.ring(Topic.JOBS, waiting)
        return replace(after, version=after.version + 1)

    def _environment(self, job: Job, build: Build) -> tuple[Environment, ...]:
        if job.spec.kind is not Kind.DEPLOYMENT:
            return ()
        key = deploy.environment_id(build.event.repository.id, job.spec.name)
        environment = self.store.get(Environment, key)
        if environment is None or environment.holder != job.id:
            return ()
        unknown = job.reason is Reason.UNKNOWN_EFFECT
        return (deploy.release(environment, job.id, unknown=unknown),)

    def _ring(self, job: Job, changed: tuple[Job, ...]) -> None:
        for other in changed:
            if other.state is State.QUEUED:
                self.bells.ring(Topic.JOBS, other.id)
        self.bells.ring(Topic.REPORTS, job.build)
