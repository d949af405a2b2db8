"""Rules 1 and 5: the table is the truth, a queue is only a bell; strangers are not believed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dishwasher.core import pull
from dishwasher.core.build import Build
from dishwasher.core.delivery import Delivery, Stage
from dishwasher.core.job import Job, State
from dishwasher.flow import accept, plan, request
from dishwasher.flow.accept import Accept
from dishwasher.flow.building import Building
from dishwasher.flow.reap import Reap
from dishwasher.flow.work import Work
from dishwasher.ports import Topic

from tests.sim.without import worlds
from tests.sim.without.patch import Mutant


def nothing(*_: Any, **__: Any) -> None:
    """Instead of what protects."""


def reap_no_waiting(self: Reap, found: Job) -> None:
    """Trusts that no bell for a waiting job is ever lost."""
    if found.state in (State.QUEUED, State.BLOCKED):
        self._postpone(replace(found, deadline=self.clock.now() + 30.0))
    else:
        true_reap_job(self, found)


def reap_no_ends(self: Reap, found: Job) -> None:
    """Does not look whether GitHub was told of an end."""
    if not found.is_over:
        true_reap_job(self, found)


def postpone_delivery(self: Reap, delivery: Any) -> None:
    self._postpone(replace(delivery, due=self.clock.now() + 30.0))


def remembers_no_delivery(self: Accept, delivery: Any) -> Any:
    """Rings without having stored; what is not in the table is not there."""
    self.bells.ring(Topic.DELIVERIES, delivery.id)
    return accept.Answer(202, delivery.id)


def another_id(self: Building, *_: Any) -> str:
    """A new id for each planning, so that planning twice makes two builds."""
    return self.clock.secret()


def store_apart(self: Building, work: Work, build: Build, jobs: tuple[Job, ...]) -> None:
    """Stores that the delivery is planned only after what was planned."""
    twin = replace(work.delivery, id=self.clock.secret(), version=0)
    true_store(self, replace(work, delivery=twin), build, jobs)
    now = self.store.get(Delivery, work.delivery.id)
    stage = replace(now or work.delivery, stage=Stage.PLANNED, due=0.0)
    self.store.save(stage)


def alike(stand: Any, event: Any) -> str:
    """Takes the last event that arrives for the last that happened."""
    return ""


def signed_by_anybody(secret: bytes, header: str, body: bytes) -> bool:
    return True


true_reap_job = Reap._job
true_store = Building.store_build


MUTANTS = (
    Mutant(
        "no-reaper",
        "the reaper",
        "L[2-4] .* (is (starting|queued|blocked|running|received)|is left with)",
        ((Reap, "__call__", nothing),),
    ),
    Mutant(
        "bells-trusted",
        "bells rung again for waiting jobs",
        "L2 .* is queued",
        ((Reap, "_job", reap_no_waiting),),
        worlds.LOST_BELLS,
    ),
    Mutant(
        "ends-not-reaped",
        "unreported ends looked at again",
        "(L2 the end of .* is not known to be shown|L1 check run)",
        ((Reap, "_job", reap_no_ends),),
        worlds.LOST_BELLS,
    ),
    Mutant(
        "deliveries-trusted",
        "bells of deliveries",
        "L3 .* is received",
        ((Reap, "_delivery", postpone_delivery),),
        worlds.LOST_BELLS,
    ),
    Mutant(
        "not-stored",
        "deliveries stored first",
        "L3 .* never came in",
        ((Accept, "_keep", remembers_no_delivery),),
    ),
    Mutant(
        "planned-twice",
        "one write for the delivery and its build, whose id follows from it",
        r"(L2 .* was planned \d+ times|S3 deployed twice)",
        ((Building, "id", another_id), (Building, "store_build", store_apart)),
    ),
    Mutant(
        "unseen-is-gone",
        "the wait for a commit",
        "L2 nothing was planned",
        ((plan, "UNSEEN_FOR", 0.0), (request, "UNSEEN_FOR", 0.0)),
    ),
    Mutant(
        "order-trusted",
        "the look at what a pull request is now",
        "L7 ",
        ((pull, "unlike", alike),),
        worlds.LATE_WEBHOOKS,
        "day",
    ),
    Mutant(
        "unsigned",
        "the signature",
        "L3 the forged delivery",
        ((accept, "signed", signed_by_anybody),),
    ),
)
