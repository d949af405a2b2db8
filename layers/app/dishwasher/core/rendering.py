"""A job and its result → the check run that GitHub should show."""

from __future__ import annotations

import re
from dataclasses import replace

from dishwasher.core.findings import Finding, Level
from dishwasher.core.job import ALLOWED, Job, Reason, State
from dishwasher.core.markdown import fenced, inert, printable, sections
from dishwasher.core.report import Check, Status
from dishwasher.core.result import Result, StepResult

MAX_ANNOTATIONS = 300
"""A check run shows no more; the summary says how many findings there are."""
MAX_MESSAGE = 16_000
"""Characters; GitHub's limit is 64 KB of an annotation's message, at most 4 bytes a character."""
MAX_TITLE = 255
"""Characters of an annotation's title, which is safe for a check run's, too, as that has no rule.

https://docs.github.com/en/rest/checks/runs
"""
FAILING = 20
"""Failing tests that a summary names."""
NOTES = 30
"""Sentences that a summary repeats."""
MAX_LINE = 2**31 - 1
_DRIVE = re.compile(r"[A-Za-z]:")

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

VERDICT = {
    Reason.OK: "Passed",
    Reason.FAILED: "Failed",
    Reason.CONFIG: "The configuration has mistakes",
    Reason.LOST: "The runner was lost",
    Reason.INFRA: "Dishwasher failed, not your code",
    Reason.TIMED_OUT: "Timed out",
    Reason.CANCELLED: "Cancelled",
    Reason.SUPERSEDED: "Superseded by a newer commit",
    Reason.NEED_FAILED: "Not started",
    Reason.FILTERED: "Filtered",
    Reason.ADVISORY: "Advice",
    Reason.REFUSED: "Refused",
    Reason.AWAITING_APPROVAL: "Waits for approval",
    Reason.UNKNOWN_EFFECT: "The outcome is unknown",
}


def render(
    job: Job, sha: str, result: Result | None, details_url: str, notes: tuple[str, ...] = ()
) -> Check:
    """The check run that this job should show; `result` is None until there is one.

    `notes` say what is to be known of the whole build.
    """
    status = STATUS[job.state]
    return Check(
        name=f"dishwasher / {job.spec.name}",
        head_sha=sha,
        external_id=job.id,
        details_url=details_url,
        status=status,
        title=_title(job, status),
        summary=_summary(job, result, details_url, notes),
        conclusion=job.conclusion,
        annotations=annotate(result.findings) if result and job.is_over else (),
        started_at=job.started or job.created,
        # A clock that was set back must not end a job before its start.
        completed_at=job.ended and max(job.ended, job.started, job.created),
    )


def annotate(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """The findings as GitHub takes them, worst first, as many as a check run shows."""
    order = {level: place for place, level in enumerate(Level)}
    kept = [clean for finding in findings if (clean := _clean(finding)) is not None]
    return tuple(sorted(kept, key=lambda finding: order[finding.level])[:MAX_ANNOTATIONS])


def _clean(finding: Finding) -> Finding | None:
    """The finding within GitHub's rules; None when its path can not be one of the repository."""
    path = finding.path.removeprefix("./")
    parts = path.split("/")
    if not path or path != printable(path) or _DRIVE.match(path) or "\\" in path:
        return None
    if not {"", ".", ".."}.isdisjoint(parts) or "\n" in path or "\t" in path:
        return None
    start = min(max(finding.start_line, 1), MAX_LINE)
    end = min(max(finding.end_line, start), MAX_LINE)
    column, end_column = finding.start_column, finding.end_column
    if start != end or not column or column < 1:
        column = end_column = None
    return replace(
        finding,
        path=path,
        start_line=start,
        end_line=end,
        message=printable(finding.message)[:MAX_MESSAGE] or "(no message)",
        title=" ".join(printable(finding.title).split())[:MAX_TITLE],
        start_column=column and min(column, MAX_LINE),
        end_column=min(max(end_column, column), MAX_LINE) if column and end_column else None,
    )


def _title(job: Job, status: Status) -> str:
    if job.reason is None:
        return WAITING[status]
    word = verdict(job, job.reason)
    if job.started and job.ended:
        comma = "," if "," in word else ""
        return f"{word}{comma} in {duration(job.ended - job.started)}"
    return word


def verdict(job: Job, reason: Reason) -> str:
    """How the job ended, in a few words."""
    if reason is Reason.ADVISORY and job.detail.startswith(ALLOWED):
        return "Failed, as it may"
    return VERDICT[reason]


def _summary(job: Job, result: Result | None, details_url: str, notes: tuple[str, ...]) -> str:
    parts = [inert(job.detail, 1000)] if job.detail else []
    if job.reason is None:
        parts.append(f"[Follow it here]({details_url})")
        return sections(parts)
    if result is not None:
        if result.tail and job.reason is not Reason.OK:
            parts.append(fenced(result.tail))
        parts.extend(_tests(result))
        parts.extend(_findings(result))
        parts.extend(_artifacts(result))
        parts.extend(inert(note, 500) for note in result.notes[:NOTES])
        parts.extend([f"Sandbox: {inert(result.sandbox, 20)}"] if result.sandbox else [])
    parts.extend(inert(note, 500) for note in notes[:NOTES])
    if job.lost_retries or job.infra_retries:
        parts.append(f"Attempt {job.attempt}: an earlier one lost its runner.")
    parts.insert(1 if job.detail else 0, f"[Log and details]({details_url})")
    return sections(parts)


def _tests(result: Result) -> list[str]:
    tests = result.tests
    if tests is None:
        return []
    rows = [f"- **{inert(case.title)}** {inert(case.message)}" for case in tests.failing[:FAILING]]
    if tests.failed > len(rows):
        rows.append(f"- and {tests.failed - len(rows)} more")
    return ["\n\n".join(filter(None, (f"Tests: {tests.words}", "\n".join(rows))))]


def _findings(result: Result) -> list[str]:
    shown = len(annotate(result.findings))
    if result.findings_total > shown:
        return [f"{result.findings_total} findings, of which {shown} are annotated."]
    return []


def _artifacts(result: Result) -> list[str]:
    if not result.artifacts:
        return []
    rows = [
        f"- {inert(artifact.path)} ({size(artifact.size)})" for artifact in result.artifacts[:50]
    ]
    if len(result.artifacts) > len(rows):
        rows.append(f"- and {len(result.artifacts) - len(rows)} more")
    return ["**Artifacts**\n\n" + "\n".join(rows)]


def duration(seconds: float) -> str:
    """A time for people: `under 0.1 s`, `0.4 s`, `12 s`, `3 min 20 s`."""
    if seconds < 0.05:
        return "under 0.1 s"
    if seconds < 10:
        return f"{max(seconds, 0.0):.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def used(step: StepResult) -> str:
    """What a step has taken of the machine; empty where nothing is known."""
    parts = [f"{duration(step.cpu_seconds)} of processor time"] if step.cpu_seconds else []
    parts += [f"{size(step.peak_bytes)} of memory at most"] if step.peak_bytes else []
    return ", ".join(parts)


def size(count: int) -> str:
    """Bytes for people: `312 B`, `4.1 KB`, `12 MB`."""
    value, units = float(count), ["B", "KB", "MB", "GB"]
    while value >= 1000 and len(units) > 1:
        value /= 1000
        units.pop(0)
    return (
        f"{value:.1f} {units[0]}" if value < 10 and units[0] != "B" else f"{value:.0f} {units[0]}"
    )
