"""report: render what GitHub should show for a commit; make GitHub agree.

Level-triggered: every call compares the whole desired state with what was posted and sends the
difference. Serialised: one fenced claim for each commit; who loses it marks it dirty and leaves.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace

from dishwasher.core.build import Build
from dishwasher.core.codec import encode
from dishwasher.core.event import Repository
from dishwasher.core.job import Job, reported
from dishwasher.core.rendering import render
from dishwasher.core.report import (
    ANNOTATIONS_PER_REQUEST,
    Check,
    Posted,
    Report,
    Status,
)
from dishwasher.errors import Ambiguous, Conflict, Gone, InfraError, Lost, Rejected, Throttled
from dishwasher.flow.keep import read_result
from dishwasher.flow.verdict import Verdicts
from dishwasher.ports import Bells, Blobs, Checks, Clock, Store, Topic

HOLD = 60.0
"""Seconds of a claim; each step renews it. A call to GitHub ends well within (client timeout)."""
RETRY_AFTER = 5.0
SWEEP_AFTER = 30.0
"""Seconds until GitHub's lists surely show a check run that was made (they lag behind)."""
WRITES = 50
"""Lost compare-and-sets on one report before giving up."""


@dataclass(frozen=True, slots=True)
class Reports:
    store: Store
    blobs: Blobs
    bells: Bells
    clock: Clock
    checks: Checks
    verdicts: Verdicts
    page: Callable[[str], str]
    """Job id → URL of its page."""

    def __call__(self, build_id: str) -> None:
        build = self.store.get(Build, build_id)
        if build is None:
            return
        claim = self._claim(build.group)
        if claim is None:
            return
        try:
            self._rounds(claim, build.event.repository)
        except Lost:
            # The claim was taken over: whoever has it now renders the same state.
            return
        except Throttled as error:
            self._leave(claim, build, error.retry_at)
        except InfraError:
            self._leave(claim, build, self.clock.now() + RETRY_AFTER)
            raise
        except Gone:
            self._give_up(claim, build)

    def _claim(self, key: str) -> Claim | None:
        holder = self.clock.secret()
        for _ in range(WRITES):
            report = self.store.get(Report, key) or Report(key)
            now = self.clock.now()
            if report.holder and report.until > now:
                after = replace(report, dirty=True)
            else:
                after = replace(
                    report, holder=holder, until=now + HOLD, dirty=False, due=now + HOLD
                )
            try:
                if after != report:
                    self.store.save(after)
            except Conflict:
                continue
            return Claim(self.store, self.clock, key, holder) if after.holder == holder else None
        raise Conflict(f"report {key} is written too often")

    def _rounds(self, claim: Claim, repository: Repository) -> None:
        while True:
            for build in self.store.group(Build, claim.key):
                for job in self.store.group(Job, build.id):
                    self._agree(claim, repository, build, job)
            self._sweep(claim, repository)
            if claim.release():
                return

    def _agree(self, claim: Claim, repository: Repository, build: Build, job: Job) -> None:
        posted = claim.report().of(job.id)
        if posted.completed and not posted.doubtful and not job.deadline:
            return
        check = self._desired(build, job)
        try:
            posted = self._post(claim, repository, check, posted)
        except Rejected:
            # GitHub will never take it (the commit is gone, say): the page still has the verdict.
            posted = claim.note(replace(posted, completed=job.is_over, doubtful=False))
        if posted.completed and job.deadline:
            self.verdicts.renew(job.id, lambda found: reported(found) if found.is_over else found)

    def _post(self, claim: Claim, repository: Repository, check: Check, posted: Posted) -> Posted:
        if posted.doubtful:
            posted = self._resolve(claim, repository, check, posted)
        if not posted.check:
            posted = self._create(claim, repository, check, posted)
        return self._update(claim, repository, check, posted)

    def _desired(self, build: Build, job: Job) -> Check:
        result = read_result(self.blobs, job) if job.is_over else None
        return render(job, build.event.sha, result, self.page(job.id))

    def _resolve(
        self, claim: Claim, repository: Repository, check: Check, posted: Posted
    ) -> Posted:
        """A call was begun and its end not seen: ask GitHub what there is."""
        if posted.check:
            count = self.checks.annotated(repository, posted.check)
            return claim.note(replace(posted, annotations=count, doubtful=False))
        for found in self.checks.list(repository, check.head_sha):
            if found.external_id == check.external_id:
                count = self.checks.annotated(repository, found.id)
                return claim.note(
                    replace(posted, check=found.id, annotations=count, digest="", doubtful=False)
                )
        # Not listed is no proof that it was not made: the sweep will find a second one.
        claim.sweep_at(self.clock.now() + SWEEP_AFTER)
        return posted

    def _create(self, claim: Claim, repository: Repository, check: Check, posted: Posted) -> Posted:
        page = check.annotations[:ANNOTATIONS_PER_REQUEST]
        claim.note(replace(posted, doubtful=True))
        try:
            number = self.checks.create(repository, replace(check, annotations=page))
        except Ambiguous:
            claim.sweep_at(self.clock.now() + SWEEP_AFTER)
            raise
        except (InfraError, Gone, Rejected):
            # Nothing was made: the next try need not look first.
            claim.note(replace(posted, doubtful=False))
            raise
        return claim.note(
            Posted(check.external_id, number, digest(check), len(page), is_completed(check, page))
        )

    def _update(self, claim: Claim, repository: Repository, check: Check, posted: Posted) -> Posted:
        while posted.digest != digest(check) or posted.annotations < len(check.annotations):
            if check.status is not Status.COMPLETED and not self.checks.has_room(repository):
                return posted
            start = posted.annotations
            page = check.annotations[start : start + ANNOTATIONS_PER_REQUEST]
            if page:
                claim.note(replace(posted, doubtful=True))
            # The verdict goes with the first page, so that many findings do not delay it.
            self.checks.update(repository, posted.check, replace(check, annotations=page))
            done = check.annotations[: start + len(page)]
            posted = claim.note(
                replace(
                    posted,
                    digest=digest(check),
                    annotations=len(done),
                    completed=is_completed(check, done),
                    doubtful=False,
                )
            )
        return posted

    def _sweep(self, claim: Claim, repository: Repository) -> None:
        """Complete check runs that a lost answer has doubled, so that none stays open."""
        report = claim.report()
        if not report.sweep or report.sweep > self.clock.now():
            return
        sha = claim.key.partition("/")[2]
        unsettled = False
        for found in self.checks.list(repository, sha):
            job = self.store.get(Job, found.external_id)
            if job is None or found.id == report.of(job.id).check or found.completed:
                continue
            build = self.store.get(Build, job.build)
            if build is None or not job.is_over:
                unsettled = True
                continue
            check = self._desired(build, job)
            self.checks.update(repository, found.id, replace(check, annotations=()))
        claim.sweep_at(self.clock.now() + SWEEP_AFTER if unsettled else 0.0)

    def _leave(self, claim: Claim, build: Build, until: float) -> None:
        """Nothing more can be sent now; come back then."""
        try:
            claim.leave(until)
        except Lost:
            return
        self.bells.ring(Topic.REPORTS, build.id, delay=max(0.0, until - self.clock.now()))

    def _give_up(self, claim: Claim, build: Build) -> None:
        """The repository or our access is gone: nobody is there to be told."""
        for other in self.store.group(Build, claim.key):
            for job in self.store.group(Job, other.id):
                if job.is_over:
                    self.verdicts.renew(job.id, reported)
        self._leave_quietly(claim)

    def _leave_quietly(self, claim: Claim) -> None:
        try:
            claim.leave(0.0)
        except Lost:
            return


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to report one commit; every write proves that it is still held."""

    store: Store
    clock: Clock
    key: str
    holder: str

    def report(self) -> Report:
        report = self.store.get(Report, self.key)
        if report is None or report.holder != self.holder:
            raise Lost(f"the claim on report {self.key} was taken over")
        return report

    def note(self, posted: Posted) -> Posted:
        """Keep what was posted, and renew the claim."""
        until = self.clock.now() + HOLD
        self._write(lambda report: replace(report.having(posted), until=until, due=until))
        return posted

    def sweep_at(self, time: float) -> None:
        self._write(lambda report: replace(report, sweep=time))

    def release(self) -> bool:
        """Give the claim back; False when something has changed meanwhile: go round again."""
        report = self._write(
            lambda report: (
                replace(report, dirty=False)
                if report.dirty
                else replace(report, holder="", until=0.0, due=report.sweep)
            )
        )
        return not report.holder

    def leave(self, due: float) -> None:
        """Give the claim back with things unsent; look again at `due`, 0 for never."""
        self._write(
            lambda report: replace(report, holder="", until=0.0, dirty=False, due=due or 0.0)
        )

    def _write(self, change: Callable[[Report], Report]) -> Report:
        # Others write too, but only to mark it dirty: a lost compare-and-set is read again.
        for _ in range(WRITES):
            after = change(self.report())
            try:
                self.store.save(after)
            except Conflict:
                continue
            return after
        raise Conflict(f"report {self.key} is written too often")


def digest(check: Check) -> str:
    """Of everything but the annotations, which are only ever added."""
    text = json.dumps(encode(replace(check, annotations=())), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def is_completed(check: Check, sent: tuple[object, ...]) -> bool:
    return check.status is Status.COMPLETED and len(sent) == len(check.annotations)
