"""The careless variants of small parts of the flows, from which the mutants are made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dishwasher.core import deploy, job, trust
from dishwasher.core.build import Build
from dishwasher.core.config import Kind
from dishwasher.core.delivery import Delivery, Stage
from dishwasher.core.deploy import Environment
from dishwasher.core.job import LIVE, Job, State, Timing
from dishwasher.core.report import Posted, Report
from dishwasher.core.result import Result
from dishwasher.errors import Throttled
from dishwasher.flow import accept, attempt, claim, dispatch, plan, report, settle
from dishwasher.flow.accept import Accept
from dishwasher.flow.attempt import Attempts
from dishwasher.flow.claim import Claim
from dishwasher.flow.dispatch import Dispatch
from dishwasher.flow.keep import keep_result
from dishwasher.flow.plan import Plan
from dishwasher.flow.reap import Reap
from dishwasher.flow.report import Reports
from dishwasher.flow.settle import Settle
from dishwasher.flow.verdict import Verdicts
from dishwasher.ports import Clock, Record, Store


def nothing(*_: Any, **__: Any) -> None:
    """Instead of what protects."""


# Rule 1: the table is the truth, a queue is only a bell.


def reap_only_leases(self: Reap, found: Job) -> None:
    """Trusts that no bell for a waiting job or an unreported end is ever lost."""
    if found.state in LIVE:
        self._expire(found)
    else:
        self._postpone(replace(found, deadline=self.clock.now() + 30.0))


def reap_no_ends(self: Reap, found: Job) -> None:
    """Does not look whether GitHub was told of an end."""
    if not found.is_over:
        true_reap_job(self, found)


def postpone_delivery(self: Reap, delivery: Any) -> None:
    self._postpone(replace(delivery, due=self.clock.now() + 30.0))


def remembers_no_delivery(self: Accept, delivery: Any) -> Any:
    """Rings without having stored; what is not in the table is not there."""
    self.bells.ring(plan.Topic.DELIVERIES, delivery.id)
    return accept.Answer(202, delivery.id)


true_reap_job = Reap._job


# Rule 2: a claim is fenced.


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


def claim_without_deadline(found: Job, code: str, now: float, timing: Timing) -> Job:
    return replace(true_job_claim(found, code, now, timing), deadline=0.0)


def retry_for_ever(found: Job, now: float, timing: Timing, cause: str = "") -> Job:
    return true_expire(replace(found, infra_retries=0, lost_retries=0), now, timing, cause)


def save_with_late_counter(self: Verdicts, before: Job, after: Job) -> Job:
    """Reads the counter only when it has decided, so that it fences nothing of what it read."""
    if not after.is_over or before.is_over:
        return true_save(self, before, after)
    siblings = {found.id: found for found in self.store.group(Job, after.build)}
    siblings[after.id] = after
    moved = plan.plan.advance(siblings.values(), self.clock.now(), self.timing)
    build = self.store.get(Build, after.build)
    assert build is not None
    ended = 1 + sum(found.is_over for found in moved)
    records: list[Record] = [replace(build, settled=build.settled + ended), after, *moved]
    held = self._held(after, build)
    if held is not None:
        unknown = after.reason is job.Reason.UNKNOWN_EFFECT
        records.append(deploy.release(held, after.id, unknown=unknown))
    self.store.save(*records)
    self._ring(after, (after, *moved))
    return replace(after, version=after.version + 1)


def expire_unseen(self: Reap, found: Job) -> None:
    """Does not look whether the runner has spoken since the list was made."""
    self.verdicts.change(
        found.id,
        lambda current: (
            job.expire(current, self.clock.now(), self.timing) if current.state in LIVE else current
        ),
    )
    self.fleet.stop(found.attempt_id)


def result_after_verdict(self: Settle, attempt_id: str, token: str, result: Result) -> None:
    current = self.attempts.authorised(attempt_id, token)
    number = current.attempt

    def concluded(found: Job) -> Job:
        job.fence(found, number)
        return self._verdict(found, result)

    self.verdicts.change(current.id, concluded)
    keep_result(self.blobs, current, result)


true_claim = Dispatch._claim
true_conclude = job.conclude
true_job_claim = job.claim
true_expire = job.expire
true_save = Verdicts._save


# Rule 3: reporting is level-triggered and serialised.


def take_anyway(store: Store, clock: Clock, key: str, hold: float) -> Claim | None:
    """Takes the claim of whoever has it."""
    found = store.get(Report, key)
    if found is not None and found.holder:
        store.save(replace(found, until=0.0))
    return claim.take(store, clock, key, hold)


def report_whoever_holds(self: Claim) -> Report:
    """Does not look whether the claim is still its own."""
    return self.store.get(Report, self.key) or Report(self.key)


def take_or_leave(store: Store, clock: Clock, key: str, hold: float) -> Claim | None:
    """Who loses the claim just leaves."""
    found = store.get(Report, key)
    if found is not None and found.until > clock.now():
        if found.holder:
            return None
        raise Throttled("it waits", found.until)
    return claim.take(store, clock, key, hold)


def believe_unmade(
    self: Reports, held: Claim, repository: Any, check: Any, posted: Posted
) -> Posted:
    return held.note(replace(posted, doubtful=False))


def sweep_nothing(self: Reports, held: Claim, repository: Any) -> None:
    if held.report().sweep:
        held.sweep_at(0.0)


def never_doubt(self: Claim, posted: Posted) -> Posted:
    """Does not note that a call has begun."""
    if posted.doubtful:
        return posted
    return true_note(self, posted)


def warn_if_held(self: Claim, time: float) -> None:
    """Says nothing when the claim is lost, which is when it matters."""
    self.sweep_at(time)


def believe_the_digest(
    self: Reports, held: Claim, repository: Any, check: Any, posted: Posted
) -> Posted:
    """Takes a check run whose annotations are all there for finished."""
    if not posted.check:
        return true_resolve(self, held, repository, check, posted)
    found = self.checks.annotated(repository, posted.check)
    return held.note(replace(posted, annotations=found, doubtful=False))


def forget_annotations(
    self: Reports, held: Claim, repository: Any, check: Any, posted: Posted
) -> Posted:
    """Finds the check run again, and sends all of its annotations once more."""
    found = true_resolve(self, held, repository, check, posted)
    return held.note(replace(found, annotations=0)) if found.check else found


true_note = Claim.note
true_resolve = Reports._resolve


# Rule 4: a deploy starts at most once.


def deploy_again(found: Job, now: float, timing: Timing, cause: str = "") -> Job:
    """Treats a lost deployment as a lost check."""
    lost = found.state is State.RUNNING and found.spec.kind is Kind.DEPLOYMENT
    if not lost or found.lost_retries:
        return true_expire(found, now, timing, cause)
    retried = replace(found, lost_retries=1, code="", token="")
    return job.queue(retried, now, timing)


def no_intent(self: Attempts, current: Job, build: Any) -> tuple[Environment, ...]:
    return ()


def take_held(environment: Environment, wanted: str) -> Environment | None:
    waiting = tuple(other for other in environment.waiting if other != wanted)
    return replace(environment, holder=wanted, unknown=False, waiting=waiting)


def release_unknown(environment: Environment, held: str, *, unknown: bool) -> Environment:
    return true_release(environment, held, unknown=False)


def not_superseded(self: Dispatch, environment: Environment, build: Any) -> str:
    return ""


def not_taken_off(self: Dispatch, environment: Environment, build: Any) -> str:
    """Compares with what was deployed last and not with the branch."""
    event = build.event
    if environment.sha in ("", event.sha) or event.forced:
        return ""
    return "old" if self._holds(event, environment.sha) else ""


class Unraised(Exception):
    """Stands where a fault was caught."""


def another_id(self: Plan, *_: Any) -> str:
    """A new id for each planning, so that planning twice makes two builds."""
    return self.clock.secret()


def store_apart(
    self: Plan, delivery: Any, event: Any, jobs: tuple[Job, ...], base: str, path: str
) -> None:
    """Stores that the delivery is planned only after what was planned."""
    twin = replace(delivery, id=self.clock.secret(), version=0)
    true_store(self, twin, event, jobs, base, path)
    now = self.store.get(Delivery, delivery.id)
    stage = replace(now or delivery, stage=Stage.PLANNED, due=0.0)
    self.store.save(stage)


true_release = deploy.release
true_store = Plan._store


# Rule 5, as far as the flows hold it.


def trust_all(event: Any, branch: str | None) -> str:
    return ""


def signed_by_anybody(secret: bytes, header: str, body: bytes) -> bool:
    return True


Patch = tuple[Any, str, Callable[..., Any] | float]
MUTANTS: tuple[tuple[str, str, tuple[Patch, ...]], ...] = (
    ("no-reaper", "the reaper", ((Reap, "__call__", nothing),)),
    ("bells-trusted", "bells rung again for waiting jobs", ((Reap, "_job", reap_only_leases),)),
    ("ends-not-reaped", "unreported ends looked at again", ((Reap, "_job", reap_no_ends),)),
    ("deliveries-trusted", "bells of deliveries", ((Reap, "_delivery", postpone_delivery),)),
    ("not-stored", "deliveries stored first", ((Accept, "_keep", remembers_no_delivery),)),
    ("unseen-is-gone", "the wait for a commit", ((plan, "UNSEEN_FOR", 0.0),)),
    ("blind-claim", "compare-and-set of a claim", ((Dispatch, "_claim", claim_blindly),)),
    (
        "unfenced",
        "the fence and the one end",
        (
            (attempt, "fence", unfenced),
            (settle, "fence", unfenced),
            (job, "conclude", conclude_again),
        ),
    ),
    ("no-renewal", "the renewal of leases", ((job, "beat", never_renewed),)),
    ("no-start-deadline", "the limit of a start", ((job, "claim", claim_without_deadline),)),
    ("endless-retries", "the limit of retries", ((job, "expire", retry_for_ever),)),
    (
        "no-build-counter",
        "the build's counter as a fence",
        ((Verdicts, "_save", save_with_late_counter), (Verdicts, "advance", nothing)),
    ),
    ("hasty-reaper", "the second look at a lease", ((Reap, "_expire", expire_unseen),)),
    ("result-after", "the words before the verdict", ((Settle, "__call__", result_after_verdict),)),
    (
        "shared-reports",
        "the exclusive claim on a report",
        ((report, "take", take_anyway), (Claim, "report", report_whoever_holds)),
    ),
    ("not-dirty", "the dirty mark", ((report, "take", take_or_leave),)),
    (
        "no-look",
        "the look before a repeated POST",
        ((Reports, "_resolve", believe_unmade),),
    ),
    ("no-doubt", "the note before a POST", ((Claim, "note", never_doubt),)),
    ("no-sweep", "the sweep", ((Reports, "_sweep", sweep_nothing),)),
    ("no-warning", "the warning of a frozen writer", ((Claim, "warn", warn_if_held),)),
    (
        "digest-kept",
        "sending once more after a doubt",
        ((Reports, "_resolve", believe_the_digest),),
    ),
    ("annotations-again", "the count of annotations", ((Reports, "_resolve", forget_annotations),)),
    ("deploy-retried", "never again after a loss", ((job, "expire", deploy_again),)),
    ("no-intent", "the stored intent", ((Attempts, "_deploying", no_intent),)),
    ("no-lock", "the lock of an environment", ((deploy, "take", take_held),)),
    ("unknown-unlocked", "the lock after an unknown end", ((deploy, "release", release_unknown),)),
    ("no-order", "the order of deployments", ((Dispatch, "_superseded", not_superseded),)),
    ("rollback-ignored", "the look at the branch", ((Dispatch, "_superseded", not_taken_off),)),
    ("gone-unheard", "the end of what is gone", ((dispatch, "Gone", Unraised),)),
    (
        "planned-twice",
        "one write for the delivery and its build, whose id follows from it",
        ((Plan, "_id", another_id), (Plan, "_store", store_apart)),
    ),
    ("trusts-forks", "distrust", ((trust, "distrust", trust_all),)),
    ("unsigned", "the signature", ((accept, "signed", signed_by_anybody),)),
)
"""Name, what is taken away, and where."""
