"""What the page of a repository shows, read from the store."""

from __future__ import annotations

from dishwasher.core.build import Build
from dishwasher.core.history import Entry, history_group
from dishwasher.ports import Store
from dishwasher.web.commit import commit, repository_path
from dishwasher.web.history import LOOKED_AT, history


def repository(
    store: Store, now: float, github_url: str, id: int, branch: str, before: str
) -> dict[str, object] | None:
    """None where nothing of it is known, and for a private one: its address is easy to guess.

    Two reads of the list and one of a build at most.
    """
    group = history_group(id)
    newest = store.latest(Entry, group, LOOKED_AT)
    build = store.get(Build, newest[0].build) if newest else None
    if build is None or build.event.repository.private:
        return None
    listed = store.latest(Entry, group, LOOKED_AT, before) if before else newest
    place, home = commit(build, github_url), repository_path(id)
    default = build.event.repository.default_branch
    return {
        "title": place.repository,
        "repository_url": place.repository_url,
        "home": home,
        "default": default,
        "history": history(newest, listed, now, home=home, default=default, branch=branch),
    }
