"""One check run for each job: made, changed and ended as the core wants it shown."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace

from dishwasher.core.added import Added
from dishwasher.core.build import Build
from dishwasher.core.check_run import CANCEL, render
from dishwasher.core.codec import decode, encode
from dishwasher.core.event import Repository
from dishwasher.core.job import Job, State
from dishwasher.core.lifecycle import reported
from dishwasher.core.plan import changed_since
from dishwasher.core.report import ANNOTATIONS_PER_REQUEST, Check, Posted, Status, smaller
from dishwasher.core.result import added_key
from dishwasher.errors import Gone, InfraError, Rejected, Throttled, Unseen
from dishwasher.flow.claim import SWEEP_AFTER, Claim
from dishwasher.flow.keep import read_progress, read_result
from dishwasher.flow.tenancy import Tenancy
from dishwasher.flow.verdict import Verdicts
from dishwasher.ports import Bells, Blobs, Checks, Clock, Store, Topic

PROGRESS_AFTER = 15.0
"""Seconds until progress that found no room is tried again."""
HOPELESS_AFTER = 3600.0
"""Seconds after a job's end; GitHub will not show its commit any more."""
AGAIN_AFTER = 60.0
"""Seconds after which a verdict that GitHub called invalid is tried again, at first."""
MAX_TROUBLE = 300
"""Characters that are kept of what GitHub said."""


@dataclass(frozen=True, slots=True)
class CheckRuns:
    store: Store
    blobs: Blobs
    bells: Bells
    clock: Clock
    checks: Checks
    verdicts: Verdicts
    page: Callable[[str], str]
    """Job id → URL of its page."""

    def agree(self, claim: Claim, repository: Repository, build: Build, job: Job) -> None:
        if job.silent:
            self._told(job)
            return
        posted = claim.report().of(job.id)
        if posted.again > self.clock.now():
            return
        check = self._desired(build, job)
        progress = not job.is_over and posted.digest != digest(check)
        if progress and not self.checks.has_room(repository):
            self._ring_at(self.clock.now() + PROGRESS_AFTER, build)
            return
        try:
            posted = self._insist(claim, repository, check, posted)
        except Rejected as error:
            posted = self._later(claim, job, str(error)[:MAX_TROUBLE])
        except Unseen:
            if not self._hopeless(job):
                raise
            # GitHub will not show the commit any more: the page still has the verdict.
            known = claim.report().of(job.id)
            posted = claim.note(replace(known, completed=job.is_over, doubtful=False))
        except Gone:
            posted = self._made_anew(claim, repository, check)
        if posted.completed:
            self._told(job)

    def _told(self, job: Job) -> None:
        """Nobody needs to look at its end any more."""
        if job.is_over and job.deadline:
            self.verdicts.renew(job.id, lambda found: reported(found) if found.is_over else found)

    def _insist(self, claim: Claim, repository: Repository, check: Check, posted: Posted) -> Posted:
        """Post it; a verdict that GitHub calls invalid goes with less and less around it.

        A check run that stays open would block its commit for ever, and over a sentence. Raises
        Rejected for a verdict that GitHub will not have at all.
        """
        if check.status is not Status.COMPLETED:
            try:
                return self._post(claim, repository, check, posted)
            except Rejected:
                # What only shows progress may be refused: the verdict will be another text.
                return claim.note(replace(claim.report().of(check.external_id), doubtful=False))
        try:
            return self._with_less(claim, repository, check)
        except Rejected:
            if not claim.report().of(check.external_id).check:
                raise
        # Is it this check run? GitHub shows the last one of a name, and so a new one ends it.
        claim.note(Posted(check.external_id))
        claim.sweep_at(self.clock.now() + SWEEP_AFTER)
        return self._with_less(claim, repository, check)

    def _with_less(self, claim: Claim, repository: Repository, check: Check) -> Posted:
        refusal: Rejected | None = None
        for version in (check, *smaller(check)):
            try:
                posted = self._post(
                    claim, repository, version, claim.report().of(check.external_id)
                )
            except Rejected as error:
                refusal = refusal or error
            else:
                return claim.note(replace(posted, completed=True, trouble="", again=0.0))
        assert refusal is not None
        raise refusal

    def _later(self, claim: Claim, job: Job, trouble: str) -> Posted:
        """Tried again, less and less often, while there is hope."""
        known, now = claim.report().of(job.id), self.clock.now()
        again = 0.0 if self._hopeless(job) else now + max(AGAIN_AFTER, now - job.ended)
        told = replace(known, doubtful=False, trouble=trouble, again=again, completed=not again)
        return claim.note(told)

    def _made_anew(self, claim: Claim, repository: Repository, check: Check) -> Posted:
        """The check run alone may be gone: GitHub deletes the oldest of 1,000 with one name.

        https://docs.github.com/en/rest/checks/runs#create-a-check-run
        """
        known = claim.report().of(check.external_id)
        listed = self.checks.list(repository, check.head_sha) if known.check else ()
        if not known.check or any(one.id == known.check for one in listed):
            # It is there, and what is refused is to write.
            raise Gone(f"check run {known.check} may not be changed")
        return self._post(claim, repository, check, claim.note(Posted(check.external_id)))

    def _hopeless(self, job: Job) -> bool:
        return job.is_over and self.clock.now() > job.ended + HOPELESS_AFTER

    def _post(self, claim: Claim, repository: Repository, check: Check, posted: Posted) -> Posted:
        if posted.doubtful:
            posted = self._resolve(claim, repository, check, posted)
        if not posted.check:
            posted = self._create(claim, repository, check, posted)
        return self._update(claim, repository, check, posted)

    def _desired(self, build: Build, job: Job) -> Check:
        result = read_result(self.blobs, job) if job.is_over else None
        progress = read_progress(self.blobs, job) if job.state is State.RUNNING else None
        added = self._added(build) if result is not None and result.findings else None
        return render(job, build, result, self.page(job.id), progress=progress, added=added)

    def _added(self, build: Build) -> Added | None:
        """The lines that the build's change has added, asked for once: what is annotated must
        stay the same however often it is begun."""
        base = build.base_sha or changed_since(build.event)
        found = self.blobs.get(added_key(build.id))
        if found is None and base:
            event = build.event
            present = Tenancy(self.store).present(event.repository)
            told = self.checks.added(present, base, event.built)
            found = json.dumps(encode(told)).encode()
            self.blobs.put(added_key(build.id), found)
        data = json.loads(found) if found else None
        return None if data is None else decode(Added, data)

    def _resolve(
        self, claim: Claim, repository: Repository, check: Check, posted: Posted
    ) -> Posted:
        """A call was begun and its end not seen: ask GitHub what there is."""
        if posted.check:
            count = self.checks.annotated(repository, posted.check)
            return claim.note(replace(posted, annotations=count, doubtful=False))
        listed = self.checks.list(repository, check.head_sha)
        # The last of them, should there be two: it is what GitHub shows of a name.
        latest = max((run.id for run in listed if run.external_id == check.external_id), default=0)
        if latest:
            count = self.checks.annotated(repository, latest)
            return claim.note(Posted(posted.job, latest, annotations=count))
        # Not listed is no proof that it was not made: the sweep will find a second one.
        claim.sweep_at(self.clock.now() + SWEEP_AFTER)
        return posted

    def _create(self, claim: Claim, repository: Repository, check: Check, posted: Posted) -> Posted:
        page = check.annotations[:ANNOTATIONS_PER_REQUEST]
        shown = replace(check, annotations=page)
        number = claim.once(claim.note, posted, lambda: self.checks.create(repository, shown))
        return claim.done(
            claim.note,
            Posted(
                *(check.external_id, number, digest(check), len(page)),
                completed=is_completed(check, page),
                stops=CANCEL in check.actions,
            ),
        )

    def _update(self, claim: Claim, repository: Repository, check: Check, posted: Posted) -> Posted:
        while posted.digest != digest(check) or posted.annotations < len(check.annotations):
            start = posted.annotations
            page = check.annotations[start : start + ANNOTATIONS_PER_REQUEST]
            if page:
                claim.doubt(claim.note, posted)
            # The verdict goes with the first page, so that many findings do not delay it.
            try:
                self.checks.update(repository, posted.check, replace(check, annotations=page))
            except (Throttled, Rejected):
                raise
            except InfraError:
                # It may have overwritten a later state, when we had lost the claim meanwhile.
                claim.alert()
                raise
            done = check.annotations[: start + len(page)]
            posted = claim.done(
                claim.note,
                replace(
                    posted,
                    digest=digest(check),
                    annotations=len(done),
                    completed=is_completed(check, done),
                    stops=CANCEL in check.actions,
                    doubtful=False,
                ),
            )
        return posted

    def sweep(self, claim: Claim, repository: Repository) -> None:
        """Complete check runs that a lost answer has doubled or left open, so that none stays."""
        report = claim.report()
        if not report.look or report.look > self.clock.now():
            return
        unsettled = False
        for found in self.checks.list(repository, claim.key.partition("/")[2]):
            job = None if found.completed else self.store.get(Job, found.external_id)
            build = self.store.get(Build, job.build) if job else None
            if job is None or build is None:
                continue
            ours = report.of(job.id)
            if found.id == ours.check and not ours.completed:
                continue
            if not job.is_over:
                unsettled = True
                continue
            self._end_anyhow(claim, repository, self._desired(build, job), found.id, ours)
        claim.swept(self.clock.now() + SWEEP_AFTER if unsettled else 0.0)

    def _end_anyhow(
        self, claim: Claim, repository: Repository, check: Check, id: int, ours: Posted
    ) -> None:
        for version in (check, *smaller(check)):
            try:
                self._end(claim, repository, version, id, ours)
            except Gone:
                # It is not there any more.
                # Raises it again where not the check run is gone, but we are not let in.
                self.checks.list(repository, check.head_sha)
                return
            except Rejected:
                continue
            return

    def _end(
        self, claim: Claim, repository: Repository, check: Check, id: int, ours: Posted
    ) -> None:
        """Complete a check run that is open and should not be."""
        if id <= ours.check:
            self.checks.update(repository, id, replace(check, annotations=()))
            return
        # GitHub shows the last of a name: a later double takes the place of ours.
        count = self.checks.annotated(repository, id)
        self._update(claim, repository, check, Posted(ours.job, id, annotations=count))
        if ours.check and not ours.completed:
            self.checks.update(repository, ours.check, replace(check, annotations=()))

    def _ring_at(self, time: float, build: Build) -> None:
        self.bells.ring(Topic.REPORTS, build.id, delay=max(0.0, time - self.clock.now()))


def digest(check: Check) -> str:
    """Of everything but the annotations, which are only ever added."""
    text = json.dumps(encode(replace(check, annotations=())), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def is_completed(check: Check, sent: tuple[object, ...]) -> bool:
    return check.status is Status.COMPLETED and len(sent) == len(check.annotations)
