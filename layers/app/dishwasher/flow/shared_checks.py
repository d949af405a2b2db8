"""Two builds of one commit, of a push that deploys and of its pull request → each name once."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dishwasher.core import shared_checks
from dishwasher.core.build import Build, build_group
from dishwasher.core.comment import latest
from dishwasher.core.event import EventKind
from dishwasher.core.job import Job, Reason, Timing
from dishwasher.core.plan import advance
from dishwasher.core.report import Report, pull_key
from dishwasher.core.selection import Planned
from dishwasher.errors import Unseen
from dishwasher.flow.changes import UNSEEN_FOR
from dishwasher.flow.work import Work
from dishwasher.ports import Clock, Record, Store


@dataclass(frozen=True, slots=True)
class Share:
    """What is left for a build to do and to show."""

    work: Work
    planned: tuple[Planned, ...]
    by: Build | None = None
    """The build that does the rest, where one does."""

    @property
    def answered(self) -> Build | None:
        """The build that does it all."""
        return None if any(one.is_shown for one in self.planned) else self.by


@dataclass(frozen=True, slots=True)
class SharedChecks:
    store: Store
    clock: Clock

    def __call__(self, work: Work, planned: tuple[Planned, ...]) -> Share:
        if work.event.kind is EventKind.PULL_REQUEST:
            return self._request(work, planned)
        is_push = work.event.kind is EventKind.PUSH and not work.event.rerun
        if is_push and shared_checks.deploys(planned) and shared_checks.shares(planned):
            return Share(work, self._push(work, planned))
        return Share(work, planned)

    def _push(self, work: Work, planned: tuple[Planned, ...]) -> tuple[Planned, ...]:
        builds = [
            build
            for build in self._builds(work)
            if shared_checks.is_for_push(build, work.event.branch)
        ]
        if not builds:
            if work.standing and self.clock.now() < work.delivery.received + UNSEEN_FOR:
                # Whose checks are shown comes first; its webhook comes with this one.
                raise Unseen(f"pull request {work.standing[0]} is not planned yet")
            return planned
        there = self._jobs(*builds)
        if all(build.event.kind is EventKind.MERGE_GROUP for build in builds):
            # What a queue has left out is no answer to who looks at the branch.
            there = {name: job for name, job in there.items() if job.reason is not Reason.FILTERED}
        same = all(map(shared_checks.is_of_head, builds))
        return shared_checks.of_push(planned, there, same=same)

    def _request(self, work: Work, planned: tuple[Planned, ...]) -> Share:
        request = work.event.pull_request
        if request is None or request.tree or work.doubt:
            return Share(work, planned)
        pushes = [build for build in self._builds(work) if shared_checks.is_of_push(build)]
        for build in sorted(pushes, key=lambda one: -one.created):
            left = shared_checks.of_request(planned, self._jobs(build))
            if left != planned:
                counted = counting(self.store, self.clock, build, request.number)
                return Share(replace(work, along=(*work.along, *counted)), left, build)
        return Share(work, planned)

    def following(
        self, work: Work, build: str, jobs: tuple[Job, ...], timing: Timing
    ) -> tuple[Work, tuple[Job, ...]]:
        """Those that other builds run in their place end with them, or have ended already."""
        others = {job.mirrors: self.store.get(Job, job.mirrors) for job in jobs if job.mirrors}
        if not others:
            return work, jobs
        moved = {job.id: job for job in advance(jobs, self.clock.now(), timing, others=others)}
        awaited = {other.build for other in others.values() if other and not other.is_over}
        # One that counts for this pull request from now on is changed already.
        changed = {one.id: one for one in work.along if isinstance(one, Build)}
        found = (changed.get(id) or self.store.get(Build, id) for id in sorted(awaited))
        followed = [replace(one, followers=(*one.followers, build)) for one in found if one]
        ids = {one.id for one in followed}
        rest = (one for one in work.along if not (isinstance(one, Build) and one.id in ids))
        along: tuple[Record, ...] = (*rest, *followed)
        return replace(work, along=along), tuple(moved.get(job.id, job) for job in jobs)

    def _builds(self, work: Work) -> tuple[Build, ...]:
        group = build_group(work.event.repository.id, work.event.sha)
        return self.store.group(Build, group)

    def _jobs(self, *builds: Build) -> dict[str, Job]:
        """The latest of each name that has a check run."""
        jobs = [(one.created, job) for one in builds for job in self.store.group(Job, one.id)]
        return {job.spec.name: job for job in latest(jobs)}


def newest(store: Store, repository: int, number: int, sha: str) -> Build | None:
    """The build of the commit that counts for the pull request; an approval makes a newer one."""
    builds = store.group(Build, build_group(repository, sha))
    mine = (build for build in builds if number in build.requests)
    return max(mine, key=lambda one: one.created, default=None)


def counting(
    store: Store, clock: Clock, build: Build, number: int, *, anew: bool = False
) -> tuple[Record, ...]:
    """The build that counts for this pull request too, under which it is to be said what fails.

    `anew`: nothing was said under it while it was closed.
    """
    known = number in build.requests
    if known and not anew:
        return ()
    key = pull_key(build.event.repository.id, number)
    owed = (store.get(Report, key) or Report(key)).owing(build.id, clock.now())
    return build if known else build.counting_for(*build.requests, number), owed
