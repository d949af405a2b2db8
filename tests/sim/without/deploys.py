"""Rule 4: a deployment starts at most once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dishwasher.core import deploy, lifecycle
from dishwasher.core.config import Kind
from dishwasher.core.deploy import Environment
from dishwasher.core.job import Job, State, Timing
from dishwasher.flow import dispatch
from dishwasher.flow.attempt import Attempts
from dishwasher.flow.dispatch import Dispatch

from tests.sim.without import worlds
from tests.sim.without.patch import Mutant


def deploy_again(found: Job, now: float, timing: Timing, cause: str = "") -> Job:
    """Treats a lost deployment as a lost check."""
    lost = found.state is State.RUNNING and found.spec.kind is Kind.DEPLOYMENT
    if not lost or found.lost_retries:
        return true_expire(found, now, timing, cause)
    retried = replace(found, lost_retries=1, code="", token="")
    return lifecycle.queue(retried, now, timing)


def no_intent(self: Attempts, current: Job, build: Any) -> tuple[Environment, ...]:
    return ()


def take_held(environment: Environment, wanted: str) -> Environment | None:
    waiting = tuple(other for other in environment.waiting if other != wanted)
    return replace(environment, holder=wanted, unknown=False, waiting=waiting)


def release_unknown(environment: Environment, held: str, *, unknown: bool) -> Environment:
    return true_release(environment, held, unknown=False)


def not_superseded(self: Dispatch, environment: Environment, claimed: Job, build: Any) -> str:
    """Knows what was deployed, and not whether it is the later commit."""
    same = environment.sha == build.event.sha
    return true_superseded(self, environment, claimed, build) if same else ""


def not_taken_off(self: Dispatch, environment: Environment, claimed: Job, build: Any) -> str:
    """Compares with what was deployed last and not with the branch."""
    event = build.event
    if environment.sha in ("", event.sha) or event.forced:
        return ""
    return "old" if self._holds(event, environment.sha) else ""


class Unraised(Exception):
    """Stands where a fault was caught."""


true_expire = lifecycle.expire
true_release = deploy.release


true_superseded = Dispatch._superseded


MUTANTS = (
    Mutant(
        "deploy-retried",
        "never again after a loss",
        "S3 deployed twice",
        ((lifecycle, "expire", deploy_again),),
        worlds.DYING_RUNNERS,
        "release",
    ),
    Mutant(
        "no-intent",
        "the stored intent",
        "S3 .* without a stored intent",
        ((Attempts, "_deploying", no_intent),),
    ),
    Mutant(
        "no-lock",
        "the lock of an environment",
        "S3 .* (deploy at once|after an unknown)",
        ((deploy, "take", take_held),),
        worlds.SLOW_DEPLOYMENTS,
        "release",
    ),
    Mutant(
        "unknown-unlocked",
        "the lock after an unknown end",
        "S3 .* after an unknown",
        ((deploy, "release", release_unknown),),
        worlds.DYING_RUNNERS,
        "release",
    ),
    Mutant(
        "no-order",
        "the order of deployments",
        "S3 .* after the later",
        ((Dispatch, "_superseded", not_superseded),),
    ),
    Mutant(
        "rollback-ignored",
        "the look at the branch",
        "S3 .* after the later",
        ((Dispatch, "_superseded", not_taken_off),),
        worlds.SLOW_DEPLOYMENTS,
        "roll_back",
    ),
    Mutant(
        *(
            "gone-unheard",
            "the end of what is gone",
            "(L2 .* is queued|L5 still in the queue: jobs)",
        ),
        ((dispatch, "Gone", Unraised),),
        worlds.VANISHING,
        "release",
    ),
)
