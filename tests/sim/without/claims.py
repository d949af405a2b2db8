"""Rule 2: a claim is fenced."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dishwasher.core import deploy, lifecycle, plan
from dishwasher.core.build import Build
from dishwasher.core.config import Kind
from dishwasher.core.job import LIVE, Job, Reason, State, Timing
from dishwasher.core.result import Result
from dishwasher.flow import attempt, settle
from dishwasher.flow.dispatch import Dispatch
from dishwasher.flow.keep import keep_result
from dishwasher.flow.reap import Reap
from dishwasher.flow.settle import Settle
from dishwasher.flow.verdict import Verdicts
from dishwasher.ports import Record

from tests.sim.without import worlds
from tests.sim.without.patch import Mutant


def nothing(*_: Any, **__: Any) -> None:
    """Instead of what protects."""


def claim_blindly(self: Dispatch, claimed: Job, build: Build) -> bool:
    """Writes over whatever is there now."""
    if claimed.spec.kind is Kind.DEPLOYMENT:
        return true_claim(self, claimed, build)
    now = self.store.get(Job, claimed.id)
    self.store.save(replace(claimed, version=now.version if now else 0))
    return True


def unfenced(_: Job, __: int) -> None:
    """Lets any attempt speak."""


def conclude_again(found: Job, reason: Any, detail: str, now: float) -> Job:
    """Takes a second end as well as the first."""
    return true_conclude(replace(found, state=State.RUNNING), reason, detail, now)


def never_renewed(found: Job, now: float, timing: Timing) -> Job:
    return found


def claim_without_deadline(found: Job, *words: Any) -> Job:
    return replace(true_job_claim(found, *words), deadline=0.0)


def retry_for_ever(found: Job, now: float, timing: Timing, cause: str = "") -> Job:
    return true_expire(replace(found, infra_retries=0, lost_retries=0), now, timing, cause)


def save_with_late_counter(self: Verdicts, before: Job, after: Job) -> Job:
    """Reads the counter only when it has decided, so that it fences nothing of what it read."""
    if not after.is_over or before.is_over:
        return true_save(self, before, after)
    siblings = {found.id: found for found in self.store.group(Job, after.build)}
    siblings[after.id] = after
    moved = plan.advance(siblings.values(), self.clock.now(), self.timing)
    build = self.store.get(Build, after.build)
    assert build is not None
    ended = 1 + sum(found.is_over for found in moved)
    counted = replace(build, settled=build.settled + ended)
    records: list[Record] = [counted, after, *moved]
    records += self._listed(counted, (*siblings.values(), *moved))
    held = self._held(after, build)
    if held is not None:
        unknown = after.reason is Reason.UNKNOWN_EFFECT
        records.append(deploy.release(held, after.id, unknown=unknown))
    self.store.save(*records)
    self._ring(after, (after, *moved))
    return replace(after, version=after.version + 1)


def expire_unseen(self: Reap, found: Job) -> None:
    """Does not look whether the runner has spoken since the list was made."""
    self.verdicts.change(
        found.id,
        lambda current: (
            lifecycle.expire(current, self.clock.now(), self.timing)
            if current.state in LIVE
            else current
        ),
    )
    self.fleet.stop(found.attempt_id)


def result_after_verdict(self: Settle, attempt_id: str, token: str, result: Result) -> None:
    current = self.attempts.authorised(attempt_id, token)
    number = current.attempt

    def concluded(found: Job) -> Job:
        lifecycle.fence(found, number)
        return self._verdict(found, result)

    self.verdicts.change(current.id, concluded)
    keep_result(self.blobs, current, result)


true_claim = Dispatch._claim
true_conclude = lifecycle.conclude
true_job_claim = lifecycle.claim
true_expire = lifecycle.expire
true_save = Verdicts._save


MUTANTS = (
    Mutant(
        "blind-claim",
        "compare-and-set of a claim",
        # Written over the end of a job, it opens a build that is over.
        "(S1 .* (was claimed while|went from|two runners)|S8 the line of .* while over: False)",
        ((Dispatch, "_claim", claim_blindly),),
    ),
    Mutant(
        "unfenced",
        "the fence and the one end",
        "(S2 |S10 .* ends by the word of)",
        (
            (attempt, "fence", unfenced),
            (settle, "fence", unfenced),
            (lifecycle, "conclude", conclude_again),
        ),
        worlds.SLOW_WORDS,
        "release",
    ),
    Mutant(
        "no-renewal",
        "the renewal of leases",
        "L6 healthy .* ended as (lost|unknown_effect)",
        ((lifecycle, "beat", never_renewed),),
    ),
    Mutant(
        "no-start-deadline",
        "the limit of a start",
        "L2 .* is starting",
        ((lifecycle, "claim", claim_without_deadline),),
    ),
    Mutant(
        "endless-retries",
        "the limit of retries",
        "(S1 .* is tried for ever|S10 .* has begun)",
        ((lifecycle, "expire", retry_for_ever),),
    ),
    Mutant(
        "no-build-counter",
        "the build's counter as a fence",
        "L2 .* is blocked",
        ((Verdicts, "_save", save_with_late_counter), (Verdicts, "advance", nothing)),
        worlds.STALLING,
        "crowd",
    ),
    Mutant(
        "hasty-reaper",
        "the second look at a lease",
        "S1 the lease of",
        ((Reap, "_expire", expire_unseen),),
    ),
    Mutant(
        "result-after",
        "the words before the verdict",
        "L2 check run .* annotations",
        ((Settle, "__call__", result_after_verdict),),
        worlds.SHORT_ZOMBIES,
        "day",
    ),
)
