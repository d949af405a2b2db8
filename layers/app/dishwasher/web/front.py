"""The front page: each repository with its newest build, the one that moved last first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dishwasher.core.build import Build
from dishwasher.core.history import Entry, history_group
from dishwasher.core.home import HOMES, Home
from dishwasher.ports import Store
from dishwasher.web.commit import repository_path
from dishwasher.web.history import EntryView, entry_view

MOST = 200
"""Repositories that are looked at; each costs two reads."""


@dataclass(frozen=True, slots=True)
class HomeView:
    name: str
    url: str
    newest: EntryView


def newest_builds(store: Store) -> tuple[Build, ...]:
    """Of every repository the newest, which knows it best."""
    found = (newest(store, int(home.id)) for home in store.latest(Home, HOMES, MOST))
    return tuple(build for build in found if build is not None)


def newest(store: Store, id: int) -> Build | None:
    """The last build of a repository; None where there is none."""
    lines = store.latest(Entry, history_group(id), 1)
    return store.get(Build, lines[0].build) if lines else None


def homes(store: Store, builds: Iterable[Build], now: float) -> tuple[HomeView, ...]:
    """The repositories of these builds."""
    found = []
    for build in builds:
        repository = build.event.repository
        for entry in store.latest(Entry, history_group(repository.id), 1):
            path = repository_path(repository.id)
            view = HomeView(repository.full_name, path, entry_view(entry, now))
            found.append(view)
    return tuple(sorted(found, key=lambda home: -home.newest.created))
