"""grants: a job whose runner asks for its ticket → the secrets that it may have at this moment."""

from __future__ import annotations

from dataclasses import dataclass

from dishwasher.core import grants
from dishwasher.core.build import Build
from dishwasher.core.job import Job
from dishwasher.core.unsupported import Lack
from dishwasher.ports import Clock, Vault


@dataclass(frozen=True, slots=True)
class Handed:
    """What leaves the vault; no repr shows it."""

    secrets: tuple[tuple[str, str], ...] = ()
    lacks: tuple[Lack, ...] = ()
    """Why the job must not start; it has no secrets then."""

    def __repr__(self) -> str:
        names = ", ".join(name for name, _ in self.secrets)
        return f"Handed({names}; {len(self.lacks)} lacks)"


def hand_out(vault: Vault, clock: Clock, job: Job, build: Build) -> Handed:
    """Raises Conflict where a secret or its rules change at this moment: ask again."""
    if not grants.wants_some(job.spec):
        return Handed()
    event = build.event
    choice = grants.choose(vault.list(event.repository.id), event, job.spec, build.doubt)
    if choice.lacks:
        return Handed(lacks=choice.lacks)
    stored = tuple(grant.secret for grant in choice.grants)
    secrets, lacks = grants.deliver(choice.grants, vault.read(stored, clock.now()))
    return Handed(() if lacks else secrets, lacks)
