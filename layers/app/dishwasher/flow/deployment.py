"""deployment: each intent to deploy announced to GitHub once, with how it goes.

It runs under the claim of its commit, before the check run, whose end ends all reporting of a job.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from dishwasher.core.build import Build
from dishwasher.core.config import Kind
from dishwasher.core.delivery import REFUSALS
from dishwasher.core.deployment import Deployment, Stage, desired, plainer
from dishwasher.core.event import Repository
from dishwasher.core.job import Job
from dishwasher.core.report import Told
from dishwasher.errors import Gone, InfraError, Rejected
from dishwasher.flow.claim import SWEEP_AFTER, Claim
from dishwasher.ports import Clock, Deployments, Store

MAX_TROUBLE = 300
"""Characters that are kept of what GitHub said."""


@dataclass(frozen=True, slots=True)
class Announcements:
    store: Store
    clock: Clock
    deployments: Deployments
    page: Callable[[str], str]
    """Job id → URL of its page."""
    reach: Callable[[Repository, str], object]
    """Raises Gone where the repository is not there for us, asked by one of its commits."""

    def agree(self, claim: Claim, repository: Repository, build: Build, job: Job) -> None:
        if job.spec.kind is not Kind.DEPLOYMENT:
            return
        told = claim.report().told(job.id)
        wanted = desired(job, build, self.page(job.id), told)
        if wanted is None:
            return
        try:
            if told.doubtful:
                told = self._resolve(claim, repository, wanted, told)
            if not told.deployment:
                told = self._announce(claim, repository, wanted, told)
            if told.stage != wanted.stage:
                self._tell(claim, repository, wanted, told)
        except Gone as error:
            # Raises it again where not this alone is refused, but we are not let in at all.
            self.reach(repository, wanted.sha)
            known = claim.report().told(job.id)
            if known.refused + 1 < REFUSALS:
                # One 403 may be a passing fault of GitHub's own.
                claim.tell(replace(known, refused=known.refused + 1))
                raise InfraError(str(error)) from error
            # An App without this permission still has checks to show.
            self._left(claim, wanted, error)
        except Rejected as error:
            self._left(claim, wanted, error)

    def _left(self, claim: Claim, wanted: Deployment, error: Gone | Rejected) -> None:
        """GitHub will not have this stage; the next one it may."""
        known = claim.report().told(wanted.job)
        stage = wanted.stage if known.deployment else ""
        trouble = str(error)[:MAX_TROUBLE]
        claim.tell(replace(known, stage=stage, doubtful=False, refused=0, trouble=trouble))

    def sweep(self, claim: Claim, repository: Repository) -> None:
        """Retire what a lost answer has doubled, and say again what an older word overwrote."""
        report = claim.report()
        if not report.look or report.look > self.clock.now():
            return
        for told in report.deployed:
            job = self.store.get(Job, told.job)
            build = self.store.get(Build, job.build) if job else None
            if job is None or build is None or not told.deployment or told.trouble:
                continue
            wanted = desired(job, build, self.page(job.id), replace(told, stage=""))
            assert wanted is not None  # It was announced, so there is something to show.
            self._mend(claim, repository, wanted, told)

    def _mend(self, claim: Claim, repository: Repository, wanted: Deployment, told: Told) -> None:
        try:
            for id in self.deployments.announced(repository, wanted):
                if id != told.deployment and self.deployments.told(repository, id) != RETIRED:
                    retired = replace(wanted, stage=Stage.INACTIVE, description="A double.", url="")
                    self.deployments.tell(repository, id, retired)
            if self.deployments.told(repository, told.deployment) != wanted.stage:
                self._tell(claim, repository, wanted, told)
        except (Gone, Rejected):
            # It was deleted: who did so did not want to see it.
            return

    def _resolve(
        self, claim: Claim, repository: Repository, wanted: Deployment, told: Told
    ) -> Told:
        """A call was begun and its end not seen: ask GitHub what there is."""
        if not told.deployment:
            found = self.deployments.announced(repository, wanted)
            if not found:
                # Not listed is no proof that it was not made: the sweep will find a second one.
                claim.sweep_at(self.clock.now() + SWEEP_AFTER)
                return told
            told = replace(told, deployment=found[0])
        stage = self.deployments.told(repository, told.deployment)
        return claim.tell(replace(told, stage=stage, doubtful=False))

    def _announce(
        self, claim: Claim, repository: Repository, wanted: Deployment, told: Told
    ) -> Told:
        number = claim.once(claim.tell, told, lambda: self.deployments.announce(repository, wanted))
        return claim.done(claim.tell, Told(told.job, number))

    def _tell(self, claim: Claim, repository: Repository, wanted: Deployment, told: Told) -> None:
        """Without its words and links where GitHub calls these invalid: its stage counts."""
        number, refusal = told.deployment, None
        for version in (wanted, *plainer(wanted)):
            try:
                self._say(claim, repository, number, version, told)
            except Rejected as error:
                refusal = refusal or error
                continue
            now = replace(told, stage=wanted.stage, doubtful=False, refused=0, trouble="")
            claim.done(claim.tell, now)
            return
        assert refusal is not None
        raise refusal

    def _say(
        self, claim: Claim, repository: Repository, id: int, wanted: Deployment, told: Told
    ) -> None:
        claim.once(claim.tell, told, lambda: self.deployments.tell(repository, id, wanted))


RETIRED = Stage.INACTIVE.value
