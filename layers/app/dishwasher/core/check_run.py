"""A job and its result → the check run that GitHub should show."""

from __future__ import annotations

from dishwasher.core.added import Added
from dishwasher.core.annotation import annotate, nearby
from dishwasher.core.build import Build
from dishwasher.core.config import Kind
from dishwasher.core.job import Job, Reason, State
from dishwasher.core.plan import is_about_config
from dishwasher.core.rendering import duration, verdict
from dishwasher.core.report import Action, Check, Status
from dishwasher.core.result import Progress, Result
from dishwasher.core.summary import ended, running

STATUS = {
    State.BLOCKED: Status.QUEUED,
    State.QUEUED: Status.QUEUED,
    State.STARTING: Status.QUEUED,
    State.RUNNING: Status.IN_PROGRESS,
    State.CONCLUDED: Status.COMPLETED,
}
WAITING = {
    Status.QUEUED: "Queued",
    Status.IN_PROGRESS: "Running",
}
RERUN = Action("Re-run failed", "Run again what failed in this build.", "rerun-failed")
CANCEL = Action("Cancel", "Stop what still runs of this build.", "cancel")
FAILED = frozenset(
    {
        *(Reason.FAILED, Reason.TIMED_OUT, Reason.LOST, Reason.INFRA, Reason.CANCELLED),
        Reason.NEED_FAILED,
    }
)
"""Ends after which to run again what failed is what one may want."""


def render(
    job: Job,
    build: Build,
    result: Result | None,
    details_url: str,
    *,
    progress: Progress | None = None,
    added: Added | None = None,
) -> Check:
    """The check run that this job should show.

    `result` is None until there is one, `added` where the change's own lines are not known.
    """
    status = STATUS[job.state]
    findings = result.findings if result and job.is_over else ()
    # A refusal's findings say what to do about it, wherever that stands.
    ours = is_about_config(job) or job.reason is Reason.REFUSED
    kept = findings if ours else nearby(findings, added)
    annotations = annotate(kept)
    if job.reason is None:
        summary = running(job, build, progress, details_url)
    else:
        elsewhere = tuple(one for one in findings if one not in kept)
        summary = ended(job, build, result, details_url, elsewhere, len(annotations))
    return Check(
        name=f"dishwasher / {job.spec.name}",
        head_sha=build.event.sha,
        external_id=job.id,
        details_url=details_url,
        status=status,
        title=_title(job, status),
        summary=summary,
        conclusion=job.conclusion,
        annotations=annotations,
        started_at=job.started or job.created,
        # A clock that was set back must not end a job before its start.
        completed_at=job.ended and max(job.ended, job.started, job.created),
        actions=_actions(job, build),
    )


def _actions(job: Job, build: Build) -> tuple[Action, ...]:
    """GitHub shows buttons of what has ended only: there to cancel means the others.

    Of a deployment nothing is run again by a button that says nothing of deploying.
    """
    if job.reason not in FAILED or job.spec.kind is not Kind.CHECK:
        return ()
    return (RERUN,) if build.is_over else (RERUN, CANCEL)


def _title(job: Job, status: Status) -> str:
    if job.reason is None:
        return WAITING[status]
    word = verdict(job, job.reason)
    if job.started and job.ended:
        comma = "," if "," in word else ""
        return f"{word}{comma} in {duration(job.ended - job.started)}"
    return word
