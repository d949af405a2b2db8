"""Config × Event → a build with its jobs, and bells for what is ready and to be shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dishwasher.core import plan, selection, unsupported
from dishwasher.core.build import Build, build_id
from dishwasher.core.config import Config, Uses
from dishwasher.core.event import Event, EventKind
from dishwasher.core.history import begun
from dishwasher.core.home import Home
from dishwasher.core.job import Job, State, Timing
from dishwasher.core.report import Report
from dishwasher.core.selection import Planned, Selection, select
from dishwasher.errors import ConfigError
from dishwasher.flow import configuration, timetable
from dishwasher.flow.admission import Admission
from dishwasher.flow.advice import Advice
from dishwasher.flow.changes import Changed, Changes
from dishwasher.flow.configuration import Written
from dishwasher.flow.offer import Offers
from dishwasher.flow.shared_checks import SharedChecks, counting
from dishwasher.flow.unapproved import Unapproved
from dishwasher.flow.work import Work, done, ignore
from dishwasher.ports import Bells, Blobs, Clock, Record, Source, Store, Topic


@dataclass(frozen=True, slots=True)
class Wanted:
    """A delivery with its configuration, and what that makes of it."""

    work: Work
    written: Written
    planned: tuple[Planned, ...]


@dataclass(frozen=True, slots=True)
class Building:
    store: Store
    blobs: Blobs
    bells: Bells
    clock: Clock
    source: Source
    timing: Timing
    secret: bytes
    """Makes ids of builds unguessable."""

    def __call__(self, work: Work) -> None:
        wanted = self.read(work)
        if wanted is None:
            return
        share = SharedChecks(self.store, self.clock)(wanted.work, wanted.planned)
        if (build := share.answered) is not None:
            self._count(share.work, build)
        elif not self._is_built(share.work, share.planned):
            self.save(replace(wanted, work=share.work, planned=share.planned))

    def read(self, work: Work) -> Wanted | None:
        """What is to be built; None where that has ended already, and why not is told."""
        event = work.event
        if elsewhere := Offers(self.store).elsewhere(event):
            ignore(self.store, work, elsewhere)
            return None
        try:
            written = configuration.read(self.source, event.repository, work.config_sha)
        except ConfigError as error:
            self._mistakes(work, error)
            return None
        work = timetable.along(self.store, self.clock, work, written)
        if written is None:
            reason = f"no configuration at {work.config_sha[:12]}, and nothing implies one"
            ignore(self.store, work, reason)
            return None
        by_hand = event.kind is EventKind.MANUAL
        if refused := by_hand and written.config.refuses(event.inputs):
            ignore(self.store, work, refused)
            return None
        event = replace(event, inputs=written.config.given(event.inputs))
        work = replace(work, event=event)
        changed = self._changed(work, written.config)
        try:
            selected = select(written.config, event, changed.paths, self.clock.now)
        except ConfigError as error:
            self._mistakes(work, error)
            return None
        return self._beside(work, written.noting(changed.why), selected)

    def _beside(self, work: Work, written: Written, selected: Selection) -> Wanted | None:
        """Without what another event of the same commit builds."""
        if selected.skipped:
            ignore(self.store, work, selected.skipped)
            return None
        planned, request = selected.planned, work.event.pull_request
        if work.requests:
            planned = selection.beside_request(planned)
        elif request is not None and request.head_repository == work.event.repository.id:
            planned = selection.beside_push(planned)
        if work.requests and not any(one.is_shown for one in planned):
            ignore(self.store, work, f"pull request {work.requests[0]} builds this branch")
            return None
        return Wanted(work, written, planned)

    def _changed(self, work: Work, config: Config) -> Changed:
        """Costs a call, so only where a job of this file asks for it."""
        if not any(spec.when.paths for spec in config.jobs):
            return Changed(None)
        return Changes(self.source, self.clock).paths(work.delivery, work.event)

    def _is_built(self, work: Work, planned: Sequence[Planned]) -> bool:
        build = self.store.get(Build, self.id(work.event, planned, work.side))
        # Its last branch may have gone since it was looked for: then it builds this commit no more.
        if build is None or build.abandoned:
            return False
        counted = build.pushed_to(work.event)
        changed: tuple[Record, ...] = (counted,) if counted != build else ()
        request = work.event.pull_request
        if request is not None:
            number, anew = request.number, work.reopened
            changed = counting(self.store, self.clock, counted, number, anew=anew) or changed
        self._count(replace(work, along=(*work.along, *changed)), build)
        return True

    def _count(self, work: Work, build: Build) -> None:
        """The end of a delivery whose commit has a build; who reports hears what that changes."""
        self.store.save(done(work, build.id, "this commit is built already"), *work.along)
        if any(isinstance(one, Report) for one in work.along):
            self.bells.ring(Topic.REPORTS, build.id)

    def save(self, wanted: Wanted) -> None:
        """The build of it, whether or not there is another."""
        work, written, planned = wanted.work, wanted.written, wanted.planned
        event, now, config = work.event, self.clock.now(), written.config
        key = self.id(event, planned, work.side)
        jobs = plan.jobs(key, planned, now, self.timing)
        jobs = self.admitted(jobs, config.path, config.fail_fast)
        work, jobs = SharedChecks(self.store, self.clock).following(work, key, jobs, self.timing)
        running = tuple(one.spec for one in planned if one.runs)
        spells = any(spec.uses is Uses.SPELLING for spec in running)
        changes = Changes(self.source, self.clock)
        base = changes.base(work.delivery, event) if spells else ""
        notes = unsupported.noted(running)
        strange = Unapproved(self.source)
        pending = strange.pending(work, config)
        notes = (
            *strange.notes(work),
            *pending,
            *work.notes,
            *(config.notes if written.in_file else ()),
            *notes,
        )
        build = Build(key, event, base, config.path, now, (), fail_fast=config.fail_fast)
        # A re-run that is planned anew brings the notes of before along.
        notes = tuple(dict.fromkeys(notes))
        build = replace(build, notes=notes, doubt=work.doubt, approval=work.approval)
        build = replace(build, pending=pending)
        if written.advises and jobs and not (work.doubt and not work.approval):
            jobs = (*jobs, self.advice.beside(jobs, written))
        self.store_build(work, build, jobs)

    def store_build(self, work: Work, build: Build, jobs: tuple[Job, ...]) -> None:
        """The build with these jobs, and bells for those that can begin."""
        if not jobs:
            ignore(self.store, work, f"{build.config_path} plans nothing for this event")
            return
        request = build.event.pull_request
        build = replace(
            build,
            jobs=tuple(job.id for job in jobs),
            settled=sum(job.is_over for job in jobs),
            pull_request=request.number if request else 0,
            first=next((job.position for job in jobs if not job.silent), 0),
        )
        new: tuple[Record, ...] = (build, begun(build, jobs), *jobs, *self._home(build))
        self.store.save(done(work, build.id), *new, *work.along)
        self.bells.ring(Topic.REPORTS, build.id)
        for job in jobs:
            if job.state is State.QUEUED:
                self.bells.ring(Topic.JOBS, job.id)

    def _home(self, build: Build) -> tuple[Home, ...]:
        """The repository's own row, with its first build."""
        id = str(build.event.repository.id)
        return () if self.store.get(Home, id) else (Home(id),)

    def _mistakes(self, work: Work, error: ConfigError) -> None:
        if self._is_built(work, ()):
            return
        job = self.advice.mistakes(self.id(work.event, (), work.side), error)
        build = Build(job.build, work.event, "", error.path, self.clock.now(), ())
        build = replace(build, notes=work.notes, doubt=work.doubt, approval=work.approval)
        self.store_build(work, build, (job,))

    def admitted(self, jobs: tuple[Job, ...], path: str, fail_fast: bool) -> tuple[Job, ...]:
        """The jobs of a new build, those refused that this version can not carry out."""
        admission = Admission(self.blobs, self.timing, self.clock.now())
        return admission(jobs, path, fail_fast=fail_fast)

    @property
    def advice(self) -> Advice:
        return Advice(self.blobs, self.clock)

    def id(self, event: Event, planned: Sequence[Planned], side: str = "") -> str:
        """Of the build that this event has or will have; one that was abandoned is not it."""
        scope = plan.scope(event, planned, side)
        while True:
            key = build_id(self.secret, event.repository.id, event.sha, scope)
            build = self.store.get(Build, key)
            if build is None or not build.abandoned:
                return key
            scope = f"{scope}\nafter {build.abandoned}"
