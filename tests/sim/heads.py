"""Heads of which no webhook has told, and what GitHub answers to whoever asks for all."""

from __future__ import annotations

from collections.abc import Iterator

from dishwasher.core.build import Build, build_group
from dishwasher.core.delivery import Delivery, Stage
from dishwasher.core.event import Event, EventKind, PullRequest, Repository
from dishwasher.core.heads import mark
from dishwasher.errors import Unseen

from tests.sim.commits import Repo
from tests.sim.hub import Hub
from tests.sim.laws import Laws
from tests.sim.world import World

FORK = 1_000_000
"""Added to a repository's id: the id of its fork."""


class SimHeads:
    """The port Heads; what it shows may lag behind, as all that the API shows."""

    def __init__(self, world: World, hub: Hub) -> None:
        self._world, self._hub = world, hub
        self.untold: list[tuple[float, int, str]] = []
        """When which repository got which head without a webhook."""

    def repositories(self) -> tuple[Repository, ...]:
        self._world.point("repositories")
        now = self._world.now
        return tuple(
            repo.value
            for repo in self._hub.repos.values()
            if repo.gone_at > now
            and self._hub.reaches(repo.value.id)
            and repo.value.id not in self._hub.archived
        )

    def of(self, repository: Repository) -> tuple[Event, ...]:
        def read() -> tuple[Event, ...]:
            return tuple(self._shown(self._hub.repos[repository.id]))

        return self._hub.call(repository, "heads", read)

    def has_room(self, repository: Repository) -> bool:
        return self._hub.has_room(repository)

    def missed(self, repo: Repo, since: float) -> set[str]:
        """Commits that became heads untold; what stood there at the first look is not missed."""
        mine = [(at, sha) for at, id, sha in self.untold if id == repo.value.id]
        return {sha for at, sha in mine if at > since} - {sha for at, sha in mine if at <= since}

    def is_taken_for_known(self, repository: int, sha: str, first_look: float) -> bool:
        """Whether it stood there untold when the repository's heads were looked at first."""
        return any(
            id == repository and head == sha and at <= first_look for at, id, head in self.untold
        )

    def events(self, repo: Repo) -> Iterator[Event]:
        """As things really stand."""
        for branch, sha in repo.branches.items():
            yield Event(EventKind.PUSH, "", repo.value, "", sha, branch)
        for request in repo.requests:
            if request.is_open:
                yield _asked(repo, request.number, request.head)

    def _shown(self, repo: Repo) -> Iterator[Event]:
        for branch in repo.branches:
            sha = self._hub.shown(repo.value, branch)
            if sha is not None:
                yield Event(EventKind.PUSH, "", repo.value, "", sha, branch)
        for request in repo.requests:
            try:
                stand = self._hub.stand(repo.value, request.number)
            except Unseen:
                continue
            if stand.is_open:
                yield _asked(repo, request.number, stand.head_sha)


def _asked(repo: Repo, number: int, head: str) -> Event:
    request = repo.requests[number - 1]
    id = repo.value.id + FORK if request.fork else repo.value.id
    told = PullRequest(
        number=number,
        head_ref=request.branch,
        head_repository=id,
        base_ref=request.base_ref,
        base_sha=request.base,
        updated=float(request.updated),
    )
    kind, action = EventKind.PULL_REQUEST, "synchronize"
    return Event(kind, "", repo.value, "", head, request.branch, pull_request=told, action=action)


def problems(hub: Hub, laws: Laws, heads: SimHeads) -> Iterator[str]:
    """L10: a head that no webhook told of is found, and planned once."""
    for repo in hub.repos.values() if heads.untold else ():
        known = repo.gone_at == float("inf") and str(repo.value.id) in laws.looked
        missed = heads.missed(repo, laws.looked[str(repo.value.id)]) if known else set()
        # What went away and came back, all of it untold, was never seen to move.
        missed -= laws.known.get(str(repo.value.id), set())
        for event in heads.events(repo) if missed else ():
            rows = [
                row for row in laws.rows.all(Delivery) if row.id.startswith(f"head-{mark(event)}")
            ]
            found = any(row.stage is not Stage.RECEIVED for row in rows)
            built = laws.rows.group(Build, build_group(repo.value.id, event.sha))
            if event.sha in missed and not (found or built):
                yield f"L10 nobody has found {event.branch} of {repo.value.id} at {event.sha}"
