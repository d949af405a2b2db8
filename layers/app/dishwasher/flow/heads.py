"""reap, for what GitHub's log does not know either: heads without a build → planned.

A webhook that GitHub never sent, or has forgotten (after three days), leaves a head that nobody
has built. Each round looks at a few repositories, those first that were not looked at for longest.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from dishwasher.core import heads
from dishwasher.core.build import Build, build_group
from dishwasher.core.delivery import REPLAN_AFTER, Delivery, Stage
from dishwasher.core.event import Event, Repository
from dishwasher.core.heads import Looked
from dishwasher.errors import Conflict, Gone, InfraError, Rejected
from dishwasher.flow.places import Places
from dishwasher.flow.tenancy import Tenancy
from dishwasher.ports import Bells, Clock, Heads, Store, Topic

ROUND = 20
"""Repositories that one round looks at: some sixty calls."""
PAUSE = 240.0
"""Seconds in which a repository is not looked at again, however few there are."""


@dataclass(frozen=True, slots=True)
class MissedHeads:
    store: Store
    bells: Bells
    clock: Clock
    heads: Heads

    def __call__(self) -> None:
        now = self.clock.now()
        listed = self.heads.repositories()
        for repository in listed:
            self._places.listed(repository, now)
        turn = [
            (looked, repository)
            for repository in listed
            if (looked := self._looked(repository)).time + PAUSE <= now
        ]
        # Where a head is known to have been left, somebody waits for it.
        turn.sort(key=lambda one: (not one[0].again, one[0].time, one[1].id))
        # Whoever reports needs the calls more.
        room = (one for one in turn[:ROUND] if self.heads.has_room(one[1]))
        if failures := tuple(filter(None, (self._tried(*one) for one in room))):
            raise InfraError("; ".join(failures))

    def _looked(self, repository: Repository) -> Looked:
        return self.store.get(Looked, str(repository.id)) or Looked(str(repository.id))

    def _tried(self, looked: Looked, repository: Repository) -> str:
        """Look at it, and say why that failed: it must not hold up the others, nor come first."""
        try:
            self._look(looked, repository)
        except InfraError as error:
            self._keep(replace(looked, time=self.clock.now()))
            return f"{repository.full_name}: {error}"
        return ""

    def _look(self, looked: Looked, repository: Repository) -> None:
        now = self.clock.now()
        if Tenancy(self.store).barred(repository):
            # Listed again before we were told: what we planned now would come to nothing.
            return
        looked = heads.retried(looked, now)
        try:
            events = self.heads.of(repository)
        except (Gone, Rejected):
            self._keep(replace(looked, time=now))
            return
        doubted: set[str] = set()
        # What was there before us is nothing that we have missed.
        for event in heads.moved(looked, events) if looked.seen else ():
            if self._is_built(event):
                continue
            if heads.mark(event) in looked.doubted:
                self._plan(event, self._again(event))
            else:
                doubted.add(heads.mark(event))
        # No webhook of these is on its way: it came, or we were not let in.
        for event in heads.left(looked, events):
            if not self._is_built(event):
                self._plan(event, f"-{now:.0f}")
        self._keep(heads.after(looked, events, doubted, now))

    def _is_built(self, event: Event) -> bool:
        """For this very head: another's build of the commit deploys nothing of this one's, and ends
        with the other."""
        return any(one.counts_for(event) and not one.abandoned for one in self._builds(event))

    def _builds(self, event: Event) -> tuple[Build, ...]:
        return self.store.group(Build, build_group(event.repository.id, event.sha))

    def _again(self, event: Event) -> str:
        """What tells this find from those that had led to a build, which is this head's no more."""
        count = len(self._builds(event))
        while True:
            again = f"-{count}" if count else ""
            before = self.store.get(Delivery, _id(event, again))
            if before is None or before.stage is not Stage.PLANNED:
                return again
            count += 1

    def _plan(self, event: Event, again: str) -> None:
        """As if its webhook had come; it has the same id however often it is found.

        `again` makes it another one: what was planned before has led to nothing.
        """
        id = _id(event, again)
        now = self.clock.now()
        delivery = Delivery(
            id, event.kind.value, now, replace(event, delivery=id), due=now + REPLAN_AFTER
        )
        try:
            self.store.save(delivery)
        except Conflict:
            # It was planned already, and led to no build.
            return
        self.bells.ring(Topic.DELIVERIES, id)

    @property
    def _places(self) -> Places:
        return Places(self.store, self.bells, self.clock)

    def _keep(self, looked: Looked) -> None:
        try:
            self.store.save(looked)
        except Conflict:
            # Another process has just looked.
            return


def _id(event: Event, again: str) -> str:
    """Of the delivery that is made for a head."""
    return f"{heads.FOUND}{heads.mark(event)}{again}"
