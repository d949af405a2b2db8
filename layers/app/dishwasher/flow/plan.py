"""plan: a delivery → a build with its jobs, and bells for what is ready and to be shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dishwasher.core import plan, trust
from dishwasher.core.build import Build, build_group, build_id
from dishwasher.core.config import Config, Kind, Uses
from dishwasher.core.delivery import GIVE_UP_AFTER, Delivery, Stage
from dishwasher.core.event import Event, EventKind, Repository
from dishwasher.core.findings import Finding, Level
from dishwasher.core.job import Job, Reason, State, Timing, conclude
from dishwasher.core.result import Result
from dishwasher.core.selection import Planned, Selection, select
from dishwasher.errors import (
    ConfigError,
    Conflict,
    Gone,
    InfraError,
    Problem,
    Rejected,
    Unseen,
    UserError,
)
from dishwasher.flow.keep import keep_result
from dishwasher.flow.verdict import Verdicts
from dishwasher.formats.native import parse
from dishwasher.ports import Bells, Blobs, Clock, Source, Store, Topic

CONFIG_PATH = ".dishwasher.yml"
UNSEEN_FOR = 120.0
"""Seconds in which GitHub's API may not yet show a commit that its webhook has told us of."""


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
            config = self._config(event.repository, config_sha)
        except ConfigError as error:
            if not self._is_built(delivery, event, (), doubt):
                self._mistakes(delivery, event, error, doubt)
            return
        if config is None:
            self._ignore(delivery, f"no {CONFIG_PATH} at {config_sha[:12]}")
            return
        selection = select(config, event)
        if selection.skipped:
            self._ignore(delivery, selection.skipped)
        elif not self._is_built(delivery, event, selection.planned, doubt):
            self._save(delivery, event, config, selection, doubt)

    def _config(self, repository: Repository, sha: str) -> Config | None:
        try:
            data = self.source.file(repository, CONFIG_PATH, sha)
        except UserError as error:
            problem = Problem(1, 1, "unreadable", str(error))
            raise ConfigError(CONFIG_PATH, (problem,)) from error
        return None if data is None else parse(CONFIG_PATH, data)

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
        self, delivery: Delivery, event: Event, config: Config, selection: Selection, doubt: str
    ) -> None:
        now = self.clock.now()
        key = self._id(event, selection.planned, doubt)
        jobs = plan.jobs(key, selection.planned, now, self.timing)
        if doubt:
            jobs = tuple(conclude(job, Reason.REFUSED, _refusal(doubt), now) for job in jobs)
        spells = any(spec.uses is Uses.SPELLING for spec in selection.running)
        base = self._base(delivery, event) if spells else ""
        self._store(delivery, event, jobs, base, config.path)

    def _store(
        self, delivery: Delivery, event: Event, jobs: tuple[Job, ...], base: str, path: str
    ) -> None:
        if not jobs:
            self._ignore(delivery, f"{path} plans nothing for this event")
            return
        build = Build(
            id=jobs[0].build,
            event=event,
            base_sha=base,
            config_path=path,
            created=self.clock.now(),
            jobs=tuple(job.id for job in jobs),
            settled=sum(job.is_over for job in jobs),
            pull_request=event.pull_request.number if event.pull_request else 0,
        )
        self.store.save(_done(delivery, build.id, ""), build, *jobs)
        self.bells.ring(Topic.REPORTS, build.id)
        for job in jobs:
            if job.state is State.QUEUED:
                self.bells.ring(Topic.JOBS, job.id)

    def _mistakes(self, delivery: Delivery, event: Event, error: ConfigError, doubt: str) -> None:
        findings = tuple(
            Finding(
                path=error.path,
                start_line=problem.line,
                end_line=problem.line,
                level=Level.FAILURE if problem.severity == "error" else Level.WARNING,
                message=". ".join(filter(None, (problem.message, problem.suggestion))),
                title=problem.code,
            )
            for problem in error.problems
        )
        count = len(findings)
        detail = f"{error.path} has {count} mistake{'s' if count > 1 else ''}; nothing was run."
        lines = [f"{error.path}:{p.line}:{p.column}: {p.message}" for p in error.problems[:40]]
        job = plan.config_job(self._id(event, (), doubt), detail, self.clock.now())
        result = Result(
            Reason.CONFIG, detail, findings=findings, findings_total=count, tail=tuple(lines)
        )
        keep_result(self.blobs, job, result)
        self._store(delivery, event, (job,), "", error.path)

    def _base(self, delivery: Delivery, event: Event) -> str:
        against = plan.base_of(event)
        if not against:
            return event.before
        try:
            comparison = self.source.compare(event.repository, against, event.sha)
        except (Gone, Rejected):
            return plan.near_base(event)
        except InfraError:
            # It only tells the new lines from the old: no reason to leave the commit unbuilt.
            if self.clock.now() < delivery.received + UNSEEN_FOR:
                raise
            return plan.near_base(event)
        # A branch that was just pushed as the first one is its own base: everything is new.
        if comparison is None or comparison.merge_base == event.sha:
            return ""
        return comparison.merge_base

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
        elif job.reason in (Reason.CONFIG, Reason.REFUSED):
            # Nothing was planned then; GitHub waits for an answer also where it stays the same.
            self._build(delivery, again)
        else:
            chosen = plan.rerun(self.store.group(Job, build.id), job.id)
            planned = tuple(map(Planned, chosen))
            jobs = plan.jobs(self._id(again, planned), planned, self.clock.now(), self.timing)
            self._store(delivery, again, jobs, build.base_sha, build.config_path)

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
