"""What the simulated GitHub shows of deployments, in lists that lag behind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from dishwasher.core.build import Build
from dishwasher.core.deployment import Deployment, Stage, stage_of
from dishwasher.core.event import Repository
from dishwasher.core.job import Job
from dishwasher.core.report import Report

from tests.fakes.store import MemoryStore
from tests.sim.hub import LONG_LISTED, WRITE_RISK, Hub
from tests.sim.world import World

STAGE_RISK = 4 * WRITE_RISK
"""There are far fewer deployments than check runs."""


@dataclass(slots=True)
class Shown:
    """One deployment with all that was said of it."""

    id: int
    repository: int
    job: str
    listed_at: float
    zombie: bool
    """Made or spoken of by a worker that was frozen longer than its claim lasts."""
    said: list[Stage] = field(default_factory=list)


class SimStages:
    """The port Deployments; every call may fail before or after its effect."""

    def __init__(self, world: World, hub: Hub) -> None:
        self._world, self._hub = world, hub
        self.all: list[Shown] = []

    def of(self, job: str) -> list[Shown]:
        return [one for one in self.all if one.job == job]

    def announce(self, repository: Repository, deployment: Deployment) -> int:
        def make() -> int:
            self._needed(deployment.job)
            listed_at = self._world.now + self._hub.lag()
            number = len(self.all) + 1
            frozen = self._hub.is_frozen
            self.all.append(Shown(number, repository.id, deployment.job, listed_at, frozen))
            return number

        what = f"announce {deployment.job}"
        return self._hub.call(repository, what, make, once=True, risk=STAGE_RISK)

    def announced(self, repository: Repository, deployment: Deployment) -> tuple[int, ...]:
        def read() -> tuple[int, ...]:
            mine = self.of(deployment.job)
            if any(one.listed_at > self._world.now for one in mine):
                self._world.sometimes("a list lacked a deployment that was made")
            return tuple(one.id for one in mine if one.listed_at <= self._world.now)

        return self._hub.call(repository, f"announced {deployment.job}", read)

    def tell(self, repository: Repository, id: int, deployment: Deployment) -> None:
        def say() -> None:
            one = self.all[id - 1]
            one.zombie = one.zombie or self._hub.is_frozen
            # An answer that got lost is looked for: who says it twice did not look.
            again = one.said[-1:] == [deployment.stage] and not one.zombie
            self._world.law(not again, "G4 deployment", id, "was twice", deployment.stage)
            one.said.append(deployment.stage)

        what = f"tell {id} {deployment.stage}"
        self._hub.call(repository, what, say, once=True, risk=STAGE_RISK)

    def told(self, repository: Repository, id: int) -> str:
        def read() -> str:
            said = self.all[id - 1].said
            return said[-1].value if said else ""

        return self._hub.call(repository, f"told {id}", read)

    def _needed(self, job: str) -> None:
        """Whoever looked, and looked in time, would have found the first one."""
        for one in self.of(job):
            seen = one.listed_at + LONG_LISTED < self._world.now
            seen = seen and not one.zombie and not self._hub.is_frozen
            self._world.law(not seen, "G4", job, "was announced again")
            self._world.sometimes("a deployment was announced twice")


def problems(rows: MemoryStore, hub: Hub, stages: SimStages) -> Iterator[str]:
    """What is not as it should be on the pages of deployments, once all is calm."""
    for job in rows.all(Job):
        build = rows.get(Build, job.build)
        if build is None or hub.repos[build.event.repository.id].gone_at < float("inf"):
            continue
        stage, shown = stage_of(job), stages.of(job.id)
        report = rows.get(Report, build.group)
        told = report.told(job.id) if report else None
        ours = [one for one in shown if told and one.id == told.deployment]
        unheard = stage is Stage.INACTIVE and not (job.replaced and ours)
        if stage is None or unheard or (told and told.trouble):
            continue
        if not ours:
            yield f"L9 the deployment {job.id}, {stage}, is not shown"
        elif ours[0].said[-1:] != [stage]:
            yield f"L9 the deployment {job.id} is shown as {ours[0].said}, not {stage}"
        doubles = [one for one in shown if one not in ours and one.said[-1:] != [Stage.INACTIVE]]
        if doubles and not any(one.zombie for one in shown):
            yield f"L9 the deployment {job.id} is shown {1 + len(doubles)} times"
