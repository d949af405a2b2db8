"""What people ask of the server at its own machine, as `dishwasher rerun`, `cancel` and `start`."""

from __future__ import annotations

from collections.abc import Callable

from dishwasher.core.build import Build
from dishwasher.core.delivery import REPLAN_AFTER, Delivery
from dishwasher.core.event import NO_COMMIT, Event, EventKind, Repository
from dishwasher.core.job import Job, Reason
from dishwasher.core.trust import BY_HAND
from dishwasher.errors import InfraError
from dishwasher.ports import Topic

from tests.sim.bells import SimQueue
from tests.sim.commits import Repo
from tests.sim.ports import SimClock, SimStore
from tests.sim.world import World


class Hands:
    """Each act stores a delivery of its own and rings, as `cli/asking` does; either may fail."""

    def __init__(self, world: World, store: SimStore, queue: SimQueue, clock: SimClock) -> None:
        self._world, self._store, self._queue, self._clock = world, store, queue, clock
        self._asked = 0

    def acts(self) -> tuple[Callable[[Repo], None], ...]:
        return (self.rerun, *(self.insist,) * 3, self.cancel, self.start)

    def rerun(self, repo: Repo) -> None:
        """A build, what has failed of it, or one job."""
        kind = self._world.random.choice(
            (EventKind.RERUN_ALL, EventKind.RERUN_ALL, EventKind.RERUN_FAILED, EventKind.RERUN)
        )
        self._click(repo, "rerun", kind, over=True)

    def insist(self, repo: Repo) -> None:
        """The very job that asks for somebody, a deployment whose end nobody knows, say."""
        self._click(repo, "rerun", EventKind.RERUN, over=True)

    def cancel(self, repo: Repo) -> None:
        kind = self._world.random.choice((EventKind.CANCEL, EventKind.CANCEL_JOB))
        self._click(repo, "cancel", kind, over=False)

    def stop(self, job_id: str) -> None:
        """This very job."""
        job = self._store.rows.get(Job, job_id)
        build = self._store.rows.get(Build, job.build) if job else None
        assert build is not None
        event = build.event
        self._ask(
            "cancel", self._event(event.repository, EventKind.CANCEL_JOB, event.sha, "", job_id)
        )

    def start(self, repo: Repo) -> None:
        branch = self._world.random.choice((*repo.branches, ""))
        sha = repo.branches[branch] if branch and self._world.random.random() < 0.5 else NO_COMMIT
        self._ask("start", self._event(repo.value, EventKind.MANUAL, sha, branch, ""))

    def _click(self, repo: Repo, what: str, kind: EventKind, *, over: bool) -> None:
        rows = self._store.rows
        known = [
            (job, build)
            for build in rows.all(Build)
            for job in rows.group(Job, build.id)
            if build.event.repository.id == repo.value.id and job.is_over is over
        ]
        asking = [one for one in known if one[0].reason is Reason.UNKNOWN_EFFECT]
        if known:
            job, build = self._world.random.choice(asking or known)
            self._ask(what, self._event(repo.value, kind, build.event.sha, "", job.id))

    def _event(
        self, repository: Repository, kind: EventKind, sha: str, branch: str, job: str
    ) -> Event:
        self._asked += 1
        id, person = f"{BY_HAND}{self._asked}", "root at the server"
        return Event(kind, id, repository, person, sha, branch, job=job)

    def _ask(self, what: str, event: Event) -> None:
        """In a process of its own, which may die."""

        def ask() -> None:
            now = self._clock.now()
            asked = Delivery(event.delivery, what, now, event, due=now + REPLAN_AFTER)
            try:
                self._store.save(asked)
                self._queue.ring(Topic.DELIVERIES, asked.id)
            except InfraError as error:
                # Whoever asks sees that; what was stored is found by its time.
                self._world.tell("nobody knows whether it was asked for:", error)

        self._world.baton.spawn(f"dishwasher {what}", ask)
