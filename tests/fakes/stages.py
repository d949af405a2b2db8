"""The port Deployments over a list, with the trouble of the forge."""

from __future__ import annotations

from dataclasses import dataclass, field

from dishwasher.core.deployment import Deployment
from dishwasher.core.event import Repository
from dishwasher.errors import Gone, Rejected

from tests.fakes.forge import STALE_SECONDS, FakeForge, Trouble

DESCRIPTION_CHARACTERS = 140


@dataclass(slots=True)
class Announced:
    """A deployment, and all that was said of it."""

    id: int
    repository: int
    at: float
    made: Deployment
    said: list[Deployment] = field(default_factory=list)

    @property
    def stages(self) -> list[str]:
        return [one.stage.value for one in self.said]


class FakeStages:
    """What a repository's page of deployments shows."""

    def __init__(self, forge: FakeForge) -> None:
        self._forge = forge
        self.all: list[Announced] = []

    def of(self, job: str) -> list[Announced]:
        return [one for one in self.all if one.made.job == job]

    def announce(self, repository: Repository, deployment: Deployment) -> int:
        trouble = self._forge.meet("announce", repository, once=True)
        made = Announced(len(self.all) + 1, repository.id, self._forge.now(), deployment)
        self.all.append(made)
        self._forge.lose(trouble, once=True)
        return made.id

    def announced(self, repository: Repository, deployment: Deployment) -> tuple[int, ...]:
        trouble = self._forge.meet("announced", repository)
        at = self._forge.now() - (STALE_SECONDS if trouble is Trouble.STALE else 0)
        self._forge.lose(trouble, once=False)
        return tuple(
            one.id
            for one in self.of(deployment.job)
            if (one.repository, one.made.sha) == (repository.id, deployment.sha) and one.at <= at
        )

    def tell(self, repository: Repository, id: int, deployment: Deployment) -> None:
        trouble = self._forge.meet("tell", repository, once=True)
        found = self._found(id)
        if len(deployment.description) > DESCRIPTION_CHARACTERS:
            raise Rejected("description is too long (maximum is 140 characters)")
        found.said.append(deployment)
        self._forge.lose(trouble, once=True)

    def told(self, repository: Repository, id: int) -> str:
        self._forge.lose(self._forge.meet("told", repository), once=False)
        said = self._found(id).stages
        return said[-1] if said else ""

    def _found(self, id: int) -> Announced:
        if not 0 < id <= len(self.all):
            raise Gone(f"no deployment {id}")
        return self.all[id - 1]
