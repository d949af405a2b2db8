"""A build under the name that its repository has by now: the old one may be somebody else's."""

from __future__ import annotations

from dataclasses import replace

from dishwasher.core.build import Build
from dishwasher.core.place import Place
from dishwasher.ports import Store


def moved(store: Store, build: Build) -> Build:
    """The build of the repository as GitHub told of it last."""
    place = store.get(Place, str(build.event.repository.id))
    if place is None:
        return build
    return replace(build, event=replace(build.event, repository=place.repository))
