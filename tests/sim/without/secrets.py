"""Rule 5: a runner holds nothing but its ticket, and the ticket nothing but what is due."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dishwasher.core import grants
from dishwasher.core.build import Build
from dishwasher.core.config import Kind
from dishwasher.core.grants import Choice
from dishwasher.core.job import Job
from dishwasher.flow.attempt import Attempts

from tests.sim.without.patch import Mutant


def choose_for_all(stored: Any, event: Any, spec: Any, distrust: str = "") -> Choice:
    """What an environment has is for every job."""
    as_deployment = replace(spec, kind=Kind.DEPLOYMENT, name="staging")
    return true_choose(stored, event, as_deployment, distrust)


def write_down(self: Attempts, current: Job, build: Build) -> tuple[tuple[str, str], ...]:
    """Keeps the ticket, to look at it later."""
    secrets = true_secrets(self, current, build)
    self.blobs.put(f"tickets/{current.attempt_id}", repr(secrets).encode())
    return secrets


true_choose: Any = grants.choose
true_secrets: Any = Attempts._secrets

MUTANTS = (
    Mutant(
        "secret-for-all",
        "secrets of an environment for its deployment alone",
        "S4 .* got",
        ((grants, "choose", choose_for_all), (grants, "wants_some", lambda _: True)),
    ),
    Mutant(
        "secret-written-down",
        "secrets in the ticket alone",
        "S4 a secret stands in",
        ((Attempts, "_secrets", write_down),),
    ),
)
