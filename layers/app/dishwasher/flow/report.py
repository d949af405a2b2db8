"""report: render what GitHub should show for a commit; make GitHub agree.

Level-triggered: every call compares the whole desired state with what was posted and sends the
difference. Serialised: one fenced claim for each commit; who loses it marks it dirty and leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dishwasher.core.build import Build
from dishwasher.core.event import Repository
from dishwasher.core.job import Job
from dishwasher.core.lifecycle import reported_later
from dishwasher.core.report import Report, pull_key
from dishwasher.errors import InfraError, Throttled
from dishwasher.flow.check_runs import CheckRuns
from dishwasher.flow.claim import Claim
from dishwasher.flow.comment import PullComments
from dishwasher.flow.deployment import Announcements
from dishwasher.flow.tenancy import Tenancy
from dishwasher.flow.turn import Turns
from dishwasher.flow.verdict import Verdicts
from dishwasher.ports import Bells, Blobs, Checks, Clock, Comments, Deployments, Store, Topic

PATIENCE = 2
"""Failures in one round: one check run that GitHub fails on must not hold up the others."""


@dataclass(frozen=True, slots=True)
class Reports:
    store: Store
    blobs: Blobs
    bells: Bells
    clock: Clock
    checks: Checks
    comments: Comments
    deployments: Deployments
    verdicts: Verdicts
    page: Callable[[str], str]
    """Job id → URL of its page."""

    def __call__(self, build_id: str) -> None:
        found = self.store.get(Build, build_id)
        if found is None:
            return
        build = Tenancy(self.store).moved(found)
        failures: list[InfraError] = []
        ended = self._ended(build)
        # The comment first: a job counts as reported with its check run, and then nobody rings.
        try:
            self._pull_request(build)
        except InfraError as error:
            self._keep_owed(build)
            failures.append(error)
        try:
            self._commit(ended, build)
        except InfraError as error:
            failures.append(error)
        if failures:
            raise failures[0]

    def _pull_request(self, build: Build) -> None:
        PullComments(
            self.store,
            self.blobs,
            self.bells,
            self.clock,
            self.comments,
            self.verdicts.timing.hold,
            self.page,
        )(build)

    def _keep_owed(self, build: Build) -> None:
        """Where a comment could not even be begun, it is to be come back to in any case."""
        for other in self.store.group(Build, build.group):
            for row in self._pulls(other):
                if not row.due:
                    self.store.save(row.owing(other.id, self.clock.now()))

    def _ended(self, build: Build) -> frozenset[str]:
        """The jobs of this commit that are over by now: what comments can know of."""
        builds = [one for one in self.store.group(Build, build.group) if one.requests]
        jobs = (job for one in builds for job in self.store.group(Job, one.id))
        return frozenset(job.id for job in jobs if job.is_over)

    def _commit(self, ended: frozenset[str], build: Build) -> None:
        turns = Turns(self.store, self.bells, self.clock, self.verdicts.timing.hold)
        turns(
            build.group,
            build,
            lambda claim: self._check_runs(claim, build, ended),
            lambda until: self._put_off(build, until),
        )

    def _check_runs(self, claim: Claim, build: Build, ended: frozenset[str]) -> None:
        runs = CheckRuns(
            self.store,
            self.blobs,
            self.bells,
            self.clock,
            self.checks,
            self.verdicts,
            self.page,
        )
        announcements = Announcements(
            self.store, self.clock, self.deployments, self.page, self.checks.list
        )
        repository, report = build.event.repository, claim.report()
        failures: list[InfraError] = []

        def attempt(tell: Callable[[Claim, Repository, Build, Job], None], *about: Any) -> None:
            try:
                tell(claim, repository, *about)
            except Throttled:
                raise
            except InfraError as error:
                failures.append(error)
                if len(failures) >= PATIENCE:
                    raise

        for other in self.store.group(Build, claim.key):
            jobs = sorted(self.store.group(Job, other.id), key=lambda job: job.position)
            if any(job.is_over and job.deadline and job.id not in ended for job in jobs):
                self._owe_comments(other)
            told = _counting(other, [job for job in jobs if job.is_over])
            # Verdicts before progress and buttons, should the limit end the round.
            for job in sorted(jobs, key=lambda job: (not job.is_over, not job.deadline)):
                attempt(announcements.agree, told, job)
                if report.owes(job, told):
                    attempt(runs.agree, told, job)
        if failures:
            raise failures[0]
        announcements.sweep(claim, repository)
        runs.sweep(claim, repository)

    def _owe_comments(self, build: Build) -> None:
        """A job has ended since the comments were looked at: the reaper knows until they are."""
        for row in self._pulls(build):
            self.store.save(row.owing(build.id, self.clock.now()))
        if build.requests:
            self.bells.ring(Topic.REPORTS, build.id)

    def _pulls(self, build: Build) -> Iterator[Report]:
        """The report on each pull request that it counts for."""
        for number in build.requests:
            key = pull_key(build.event.repository.id, number)
            yield self.store.get(Report, key) or Report(key)

    def _put_off(self, build: Build, until: float) -> None:
        """Nobody can be told before then, 0 for as long as nobody lets us in: do not ring."""
        for other in self.store.group(Build, build.group):
            for job in self.store.group(Job, other.id):
                if job.is_over and job.deadline:
                    self.verdicts.renew(job.id, lambda found: reported_later(found, until))


def _counting(build: Build, over: Sequence[Job]) -> Build:
    """With a verdict that has come between the read of the build and that of its jobs."""
    spent = sum(job.bill.spent for job in over)
    return replace(build, settled=max(build.settled, len(over)), spent=max(build.spent, spent))
