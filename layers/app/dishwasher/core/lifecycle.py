"""How a job moves: `blocked → queued → starting → running → concluded`, fenced by attempt.

Every function takes a job and returns the next one; a flow stores it by compare-and-set. A write
that carries an old attempt number finds itself refused by `fence`.
"""

from __future__ import annotations

from dataclasses import replace

from dishwasher.core.config import Kind
from dishwasher.core.job import LIVE, Job, Reason, State, Timing
from dishwasher.core.size import ANY, Size
from dishwasher.errors import Refused

MAY_BE_ALLOWED = frozenset({Reason.FAILED, Reason.TIMED_OUT, Reason.LOST, Reason.INFRA})
"""Ends that become advice where the job is allowed to fail."""
ALLOWED = "This job may fail, and did."

INFRA_RETRIES = 2
"""New attempts after an attempt that died before the first user command."""
LOST_RETRIES = 1
"""New attempts of a check that died later; a deployment never gets one."""
REPORT_AFTER = 30.0
"""Seconds after which a verdict that GitHub has not been told gets its bell rung again."""


def fence(job: Job, attempt: int) -> None:
    """Refuse a word from any attempt but the live one."""
    if job.attempt != attempt or job.state not in LIVE:
        raise Refused("this attempt is over; its words change nothing any more")


def block(job: Job, now: float, timing: Timing) -> Job:
    """It waits for its needs; the deadline makes the reaper look at them again."""
    return replace(job, state=State.BLOCKED, deadline=now + timing.start)


def queue(job: Job, now: float, timing: Timing) -> Job:
    """All needs are met: ready for a runner. The deadline makes the reaper ring again."""
    bill = job.bill.ended(now)
    return replace(job, state=State.QUEUED, deadline=now + timing.start, bill=bill)


def claim(job: Job, code: str, now: float, timing: Timing, size: Size = ANY) -> Job:
    """Begin a new attempt of that size, whose runner shall show the code of this digest."""
    if job.state is not State.QUEUED:
        raise Refused(f"the job is {job.state}, not queued")
    return replace(
        job,
        state=State.STARTING,
        attempt=job.attempt + 1,
        code=code,
        token="",
        deadline=now + (size.start or timing.start),
        size=size.name,
        bill=job.bill.begun(size.rate, now),
    )


def unclaim(job: Job, now: float, until: float) -> Job:
    """A limit lets no runner begin before that time: it waits, and loses no attempt by it.

    Its number stays used, so that a runner which began all the same finds itself refused.
    """
    since, bill = job.crowded or now, job.bill.unused()
    return replace(job, state=State.QUEUED, code="", deadline=until, crowded=since, bill=bill)


def outgrow(job: Job, why: str, size: Size, now: float, timing: Timing) -> Job:
    """It died for want of room, and begins anew on that runner. `why`: a sentence for people."""
    return queue(replace(job, outgrown=why, size=size.name, code="", token=""), now, timing)


def may_outgrow(job: Job) -> bool:
    """Where what it did may be done twice: once in its life, and not while it is to stop."""
    check = job.spec.kind is Kind.CHECK and job.spec.repeatable
    return check and not (job.outgrown or job.cancel) and job.state in LIVE


def fence_claim(job: Job, attempt: int, code: str) -> None:
    """Refuse what a claim says of an attempt that another claim of the same code has won."""
    fence(job, attempt)
    if job.code != code:
        raise Refused("the one-time code has been used meanwhile")


def redeem(job: Job, token: str) -> Job:
    """The runner has shown its code: it is used up, and the token of this digest is its key."""
    return replace(job, code="", token=token, crowded=0.0)


def start(job: Job, now: float, timing: Timing) -> Job:
    """The runner is about to run the first user command; a repeated word changes nothing."""
    if job.state is not State.STARTING:
        return job
    return replace(job, state=State.RUNNING, started=now, deadline=now + timing.lease)


def beat(job: Job, now: float, timing: Timing) -> Job:
    """The runner lives; before it has taken its ticket there is nothing to renew.

    A checkout may take longer than the time to start; the runner's own job limit ends it.
    """
    if job.state is not State.RUNNING and not (job.state is State.STARTING and job.token):
        return job
    return replace(job, deadline=max(job.deadline, now + timing.lease))


def conclude(job: Job, reason: Reason, detail: str, now: float) -> Job:
    """The end; whoever comes later changes nothing. The deadline stands until it is reported.

    Of a job that is allowed to fail, a failure is advice.
    """
    if job.is_over:
        return job
    if job.spec.allow_failure and reason in MAY_BE_ALLOWED:
        reason, detail = Reason.ADVISORY, f"{ALLOWED} {detail}"
    return replace(
        job,
        state=State.CONCLUDED,
        reason=reason,
        detail=detail,
        deadline=now + REPORT_AFTER,
        code="",
        token="",
        ended=now,
        bill=job.bill.ended(now),
    )


def reflect(job: Job, other: Job | None, now: float) -> Job:
    """It ends as the job does that runs in its place; None where that is there no more."""
    if other is None:
        return conclude(job, Reason.LOST, "The build that ran it is there no more.", now)
    if other.reason is None:
        return job
    return conclude(job, other.reason, f"Run in another build. {other.detail}".strip(), now)


def stop(job: Job, reason: Reason, why: str, now: float) -> Job:
    """Nobody wants it any more: over if it waits, and asked to end if it runs."""
    if job.is_over or job.cancel:
        return job
    if job.state in LIVE:
        return replace(job, cancel=True, cancel_as=reason, cancel_why=why)
    return conclude(job, reason, why, now)


def reported(job: Job) -> Job:
    """GitHub shows the verdict: nobody needs to look any more."""
    return replace(job, deadline=0.0)


def reported_later(job: Job, until: float) -> Job:
    """GitHub can not be told before that time; 0 for not as long as nobody wakes us."""
    if not job.is_over or not job.deadline:
        return job
    return replace(job, deadline=max(job.deadline, until) if until else 0.0)


def look_again(job: Job, now: float, timing: Timing) -> Job:
    """The bell was rung for a job that waits; ring again when this passes."""
    return replace(job, deadline=now + timing.start)


def expire(job: Job, now: float, timing: Timing, cause: str = "") -> Job:
    """The attempt ended without a verdict: a new attempt, or the end (rule 2)."""
    if job.state not in LIVE:
        return job
    if not job.token:
        job = replace(job, bill=job.bill.unused())
    if job.state is State.RUNNING and job.spec.kind is Kind.DEPLOYMENT:
        detail = (
            "The runner was lost while the deployment ran, so nobody knows how far it came. "
            "Look at the environment, then re-run this check if it shall deploy again."
        )
        return conclude(job, Reason.UNKNOWN_EFFECT, detail, now)
    if job.state is State.RUNNING and not job.spec.repeatable:
        detail = (
            "The runner was lost while the job ran. Its commands may have had effects, so they "
            "were not run again: look at what they change, then re-run this check."
        )
        return conclude(job, Reason.UNKNOWN_EFFECT, detail, now)
    if job.cancel:
        why = f"{job.cancel_why or 'Cancelled.'} Its runner did not answer."
        return conclude(job, job.cancel_as, why, now)
    if job.state is State.STARTING:
        return _expire_before_effects(job, now, timing, cause)
    if job.lost_retries >= LOST_RETRIES:
        detail = f"The runner was lost {job.lost_retries + 1} times while the job ran."
        return conclude(job, Reason.LOST, detail, now)
    return queue(replace(job, lost_retries=job.lost_retries + 1, code="", token=""), now, timing)


def _expire_before_effects(job: Job, now: float, timing: Timing, cause: str) -> Job:
    if job.infra_retries >= INFRA_RETRIES:
        detail = f"No runner came up in {job.infra_retries + 1} attempts. {cause}".strip()
        return conclude(job, Reason.INFRA, detail, now)
    return queue(replace(job, infra_retries=job.infra_retries + 1, code="", token=""), now, timing)
