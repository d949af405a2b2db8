"""What nobody needs any more → ended: newer commits, closed pull requests, a click on Cancel."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from dishwasher.core import plan
from dishwasher.core.build import Build, build_group
from dishwasher.core.config import Kind
from dishwasher.core.delivery import Delivery
from dishwasher.core.event import Event, EventKind, PullRequest
from dishwasher.core.job import Job, Reason
from dishwasher.core.lifecycle import stop
from dishwasher.flow.verdict import Verdicts
from dishwasher.ports import Clock, Store


@dataclass(frozen=True, slots=True)
class Cancels:
    """Each of these may be done twice; deployments go on, but for a click on themselves."""

    store: Store
    clock: Clock
    verdicts: Verdicts

    def supersede(
        self, delivery: Delivery, event: Event, request: PullRequest, old_head: str
    ) -> None:
        """The pull request has a newer commit than this one."""
        why = f"A newer commit was pushed: {event.sha[:12]}."
        for build in self._of(event, old_head):
            self._leave(delivery, build, request.number, Reason.SUPERSEDED, why)

    def retargeted(self, delivery: Delivery, event: Event, request: PullRequest) -> None:
        """The pull request goes into another branch than these builds of its commit are for.

        A stranger's commit that is offered for the default branch is checked for that alone: of
        checks of one name GitHub shows the last, which could be those of a branch that asks less.
        """
        home = event.repository
        strange = request.head_repository != home.id and request.base_ref == home.default_branch
        for build in self._of(event, event.sha):
            before = build.event.pull_request
            if before is None or before.base_ref == request.base_ref:
                continue
            if request.number in build.requests:
                if build.doubt or before.tree != request.tree:
                    why = f"The pull request goes into {request.base_ref} now."
                    self._leave(delivery, build, request.number, Reason.SUPERSEDED, why)
            elif strange and not build.is_trusted:
                why = f"Pull request {request.number} offers this commit to {request.base_ref}."
                self._end(delivery, build, Reason.SUPERSEDED, why)

    def close(self, delivery: Delivery, event: Event, request: PullRequest) -> None:
        why = "The pull request was closed."
        for build in self._of(event, event.sha):
            self._leave(delivery, build, request.number, Reason.CANCELLED, why)

    def approved(self, delivery: Delivery, event: Event, number: int, sha: str) -> None:
        """The commit is built anew, with its own configuration; nothing ends where it is not."""
        builds = self._of(event, sha)
        why = f"Approved by {event.sender}: built anew, with the pull request's own configuration."
        anew = any(build.approval is not None for build in builds)
        for build in builds:
            if anew and build.approval is None:
                self._leave(delivery, build, number, Reason.SUPERSEDED, why)

    def branch(self, delivery: Delivery, event: Event) -> None:
        """The branch was deleted, or GitHub has taken a queue's try back."""
        queue = event.kind is EventKind.MERGE_GROUP_DESTROYED
        kind = EventKind.MERGE_GROUP if queue else EventKind.PUSH
        left = "The merge queue gave this try up." if queue else "The branch was deleted."
        for build in self._of(event, event.sha):
            if build.event.kind is not kind or event.branch not in build.pushed or build.requests:
                continue
            others = tuple(other for other in build.pushed if other != event.branch)
            if others:
                # Merged, say, by a push of the very same commit.
                self.store.save(replace(build, branches=others))
            elif not self._is_waited_for(build, 0):
                self._end(delivery, build, Reason.CANCELLED, left)

    def job(self, event: Event, job: Job) -> None:
        """Someone asked for the end of this job alone; what needs it is not started."""
        if not job.is_over:
            self._stop((job,), Reason.CANCELLED, _by(event))

    def unwanted(self, jobs: Iterable[tuple[Job, str]]) -> None:
        """Labels have changed, and leave these out now."""
        for job, why in jobs:
            self._stop((job,), Reason.FILTERED, why)

    def unfinished(self, build: Build) -> tuple[Job, ...]:
        """Its checks that have not ended."""
        return plan.unfinished_checks(build, self.store.group(Job, build.id))

    def checks(self, event: Event, build: Build) -> None:
        """Someone asked for the end of a pull request's checks; a deployment under way goes on."""
        self._stop(self.unfinished(build), Reason.CANCELLED, _by(event))

    def clicked(self, delivery: Delivery, event: Event, build: Build) -> None:
        """Someone asked for the end of this very build, with its deployments."""
        waiting = [job for job in self.store.group(Job, build.id) if not job.is_over]
        self._stop(waiting, Reason.CANCELLED, _by(event))

    def _of(self, event: Event, sha: str) -> tuple[Build, ...]:
        return self.store.group(Build, build_group(event.repository.id, sha))

    def _leave(
        self, delivery: Delivery, build: Build, number: int, reason: Reason, why: str
    ) -> None:
        """This pull request does not need the build any more; others may."""
        default = build.event.repository.default_branch
        pushed = build.event.kind is EventKind.PUSH and build.event.branch == default
        if number not in build.requests or pushed:
            return
        others = tuple(other for other in build.requests if other != number)
        # Another branch may have got the same commit by a push: merged by hand, say.
        wanted = others or build.pushed_beside(delivery.event.branch if delivery.event else "")
        if wanted or self._is_waited_for(build, number) or self._deploys(build):
            self.store.save(build.counting_for(*others))
        else:
            self._end(delivery, build, reason, why)

    def _deploys(self, build: Build) -> bool:
        """Whether a deployment waits for its checks, or is under way."""
        jobs = self.store.group(Job, build.id)
        return any(job.spec.kind is Kind.DEPLOYMENT and not job.is_over for job in jobs)

    def _is_waited_for(self, build: Build, number: int) -> bool:
        """Whether a push waits for it that deploys what it checks."""
        followers = (self.store.get(Build, id) for id in build.followers)
        return any(one and not (one.is_over or number in one.requests) for one in followers)

    def _end(self, delivery: Delivery, build: Build, reason: Reason, why: str) -> None:
        unfinished = self.unfinished(build)
        if unfinished:
            self.store.save(replace(build, abandoned=delivery.id))
            self._stop(unfinished, reason, why)

    def _stop(self, jobs: Iterable[Job], reason: Reason, why: str) -> None:
        def stopped(found: Job) -> Job:
            return stop(found, reason, why, self.clock.now())

        # The last first: what waits for another would end for want of that one.
        for job in sorted(jobs, key=lambda job: -job.position):
            self.verdicts.change(job.id, stopped)


def _by(event: Event) -> str:
    return f"Cancelled by {event.sender}." if event.sender else "Cancelled."
