"""A click on a check run → its jobs once more, on the same commit as the first time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from dishwasher.core import plan, trust
from dishwasher.core.build import Build, build_group
from dishwasher.core.config import Kind
from dishwasher.core.delivery import Delivery
from dishwasher.core.event import Event, EventKind
from dishwasher.core.job import MEETS_A_NEED, Job, Reason
from dishwasher.core.label import together
from dishwasher.core.selection import Planned
from dishwasher.core.session import Person
from dishwasher.flow.building import Building
from dishwasher.flow.cancel import Cancels
from dishwasher.flow.request import Requests
from dishwasher.flow.work import Work, ignore
from dishwasher.ports import Members, Store

NOTHING_RUN = frozenset({Reason.REFUSED, Reason.FILTERED, Reason.NEED_FAILED})
NOT_RUN = frozenset({Reason.FILTERED, Reason.NEED_FAILED})
"""Ends of a job that has nothing to be run again; what held it back, may."""
ENDED = "what had not ended was cancelled"
NOT_OURS = "that check run is not one of ours"


@dataclass(frozen=True, slots=True)
class Clicks:
    """Re-run, Re-run failed, Re-run all and Cancel."""

    store: Store
    building: Building
    requests: Requests
    cancels: Cancels
    members: Members
    bots: frozenset[int] = frozenset()
    """Ids of those that count as one of the team."""

    def clicked(self, delivery: Delivery, event: Event) -> None:
        """On GitHub, by whoever: everybody who can read a public repository may ask for its checks
        anew, and one of them may deploy.

        https://docs.github.com/en/rest/checks/runs#rerequest-a-check-run
        """
        if event.kind is not EventKind.RERUN_ALL and self._clicked_on(event) is None:
            self._ignore(delivery, event, NOT_OURS)
        elif self._may(event):
            self(delivery, event)
        else:
            who = event.sender or "whoever clicked"
            self._ignore(delivery, event, f"{who} may not write to the repository")

    def _may(self, event: Event) -> bool:
        if trust.is_by_hand(event) or event.sender_id in self.bots:
            return True
        person = Person(event.sender_id, event.sender)
        return bool(event.sender) and self.members.may_write(event.repository, person)

    def _clicked_on(self, event: Event) -> tuple[Build, Job] | None:
        """None for what is no check of this repository."""
        job = self.store.get(Job, event.job)
        build = self.store.get(Build, job.build) if job else None
        if job is None or build is None or build.event.repository.id != event.repository.id:
            return None
        return build, job

    def __call__(self, delivery: Delivery, event: Event) -> None:
        """Asked for by somebody who may, of a check that is ours."""
        if event.kind is EventKind.RERUN_ALL:
            self._all(delivery, event)
            return
        found = self._clicked_on(event)
        assert found is not None
        build, job = found
        if event.kind is EventKind.CANCEL_JOB:
            self.cancels.job(event, job)
            self._ignore(delivery, event, ENDED)
        elif event.kind is EventKind.CANCEL:
            self.cancels.clicked(delivery, event, build)
            self._ignore(delivery, event, ENDED)
        elif event.kind is EventKind.RERUN_FAILED:
            self._failed(delivery, event, build, job)
        else:
            self._one(delivery, event, build, job)

    def _one(self, delivery: Delivery, event: Event, build: Build, job: Job) -> None:
        again = _again(delivery, event, build, job)
        if not job.is_over:
            self._ignore(delivery, event, f"{job.spec.name} has not ended yet")
        elif job.reason is Reason.CONFIG or self._was_refused(build):
            # Nothing was planned then; GitHub waits for an answer also where it stays the same.
            doubt = self.requests.doubt(delivery, again)
            notes, approval = (build.notes, build.approval) if doubt else ((), None)
            self.building(Work(delivery, again, doubt, notes, approval))
        elif plan.is_about_config(job):
            # Whoever clicks on advice did not ask for the jobs to run again.
            told = self.building.advice.repeated(self.building.id(again, ()), job)
            self._store(Work(delivery, again), build, (told,))
        else:
            self._run(Work(delivery, again), build, (job.id,))

    def _failed(self, delivery: Delivery, event: Event, build: Build, job: Job) -> None:
        jobs = self.store.group(Job, build.id)
        failed = [one for one in _over(jobs) if one.reason not in MEETS_A_NEED | NOT_RUN]
        if not failed:
            self._ignore(delivery, event, "no check of this build has failed")
            return
        # Nothing was planned for a mistake or a stranger: that is one click on any of them.
        if all(one.reason in (Reason.CONFIG, Reason.REFUSED) for one in failed):
            self._one(delivery, event, build, failed[0])
            return
        again = _again(delivery, event, build, job)
        self._run(Work(delivery, again), build, [one.id for one in failed])

    def _all(self, delivery: Delivery, event: Event) -> None:
        """Every check of the build that is named, or of the newest that this commit has got."""
        group = build_group(event.repository.id, event.sha)
        named = self.store.get(Job, event.job) if event.job else None
        for build in sorted(self.store.group(Build, group), key=lambda one: -one.created):
            over = _over(self._jobs_of(build))
            partly = build.event.rerun or build.event.label
            itself = not (event.job or partly or build.abandoned)
            meant = itself or (named is not None and named.build == build.id)
            if not meant or not over:
                continue
            if all(one.reason in (Reason.CONFIG, Reason.REFUSED) for one in over):
                self._one(delivery, event, build, over[0])
            else:
                self._again(Work(delivery, _again(delivery, event, build, over[0])), build, over)
            return
        self._ignore(delivery, event, "no check of this commit has ended yet")

    def _again(self, work: Work, build: Build, over: list[Job]) -> None:
        ran = [one.id for one in over if one.reason not in NOT_RUN]
        held = [one.id for one in over if one.reason is Reason.NEED_FAILED]
        if ran or held:
            self._run(work, build, ran or held)
            return
        # All was filtered. GitHub shows the suite as queued until it is told so again.
        planned = tuple(Planned(one.spec, one.detail) for one in over)
        self._store(work, build, self._jobs(work, planned))

    def _jobs(self, work: Work, planned: tuple[Planned, ...]) -> tuple[Job, ...]:
        key, now = self.building.id(work.event, planned), self.building.clock.now()
        return plan.jobs(key, planned, now, self.building.timing)

    def _run(self, work: Work, build: Build, wanted: Iterable[str]) -> None:
        known = self._jobs_of(build)
        # Another build's check has that name, of other files.
        silent = {job.spec.name for job in known if job.silent and not job.mirrors}
        chosen = plan.rerun(known, *wanted)
        planned = tuple(Planned(spec, silent=spec.name in silent) for spec in chosen)
        jobs = self._jobs(work, planned)
        jobs = self.building.admitted(jobs, build.config_path, build.fail_fast)
        self._store(work, build, jobs)

    def _jobs_of(self, build: Build) -> tuple[Job, ...]:
        """With those that labels have started since on the same terms."""
        jobs = self.store.group(Job, build.id)
        if build.event.label or build.event.rerun:
            return jobs
        later = [
            one
            for one in self.store.group(Build, build.group)
            if one.event.label and set(one.requests) & set(build.requests) and not one.abandoned
        ]
        later.sort(key=lambda one: (one.created, one.id))
        found = [job for one in later for job in self.store.group(Job, one.id)]
        return together(jobs, found) if found else jobs

    def _store(self, work: Work, build: Build, jobs: tuple[Job, ...]) -> None:
        """A new build on the terms of that one."""
        again = Build(
            id=jobs[0].build,
            event=work.event,
            base_sha=build.base_sha,
            config_path=build.config_path,
            created=self.building.clock.now(),
            jobs=(),
            fail_fast=build.fail_fast,
            notes=build.notes,
            pending=build.pending,
            doubt=build.doubt,
            approval=build.approval,
        )
        self.building.store_build(work, again, jobs)

    def _was_refused(self, build: Build) -> bool:
        """Whether nothing was run at all; one job alone is refused for what it asks."""
        jobs = self.store.group(Job, build.id)
        reasons = {job.reason for job in jobs if not plan.is_about_config(job)}
        return Reason.REFUSED in reasons and reasons <= NOTHING_RUN

    def _ignore(self, delivery: Delivery, event: Event, reason: str) -> None:
        ignore(self.store, Work(delivery, event), reason)


def _again(delivery: Delivery, event: Event, build: Build, job: Job) -> Event:
    """The event of the first build, with the commit that was pinned then."""
    return replace(
        build.event,
        delivery=delivery.id,
        repository=event.repository,
        sender=event.sender,
        rerun=True,
        job=job.id,
    )


def _over(jobs: Iterable[Job]) -> list[Job]:
    """Checks that have ended; deployments are asked for one by one."""
    return [
        job
        for job in jobs
        if job.is_over and job.spec.kind is Kind.CHECK and job.reason is not Reason.ADVISORY
    ]
