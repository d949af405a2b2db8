"""comment: what fails at a pull request's newest commit, in one comment that is edited in place.

Level-triggered and serialised as check runs are, by a claim for each pull request. Nothing is said
where nothing is to be done, and GitHub is not asked then either.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from dishwasher.core import comment
from dishwasher.core.build import Build, build_group
from dishwasher.core.comment import MARKER
from dishwasher.core.config import Kind
from dishwasher.core.delivery import REFUSALS
from dishwasher.core.event import Repository
from dishwasher.core.failure import Shown
from dishwasher.core.job import Job
from dishwasher.core.pull import Pull, pull_id
from dishwasher.core.report import Said, pull_key
from dishwasher.errors import Gone, InfraError, Rejected
from dishwasher.flow.claim import SWEEP_AFTER, Claim
from dishwasher.flow.flake import flakes
from dishwasher.flow.keep import read_result
from dishwasher.flow.shared_checks import newest
from dishwasher.flow.tenancy import Tenancy
from dishwasher.flow.turn import Turns
from dishwasher.ports import Bells, Blobs, Clock, Comments, PostedComment, Store, Topic

LAG = 60.0
"""Seconds for which GitHub may show a pull request's old head after it has told us of a new one."""


@dataclass(frozen=True, slots=True)
class PullComments:
    store: Store
    blobs: Blobs
    bells: Bells
    clock: Clock
    comments: Comments
    hold: float
    page: Callable[[str], str]
    """Job id → URL of its page."""

    def __call__(self, build: Build) -> None:
        """Under each pull request for which a build of this commit counts.

        Whoever reports a commit shows the ends of all its builds, and then nobody rings for them.
        """
        builds = {
            number: other
            for other in (*self.store.group(Build, build.group), build)
            for number in other.requests
        }
        for number, counting in builds.items():
            self._tell(Tenancy(self.store).moved(counting), number)

    def _tell(self, build: Build, number: int) -> None:
        turns = Turns(self.store, self.bells, self.clock, self.hold)
        key = pull_key(build.event.repository.id, number)
        turns(key, build, lambda claim: self._turn(claim, build, number), _nothing_to_put_off)

    def _turn(self, claim: Claim, bell: Build, number: int) -> None:
        build = Tenancy(self.store).moved(self._newest(bell, number))
        report = claim.report()
        repository = build.event.repository
        if self._needs_no_word(report.said, build, number):
            if not report.look or report.look > self.clock.now():
                return
            if not report.said.comment:
                claim.swept(0.0)
                return
        talk = self.comments.conversation(repository, number)
        if not talk.is_open or report.said.silent == talk.head:
            claim.swept(0.0)
            return
        self._mend(claim, repository, number)
        if talk.head != build.event.sha and self.clock.now() < build.created + LAG:
            # Nothing else might ring again once GitHub shows where the branch stands.
            claim.sweep_at(build.created + LAG)
        jobs = self._jobs(repository, talk.head, number)
        said = claim.report().said
        speaks = comment.acts(jobs) or self._row(repository, number).speaks
        if jobs and (said.comment or (speaks and not talk.is_locked)):
            self._agree(claim, build, number, talk.head, jobs)

    def _newest(self, bell: Build, number: int) -> Build:
        """The build of its newest commit that we know of, whichever we are rung for: of two bells
        at once one may be lost, and the other is all that comes."""
        repository, head = bell.event.repository, self._row(bell.event.repository, number).head
        moved = head not in ("", bell.event.sha)
        return (newest(self.store, repository.id, number, head) if moved else None) or bell

    def _needs_no_word(self, said: Said, build: Build, number: int) -> bool:
        """Whether GitHub need not be asked, so far as this build goes."""
        jobs = self._jobs(build.event.repository, build.event.sha, number)
        if said.comment or said.doubtful:
            return said.digest == digest(self._body(build, number, build.event.sha, jobs))
        if self._row(build.event.repository, number).speaks:
            return False
        if not comment.acts(jobs):
            return True
        wait = comment.ready_at(jobs) - self.clock.now()
        if wait > 0:
            self.bells.ring(Topic.REPORTS, build.id, delay=wait)
        return wait > 0

    def _jobs(self, repository: Repository, sha: str, number: int = 0) -> tuple[Job, ...]:
        """The latest job of each name, of all builds of the commit or of those that count for a
        pull request: bells of the others do not bring us here. What such a build deploys is told by
        its check."""
        told = self._told(repository, sha, number)
        return comment.latest((build.created, job) for build, job in told)

    def _told(self, repository: Repository, sha: str, number: int) -> Iterator[tuple[Build, Job]]:
        for build in self.store.group(Build, build_group(repository.id, sha)):
            if not number or number in build.requests:
                for job in self.store.group(Job, build.id):
                    if not number or job.spec.kind is Kind.CHECK:
                        yield build, job

    def _agree(
        self, claim: Claim, build: Build, number: int, head: str, jobs: Sequence[Job]
    ) -> None:
        said, body = claim.report().said, self._body(build, number, head, jobs)
        if said.digest == digest(body):
            return
        try:
            self._post(claim, build.event.repository, number, said, body)
        except Gone as error:
            self._refused(claim, build.event.repository, number, head, error)

    def _refused(
        self, claim: Claim, repository: Repository, number: int, head: str, error: Gone
    ) -> None:
        # Raises it again where not the comment is gone, but we are not let in.
        talk, said = self.comments.conversation(repository, number), claim.report().said
        there = [one.id for one in self._ours(repository, number)] if said.comment else []
        ended = talk.is_locked or not talk.is_open or (said.comment and said.comment not in there)
        if not ended and said.refused + 1 < REFUSALS:
            # One 403 may be a passing fault of GitHub's own.
            claim.say(replace(said, refused=said.refused + 1))
            raise InfraError(str(error)) from error
        # Someone deleted it or ended the talk: this is not the place to insist.
        claim.say(Said(silent=head))

    def _row(self, repository: Repository, number: int) -> Pull:
        key = pull_id(repository.id, number)
        return self.store.get(Pull, key) or Pull(key)

    def _body(self, build: Build, number: int, head: str, jobs: Sequence[Job]) -> str:
        request = build.event.pull_request
        shown = tuple(self._shown(build, job) for job in jobs)
        row = self._row(build.event.repository, number)
        base = request.base_ref if request else ""
        counting = newest(self.store, build.event.repository.id, number, head)
        pending = counting.pending if counting else ()
        told = tuple(self._told(build.event.repository, head, number))
        return comment.compose(shown, head, base, row, pending, flakes(self.blobs, told, jobs))

    def _shown(self, build: Build, job: Job) -> Shown:
        if job.reason not in comment.ACT:
            return Shown(job, self.page(job.id))
        request = build.event.pull_request
        base_sha = build.base_sha or (request.base_sha if request else "")
        base = self._base(build.event.repository, base_sha, job.spec.name)
        return Shown(job, self.page(job.id), read_result(self.blobs, job), base)

    def _base(self, repository: Repository, sha: str, name: str) -> frozenset[str] | None:
        """The tests that fail there in the job of this name; None where it does not fail."""
        for job in self._jobs(repository, sha) if sha else ():
            if job.spec.name == name and job.reason in comment.ACT:
                result = read_result(self.blobs, job)
                failing = result.tests.failing if result and result.tests else ()
                return frozenset(case.title for case in failing)
        return None

    def _post(
        self, claim: Claim, repository: Repository, number: int, said: Said, body: str
    ) -> None:
        for version in (body, comment.brief(body)):
            try:
                if said.comment:
                    self._edit(claim, repository, said, version)
                else:
                    said = self._create(claim, repository, number, said, version)
            except Rejected:
                continue
            break
        # The digest of the whole: what was not taken whole is not sent again and again.
        claim.say(replace(claim.report().said, digest=digest(body)))

    def _create(
        self, claim: Claim, repository: Repository, number: int, said: Said, body: str
    ) -> Said:
        if found := self._ours(repository, number):
            # Made by a call whose answer was lost, or before our table was.
            said = claim.say(Said(found[0].id))
            self._edit(claim, repository, said, body)
            return said
        if said.doubtful:
            # Not listed is no proof that it was not made: the sweep will find a second one.
            claim.sweep_at(self.clock.now() + SWEEP_AFTER)
        id = claim.once(claim.say, said, lambda: self.comments.comment(repository, number, body))
        return claim.done(claim.say, Said(id, digest(body)))

    def _edit(self, claim: Claim, repository: Repository, said: Said, body: str) -> None:
        try:
            self.comments.edit(repository, said.comment, body)
        except Rejected:
            raise
        except InfraError:
            # It may have overwritten a later state, when we had lost the claim meanwhile.
            claim.alert()
            raise
        claim.done(claim.say, replace(said, digest=digest(body), refused=0))

    def _mend(self, claim: Claim, repository: Repository, number: int) -> None:
        """Withdraw doubles that a lost answer has left, and see whether ours says what we think."""
        report = claim.report()
        if not report.look or report.look > self.clock.now():
            return
        said, found = report.said, self._ours(repository, number)
        ours = [one for one in found if one.id == said.comment] or found[:1]
        for one in found:
            if one not in ours:
                self.comments.withdraw(repository, one.id)
        if ours and digest(ours[0].body) != said.digest:
            claim.say(Said(ours[0].id, silent=said.silent))
        claim.swept(0.0)

    def _ours(self, repository: Repository, number: int) -> tuple[PostedComment, ...]:
        found = self.comments.comments(repository, number)
        return tuple(one for one in found if one.body.rstrip().endswith(MARKER))


def digest(body: str) -> str:
    # GitHub takes spaces at the end away.
    return hashlib.sha256(body.strip().encode()).hexdigest()[:32]


def _nothing_to_put_off(until: float) -> None:
    """No job waits for its comment; the report itself comes back."""
