"""The front page: how the default branch of each repository stands, what moved last first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dishwasher.core.build import Build
from dishwasher.core.event import Repository
from dishwasher.core.history import Entry, history_group
from dishwasher.core.home import HOMES, Home
from dishwasher.ports import Store
from dishwasher.web.commit import repository_path
from dishwasher.web.history import EntryView, entry_view
from dishwasher.web.moved import moved

MOST = 200
"""Repositories that are looked at; each costs a few reads."""
LOOKED_AT = 30
"""Builds of each in which one of the default branch is looked for."""


@dataclass(frozen=True, slots=True)
class HomeView:
    name: str
    url: str
    standing: EntryView
    """The newest build of the default branch, or of any where that has none of late."""
    moved: float
    """When the newest build was planned, in seconds since the epoch."""


def newest_builds(store: Store) -> tuple[Build, ...]:
    """Of every repository the newest, which knows it best."""
    found = (newest(store, int(home.id)) for home in store.latest(Home, HOMES, MOST))
    return tuple(build for build in found if build is not None)


def newest(store: Store, id: int) -> Build | None:
    """The last build of a repository; None where there is none."""
    lines = store.latest(Entry, history_group(id), 1)
    build = store.get(Build, lines[0].build) if lines else None
    return moved(store, build) if build is not None else None


def homes(store: Store, builds: Iterable[Build], now: float) -> tuple[HomeView, ...]:
    """The repositories of these builds."""
    found = (_home(store, build.event.repository, now) for build in builds)
    return tuple(sorted(filter(None, found), key=lambda home: -home.moved))


def _home(store: Store, repository: Repository, now: float) -> HomeView | None:
    lines = store.latest(Entry, history_group(repository.id), LOOKED_AT)
    if not lines:
        return None
    default = (entry for entry in lines if entry.branch == repository.default_branch)
    return HomeView(
        name=repository.full_name,
        url=repository_path(repository.id),
        standing=entry_view(next(default, lines[0]), now),
        moved=lines[0].created,
    )
