"""Every environment of every repository has a secret; nobody else may ever see it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dishwasher.core.build import Build
from dishwasher.core.config import Kind
from dishwasher.core.delivery import Delivery
from dishwasher.core.deploy import Environment
from dishwasher.core.job import Job
from dishwasher.core.pattern import Filter, Pattern, Syntax
from dishwasher.core.report import Report
from dishwasher.core.secret import Rules, Slot, StoredSecret
from dishwasher.core.shelf import Shelf
from dishwasher.core.ticket import Ticket
from dishwasher.ports import Record

from tests.fakes.store import MemoryStore
from tests.fakes.vault import MemoryVault

if TYPE_CHECKING:
    from tests.sim.hub import Hub
    from tests.sim.ports import SimBlobs

CANARY = "canary-of"
ENVIRONMENTS = ("staging", "production")
BRANCH, TAGS = Pattern("master"), Pattern("v*", Syntax.GLOB)
RULES = Rules(Filter((BRANCH,)), Filter((TAGS,)))


def is_for_tags(repository: int) -> bool:
    """Elsewhere the secrets are the default branch's alone, so that tags are refused."""
    return repository % 2 == 1


KINDS: tuple[type[Record], ...] = (Build, Delivery, Environment, Job, Report, Shelf)


class SimVault(MemoryVault):
    """A secret of no name in a configuration: a deployment gets it because it is its own."""

    def list(self, repository: int) -> tuple[StoredSecret, ...]:
        if not super().list(repository):
            for environment in ENVIRONMENTS:
                slot = Slot(repository, "TOKEN", environment)
                secret = StoredSecret(slot, RULES if is_for_tags(repository) else Rules(), 0.0)
                self.put(secret, value(repository, environment))
        return super().list(repository)


def value(repository: int, environment: str) -> str:
    return f"{CANARY}-{repository}-{environment}"


def wrong(build: Build, ticket: Ticket) -> str:
    """What is wrong with a ticket's secrets; all deployments here are of the default branch, and
    of tags where the secret names them."""
    spec, repository = ticket.spec, build.event.repository.id
    deploys = spec.kind is Kind.DEPLOYMENT and (is_for_tags(repository) or not build.event.tag)
    due = (("TOKEN", value(repository, spec.name)),) if deploys else ()
    return "" if ticket.secrets == due else f"{spec.name} got {ticket.secrets}"


def leaks(rows: MemoryStore, blobs: SimBlobs, hub: Hub) -> Iterator[str]:
    """S4: where a secret is written down."""
    for kind in KINDS:
        for row in rows.all(kind):
            if CANARY in repr(row):
                yield f"S4 a secret stands in {kind.KIND} {row.id}"
    for key in blobs.keys(""):
        if CANARY.encode() in (blobs.peek(key) or b""):
            yield f"S4 a secret stands in {key}"
    for run in hub.runs.values():
        if CANARY in repr(run):
            yield f"S4 a secret stands in check run {run.id}"
