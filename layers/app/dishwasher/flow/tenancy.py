"""Where the App may act, and where what it knows by id is now: asked before anything is done."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dishwasher.core.access import BARRED, ENDED, Access, Right, access_id, worst
from dishwasher.core.build import Build
from dishwasher.core.event import Repository
from dishwasher.core.place import Place
from dishwasher.ports import Store


@dataclass(frozen=True, slots=True)
class Tenancy:
    """Answers from the table alone; `flow/places` keeps it as GitHub tells."""

    store: Store

    def right(self, repository: Repository) -> Right:
        """What the App may do there, wherever the repository is now."""
        place = self._place(repository)
        reached = self._reached(self._now(place, repository))
        return reached if place is None else worst(reached, place.right)

    def barred(self, repository: Repository) -> str:
        """Why the App has no business there now; empty where it may act."""
        return BARRED.get(self.right(repository), "")

    def present(self, repository: Repository) -> Repository:
        """The repository as it is now: renamed, transferred or reached anew since the event."""
        return self._now(self._place(repository), repository)

    def shown(self, repository: Repository) -> Repository | None:
        """The repository for pages: private if it is so by now; None where it was deleted."""
        place = self._place(repository)
        if place is not None and place.right is Right.DELETED:
            return None
        return self._now(place, repository)

    def moved(self, build: Build) -> Build:
        """The build of the repository as it is now, to be read and not to be stored."""
        present = self.present(build.event.repository)
        return replace(build, event=replace(build.event, repository=present))

    def _place(self, repository: Repository) -> Place | None:
        return self.store.get(Place, str(repository.id))

    def _now(self, place: Place | None, repository: Repository) -> Repository:
        if place is None or place.repository == repository:
            return repository
        # The place may not know yet what a later event tells: the App was installed anew, say.
        there = repository.installation == place.repository.installation
        if there or self._reached(place.repository) not in ENDED:
            return place.repository
        return place.repository if self._reached(repository) in ENDED else repository

    def _reached(self, repository: Repository) -> Right:
        rows = (
            self.store.get(Access, access_id(repository.installation, id))
            for id in (0, repository.id)
        )
        return worst(*(row.right if row else Right.GRANTED for row in rows))
