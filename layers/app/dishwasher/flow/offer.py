"""A stranger's pull request whose commit has checks already, which its own must not replace.

GitHub shows, at a commit, the last check of each name, whoever offers it and for which branch.
"""

from __future__ import annotations

from dataclasses import dataclass

from dishwasher.core.build import Build, build_group
from dishwasher.core.event import Event, PullRequest
from dishwasher.core.pull import Pull, pull_id
from dishwasher.ports import Store

TEAMS = "this commit is the team's, whose checks it has already"


@dataclass(frozen=True, slots=True)
class Offers:
    store: Store

    def elsewhere(self, event: Event) -> str:
        """Why a fork's commit is not built for this pull request; empty where it is.

        The team's checks stay, and so do those for the default branch: another branch may ask for
        less, and with it a commit would look checked that is not.
        """
        request, home = event.pull_request, event.repository
        if request is None or request.head_repository == home.id:
            return ""
        builds = self.store.group(Build, build_group(home.id, event.sha))
        known = [one for one in builds if not one.abandoned]
        if any(one.is_trusted for one in known):
            return TEAMS
        if request.base_ref == home.default_branch:
            return ""
        number = next(filter(None, (self._into_another(one, request) for one in known)), 0)
        return f"pull request {number} has this commit's checks already" if number else ""

    def _into_another(self, build: Build, request: PullRequest) -> int:
        """Number of the open pull request into another branch that it is for; 0 for none."""
        other = build.event.pull_request
        if other is None or other.base_ref == request.base_ref or request.number in build.requests:
            return 0
        keys = (pull_id(build.event.repository.id, number) for number in build.requests)
        rows = (self.store.get(Pull, key) for key in keys)
        return other.number if any(row is not None and row.is_open for row in rows) else 0
