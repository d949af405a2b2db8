"""What GitHub tells of installations and repositories → kept, and who waited for it is woken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from dishwasher.core import heads, place
from dishwasher.core.access import PAUSED, Access, Change, Named, Right, access_id
from dishwasher.core.build import Build
from dishwasher.core.delivery import Delivery, Stage
from dishwasher.core.event import Event, Repository
from dishwasher.core.heads import Looked
from dishwasher.core.place import Place, place_of
from dishwasher.core.report import Report
from dishwasher.core.timetable import Timetable
from dishwasher.errors import Conflict
from dishwasher.ports import Bells, Clock, Record, Store, Topic

R = TypeVar("R", bound=Record)

WRITES = 20
"""Lost compare-and-sets on one row before the caller gets the Conflict."""
SETTLED = 240.0
"""Seconds after which a list can not be older than an event whose time GitHub told."""


@dataclass(frozen=True, slots=True)
class Places:
    store: Store
    bells: Bells
    clock: Clock

    def __call__(self, delivery: Delivery, change: Change) -> None:
        """Each row by itself: there may be more than one write can hold, and twice is once."""
        if change.present is not None:
            self._told(change.present, change)
        else:
            for repository in change.repositories or (0,):
                self._keep(access_id(change.installation, repository), change)
            for named in change.named:
                self._reached(named, change)
        if change.right not in PAUSED:
            self._wake_all(change)
        ended = replace(delivery, stage=Stage.IGNORED, reason=change.what, due=0.0)
        self.store.save(ended)

    def listed(self, repository: Repository, since: float) -> None:
        """GitHub has just listed it as one that can be reached: what we had heard is over.

        `since` is when the list was asked for, in seconds since the epoch.
        """
        self._heal(repository, since)
        known = self.store.get(Place, str(repository.id))
        if known is None:
            return
        now = replace(known, repository=repository)
        if known.told + SETTLED < since:
            now = replace(now, right=Right.GRANTED, since=0.0)
        if now != known:
            now = replace(now, waking=known.owed)
            self.store.save(now)
        if now.waking:
            self.wake(now.id)

    def _heal(self, repository: Repository, since: float) -> None:
        """What an older word says of the installation or of its repository is over."""
        rows = (
            self.store.get(Access, access_id(repository.installation, id))
            for id in (0, repository.id)
        )
        over = [row for row in rows if row and row.right is not Right.GRANTED]
        over = [row for row in over if row.told + SETTLED < since]
        if not over:
            return
        # All of the installation: the next that is listed finds nothing to heal any more.
        waiting = [place.id for place in self.store.group(Place, str(repository.installation))]
        for id in waiting:
            # Before it is forgotten why they wait: whoever dies in between is made good for.
            self._change(Place, id, lambda known: replace(known, waking=True))
        for row in over:
            self.store.save(replace(row, right=Right.GRANTED))
        for id in waiting:
            self.wake(id)

    def owe(self, repository: Repository) -> None:
        """Have it woken when it can be reached again: a report of it waits, or is about to."""

        def owed(known: Place) -> Place:
            return replace(known, owed=True, parked=known.parked + 1)

        self._change(Place, str(repository.id), owed, place_of(repository))

    def missed(self, event: Event, note: Callable[[Looked, Event], Looked] = heads.missing) -> None:
        """The head of this event is to be planned when its repository can be reached again."""
        if not heads.is_head(event):
            return
        key = str(event.repository.id)
        self._change(Looked, key, lambda looked: note(looked, event), Looked(key))

    def called_off(self, build: Build) -> None:
        """So are the heads of this build, which may be several pull requests'."""
        if not heads.is_head(build.event):
            return
        key = str(build.event.repository.id)
        self._change(Looked, key, lambda looked: heads.called_off(looked, build), Looked(key))

    def ended(self, event: Event) -> None:
        """The head of this event is gone; whoever opens it again may do so without a webhook."""
        key = str(event.repository.id)
        self._change(Looked, key, lambda looked: heads.ended(looked, event), Looked(key))

    def wake(self, repository: str) -> None:
        """Have all that waits for it told now, and its heads looked at in the next round."""
        for _ in range(WRITES):
            before = self.store.get(Place, repository)
            for report in self.store.group(Report, repository):
                self._wake(report.id)
                self.bells.ring(Topic.REPORTS, report.bell)
            try:
                if before is not None and before.owed:
                    self.store.save(replace(before, owed=False, waking=False))
            except Conflict:
                # One of them may wait again by now, for another reason.
                continue
            break
        self._change(Looked, repository, heads.woken)

    def _wake(self, key: str) -> None:
        def woken(report: Report) -> Report:
            return report.woken(self.clock.now())

        self._change(Report, key, woken)

    def _wake_all(self, change: Change) -> None:
        ids = {str(id) for id in change.repositories}
        if not ids:
            ids = {row.id for row in self.store.group(Place, str(change.installation))}
            ids |= {str(named.id) for named in change.named}
        for id in sorted(ids):
            self.wake(id)

    def _keep(self, key: str, change: Change) -> None:
        row = self.store.get(Access, key)
        if row is None:
            # Kept where all is well, too: an older word that comes late must not win.
            self.store.save(Access(key, change.right, change.told))
        elif change.told >= row.told and (row.right, row.told) != (change.right, change.told):
            self.store.save(replace(row, right=change.right, told=change.told))

    def _told(self, present: Repository, change: Change) -> None:
        now, right, at, key = self.clock.now(), change.right, change.told, str(present.id)
        self._change(
            Place, key, lambda known: place.told(known, present, right, at, now), place_of(present)
        )
        self._change(Timetable, key, lambda table: replace(table, repository=present))

    def _reached(self, named: Named, change: Change) -> None:
        at, installation = change.told, change.installation
        self._change(
            Place, str(named.id), lambda known: place.reached(known, named, installation, at)
        )

    def _change(
        self, kind: type[R], id: str, change: Callable[[R], R], new: R | None = None
    ) -> None:
        """Of a row that is not there nothing is changed, unless a new one is given."""
        for _ in range(WRITES):
            found = self.store.get(kind, id) or new
            after = found and change(found)
            try:
                if after is not None and after != found:
                    self.store.save(after)
            except Conflict:
                continue
            return
        raise Conflict(f"{kind.KIND} {id} is written too often")
