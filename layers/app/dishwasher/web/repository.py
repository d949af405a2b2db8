"""What the page of a repository shows, read from the store."""

from __future__ import annotations

from urllib.parse import quote

from dishwasher.core.build import Build
from dishwasher.core.history import Entry, history_group
from dishwasher.ports import Store
from dishwasher.web.badge import badge
from dishwasher.web.commit import commit, repository_path
from dishwasher.web.history import LOOKED_AT, history


def repository_badge(store: Store, build: Build, branch: str) -> str:
    """SVG, of the default branch unless another is named."""
    found = build.event.repository
    newest = store.latest(Entry, history_group(found.id), LOOKED_AT)
    return badge(newest, branch or found.default_branch)


def repository(
    store: Store, now: float, github_url: str, build: Build, branch: str, before: str
) -> dict[str, object]:
    """`build` is its newest; two reads of the list at most."""
    id = build.event.repository.id
    group = history_group(id)
    recent = store.latest(Entry, group, LOOKED_AT)
    listed = store.latest(Entry, group, LOOKED_AT, before) if before else recent
    place, home = commit(build, github_url), repository_path(id)
    default = build.event.repository.default_branch
    query = f"?branch={quote(branch, safe='')}" if branch else ""
    return {
        "title": place.repository,
        "repository_url": place.repository_url,
        "home": home,
        "badge": f"{home}/badge.svg{query}",
        # What is older than a line does not change any more.
        "follow": "" if before else f"{home}/follow{query}",
        "default": default,
        "history": history(recent, listed, now, home=home, default=default, branch=branch),
    }
