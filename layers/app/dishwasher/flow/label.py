"""A label that was put on a pull request or taken off → what only that asks for.

The commit is built already, by the event that brought it: nothing of that runs twice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from dishwasher.core import pull
from dishwasher.core.build import Build, build_group
from dishwasher.core.comment import latest
from dishwasher.core.delivery import Delivery
from dishwasher.core.event import Event, PullRequest
from dishwasher.core.job import Job
from dishwasher.core.label import relabelled
from dishwasher.core.selection import asks_for_label
from dishwasher.errors import Unseen
from dishwasher.flow.building import Building
from dishwasher.flow.cancel import Cancels
from dishwasher.flow.changes import UNSEEN_FOR
from dishwasher.flow.request import Requests
from dishwasher.flow.work import Work, ignore


@dataclass(frozen=True, slots=True)
class Labels:
    building: Building
    requests: Requests
    cancels: Cancels

    def __call__(self, delivery: Delivery, event: Event, request: PullRequest) -> None:
        store, clock = self.building.store, self.building.clock
        # Read before the builds: who plans another label meanwhile makes us begin again.
        row = self.requests.row(event, request)
        stand = self.requests.pulls.pull_request(event.repository, request.number)
        work = Work(delivery, event)
        if old := self.requests.outdated(delivery, event, request, stand):
            ignore(store, work, old)
            return
        builds = self._builds(event, request)
        first = next((one for one in builds if not (one.event.rerun or one.event.label)), None)
        if first is None or row.head != event.sha:
            if clock.now() < delivery.received + UNSEEN_FOR:
                raise Unseen(f"{event.sha[:12]} is not planned yet")
            ignore(store, work, f"{event.sha[:12]} was not planned; the next push is")
            return
        built = pull.as_built(request, stand, first.event.pull_request)
        event = replace(
            event,
            pull_request=built,
            message=first.event.message,
            # A label brings no code: whoever sets it changes nothing of whom to believe.
            bots=first.event.bots,
        )
        notes = (pull.told(built),) if built.merge else ()
        work = Work(delivery, event, first.doubt, notes, first.approval, along=(row,))
        self._build(work, builds)

    def _build(self, work: Work, builds: tuple[Build, ...]) -> None:
        store, event = self.building.store, work.event
        wanted = self.building.read(work)
        if wanted is None:
            return
        path = wanted.written.config.path
        if not asks_for_label(wanted.written.config, event.label):
            ignore(store, work, f"no job of {path} asks for the label {event.label}")
            return
        jobs = latest((one.created, job) for one in builds for job in store.group(Job, one.id))
        change = relabelled(wanted.planned, {job.spec.name: job for job in jobs})
        if change.is_empty:
            ignore(store, work, f"the label {event.label} changes nothing of what runs")
            return
        self.cancels.unwanted(change.stopped)
        if any(one.is_shown for one in change.planned):
            self.building.save(replace(wanted, planned=change.planned))
            return
        ignore(store, wanted.work, "what the pull request does not ask for any more was cancelled")

    def _builds(self, event: Event, request: PullRequest) -> tuple[Build, ...]:
        """Those of the commit that count for the pull request, the newest first."""
        group = build_group(event.repository.id, event.sha)
        found = [
            build
            for build in self.building.store.group(Build, group)
            if request.number in build.requests and not build.abandoned
        ]
        return tuple(sorted(found, key=lambda build: (-build.created, build.id)))
