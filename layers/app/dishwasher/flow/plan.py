"""plan: a delivery → a build with its jobs, and bells for what is ready and to be shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dishwasher.core import plan, trust, unsupported
from dishwasher.core.build import Build, build_group, build_id
from dishwasher.core.config import Config, Kind, Uses
from dishwasher.core.delivery import GIVE_UP_AFTER, Delivery, Stage
from dishwasher.core.event import Event, EventKind
from dishwasher.core.job import Job, Reason, State, Timing, conclude
from dishwasher.core.selection import Planned, Selection, select
from dishwasher.errors import ConfigError, Conflict, Gone, InfraError, Rejected, Unseen
from dishwasher.flow import configuration
from dishwasher.flow.admission import Admission
from dishwasher.flow.advice import Advice
from dishwasher.flow.changes import UNSEEN_FOR, Changed, Changes
from dishwasher.flow.configuration import Written
from dishwasher.flow.verdict import Verdicts
from dishwasher.ports import Bells, Blobs, Clock, Source, Store, Topic

NOTHING_RUN = frozenset({Reason.REFUSED, Reason.FILTERED, Reason.NEED_FAILED})


@dataclass(frozen=True, slots=True)
class Plan:
    store: Store
    blobs: Blobs
    bells: Bells
    clock: Clock
    source: Source
    verdicts: Verdicts
    timing: Timing
    secret: bytes
    """Makes ids of builds unguessable."""

    def __call__(self, delivery_id: str) -> None:
        delivery = self.store.get(Delivery, delivery_id)
        if delivery is None or delivery.stage is not Stage.RECEIVED or delivery.event is None:
            return
        try:
            self._plan(delivery, delivery.event)
        except (Gone, Rejected) as error:
            self._ignore(delivery, str(error))
        except Unseen as error:
            if self.clock.now() < delivery.received + UNSEEN_FOR:
                raise
            self._ignore(delivery, str(error))
        except Conflict:
            raise
        except InfraError as error:
            if self.clock.now() < delivery.received + GIVE_UP_AFTER:
                raise
            self._ignore(delivery, f"given up after three days: {error}")

    def _plan(self, delivery: Delivery, event: Event) -> None:
        if event.kind is EventKind.RERUN:
            self._rerun(delivery, event)
        elif event.kind is EventKind.PULL_REQUEST_CLOSED:
            self._cancel(delivery, event)
        else:
            self._build(delivery, event)

    def _build(self, delivery: Delivery, event: Event) -> None:
        # Not for a push: only its configuration tells whether it deploys.
        if event.pull_request is not None and self._is_built(delivery, event, ()):
            return
        doubt = self._doubt(delivery, event)
        # What a stranger pushed decides nothing: its checks are those of the base branch.
        request = event.pull_request
        config_sha = request.base_sha if doubt and request is not None else event.sha
        try:
            written = configuration.read(self.source, event.repository, config_sha)
        except ConfigError as error:
            self._mistakes(delivery, event, error, doubt)
            return
        if written is None:
            self._ignore(
                delivery, f"no configuration at {config_sha[:12]}, and nothing implies one"
            )
            return
        event = replace(event, inputs=written.config.given(event.inputs))
        changed = self._changed(delivery, event, written.config) if not doubt else Changed(None)
        try:
            selection = select(written.config, event, changed.paths, self.clock.now)
        except ConfigError as error:
            self._mistakes(delivery, event, error, doubt)
            return
        if selection.skipped:
            self._ignore(delivery, selection.skipped)
        elif not self._is_built(delivery, event, selection.planned, doubt):
            self._save(delivery, event, written.noting(changed.why), selection, doubt)

    def _changed(self, delivery: Delivery, event: Event, config: Config) -> Changed:
        """Costs a call, so only where a job of this file asks for it."""
        if not any(spec.when.paths for spec in config.jobs):
            return Changed(None)
        return Changes(self.source, self.clock).paths(delivery, event)

    def _is_built(
        self, delivery: Delivery, event: Event, planned: Sequence[Planned], doubt: str = ""
    ) -> bool:
        build = self.store.get(Build, self._id(event, planned, doubt))
        if build is None:
            return False
        changed: tuple[Build, ...] = ()
        if event.pull_request is not None and not build.pull_request:
            changed = (replace(build, pull_request=event.pull_request.number),)
        self.store.save(_done(delivery, build.id, "this commit is built already"), *changed)
        return True

    def _doubt(self, delivery: Delivery, event: Event) -> str:
        request = event.pull_request
        if request is None or request.head_repository != event.repository.id:
            return trust.distrust(event, None)
        branch = self.source.branch_sha(event.repository, event.branch)
        if branch != event.sha and self.clock.now() < delivery.received + UNSEEN_FOR:
            # The API lags behind the webhooks, and a refusal can not be taken back.
            raise Unseen(f"{event.branch} does not stand at {event.sha[:12]} yet")
        return trust.distrust(event, branch)

    def _save(
        self, delivery: Delivery, event: Event, written: Written, selection: Selection, doubt: str
    ) -> None:
        now, config = self.clock.now(), written.config
        key = self._id(event, selection.planned, doubt)
        jobs = plan.jobs(key, selection.planned, now, self.timing)
        if doubt:
            jobs = tuple(conclude(job, Reason.REFUSED, _refusal(doubt), now) for job in jobs)
        jobs = self._admitted(jobs, config.path, config.fail_fast)
        spells = any(spec.uses is Uses.SPELLING for spec in selection.running)
        base = Changes(self.source, self.clock).base(delivery, event) if spells else ""
        build = Build(key, event, base, config.path, now, (), fail_fast=config.fail_fast)
        notes = unsupported.noted(config, selection.running)
        notes = (*(config.notes if written.in_file else ()), *notes)
        build = replace(build, notes=notes, doubt=doubt)
        if written.advises and jobs and not doubt:
            jobs = (*jobs, self._advice.beside(jobs, written))
        self._store(delivery, build, jobs)

    def _store(self, delivery: Delivery, build: Build, jobs: tuple[Job, ...]) -> None:
        """The build with these jobs, and bells for those that can begin."""
        if not jobs:
            self._ignore(delivery, f"{build.config_path} plans nothing for this event")
            return
        request = build.event.pull_request
        build = replace(
            build,
            jobs=tuple(job.id for job in jobs),
            settled=sum(job.is_over for job in jobs),
            pull_request=request.number if request else 0,
        )
        self.store.save(_done(delivery, build.id, ""), build, *jobs)
        self.bells.ring(Topic.REPORTS, build.id)
        for job in jobs:
            if job.state is State.QUEUED:
                self.bells.ring(Topic.JOBS, job.id)

    def _mistakes(self, delivery: Delivery, event: Event, error: ConfigError, doubt: str) -> None:
        if self._is_built(delivery, event, (), doubt):
            return
        job = self._advice.mistakes(self._id(event, (), doubt), error)
        build = Build(job.build, event, "", error.path, self.clock.now(), ())
        self._store(delivery, build, (job,))

    @property
    def _advice(self) -> Advice:
        return Advice(self.blobs, self.clock)

    def _rerun(self, delivery: Delivery, event: Event) -> None:
        job = self.store.get(Job, event.job)
        build = self.store.get(Build, job.build) if job else None
        if job is None or build is None or build.event.repository.id != event.repository.id:
            self._ignore(delivery, "that check run is not one of ours")
            return
        again = replace(
            build.event,
            delivery=delivery.id,
            repository=event.repository,
            sender=event.sender,
            rerun=True,
            job=job.id,
        )
        if not job.is_over:
            self._ignore(delivery, f"{job.spec.name} has not ended yet")
        elif job.reason is Reason.CONFIG or self._was_refused(build):
            # Nothing was planned then; GitHub waits for an answer also where it stays the same.
            self._build(delivery, again)
        elif plan.is_about_config(job):
            # Whoever clicks on advice did not ask for the jobs to run again.
            told = self._advice.repeated(self._id(again, ()), job)
            self._store(delivery, self._again(build, again, (told,)), (told,))
        else:
            chosen = plan.rerun(self.store.group(Job, build.id), job.id)
            planned, now = tuple(map(Planned, chosen)), self.clock.now()
            jobs = plan.jobs(self._id(again, planned), planned, now, self.timing)
            jobs = self._admitted(jobs, build.config_path, build.fail_fast)
            self._store(delivery, self._again(build, again, jobs), jobs)

    def _was_refused(self, build: Build) -> bool:
        """Whether nothing was run at all; one job alone is refused for what it asks."""
        jobs = self.store.group(Job, build.id)
        reasons = {job.reason for job in jobs if not plan.is_about_config(job)}
        return Reason.REFUSED in reasons and reasons <= NOTHING_RUN

    def _admitted(self, jobs: tuple[Job, ...], path: str, fail_fast: bool) -> tuple[Job, ...]:
        admission = Admission(self.blobs, self.timing, self.clock.now())
        return admission(jobs, path, fail_fast=fail_fast)

    def _again(self, build: Build, event: Event, jobs: tuple[Job, ...]) -> Build:
        """A new build on the terms of that one."""
        return Build(
            id=jobs[0].build,
            event=event,
            base_sha=build.base_sha,
            config_path=build.config_path,
            created=self.clock.now(),
            jobs=(),
            fail_fast=build.fail_fast,
            notes=build.notes,
            doubt=build.doubt,
        )

    def _cancel(self, delivery: Delivery, event: Event) -> None:
        group = build_group(event.repository.id, event.sha)
        number = event.pull_request.number if event.pull_request else 0
        for build in self.store.group(Build, group):
            unfinished = plan.unfinished_checks(build, self.store.group(Job, build.id))
            if build.pull_request == number and unfinished:
                self.store.save(replace(build, abandoned=delivery.id))
                for job in unfinished:
                    self.verdicts.change(job.id, self._cancelled)
        self._ignore(delivery, f"pull request {number} was closed")

    def _cancelled(self, job: Job) -> Job:
        if job.is_over or job.spec.kind is Kind.DEPLOYMENT:
            return job
        if job.state in (State.STARTING, State.RUNNING):
            return replace(job, cancel=True)
        return conclude(job, Reason.CANCELLED, "The pull request was closed.", self.clock.now())

    def _ignore(self, delivery: Delivery, reason: str) -> None:
        self.store.save(replace(delivery, stage=Stage.IGNORED, reason=reason, due=0.0))

    def _id(self, event: Event, planned: Sequence[Planned], doubt: str = "") -> str:
        """Of the build that this event has or will have; one that was abandoned is not it."""
        scope = plan.scope(event, planned, doubt)
        while True:
            key = build_id(self.secret, event.repository.id, event.sha, scope)
            build = self.store.get(Build, key)
            if build is None or not build.abandoned:
                return key
            scope = f"{scope}\nafter {build.abandoned}"


def _done(delivery: Delivery, build: str, reason: str) -> Delivery:
    return replace(delivery, stage=Stage.PLANNED, build=build, reason=reason, due=0.0)


def _refusal(doubt: str) -> str:
    return (
        f"{doubt} Dishwasher runs only commits that someone with write permission has pushed to "
        "this repository; push the commit to a branch here to have it checked."
    )
