"""Where the App may act: kept from GitHub's events, asked before anything is planned or begun."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dishwasher.core.access import BARRED, Access, Change, access_id
from dishwasher.core.delivery import Delivery, Stage
from dishwasher.core.event import Repository
from dishwasher.core.timetable import Timetable
from dishwasher.ports import Store


@dataclass(frozen=True, slots=True)
class Tenancy:
    store: Store

    def __call__(self, delivery: Delivery, change: Change) -> None:
        """Each row by itself: there may be more than one write can hold, and twice is once."""
        if change.present is not None:
            self._follow(change.present)
        else:
            for repository in change.repositories or (0,):
                self._keep(access_id(change.installation, repository), change)
        ended = replace(delivery, stage=Stage.IGNORED, reason=change.what, due=0.0)
        self.store.save(ended)

    def barred(self, repository: Repository) -> str:
        """Why the App has no business there now; empty where it may act."""
        for id in (0, repository.id):
            row = self.store.get(Access, access_id(repository.installation, id))
            if row is not None and row.right in BARRED:
                return BARRED[row.right]
        return ""

    def _keep(self, key: str, change: Change) -> None:
        row = self.store.get(Access, key)
        if row is None:
            # Kept where all is well, too: an older word that comes late must not win.
            self.store.save(Access(key, change.right, change.told))
        elif change.told >= row.told and (row.right, row.told) != (change.right, change.told):
            self.store.save(replace(row, right=change.right, told=change.told))

    def _follow(self, present: Repository) -> None:
        table = self.store.get(Timetable, str(present.id))
        if table is not None and table.repository != present:
            self.store.save(replace(table, repository=present))
