"""Verdicts, times and sizes in words, the same wherever people read them."""

from __future__ import annotations

from dishwasher.core.job import Job, Reason
from dishwasher.core.lifecycle import ALLOWED
from dishwasher.core.result import StepResult

AGES = ((86_400, "day"), (3_600, "hour"), (60, "minute"))
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


RIGHT_HERE = "Is a word right here? Name it: `with: {words: […]}` of this check."


def verdict(job: Job, reason: Reason) -> str:
    """How the job ended, in a few words."""
    if reason is Reason.ADVISORY and job.detail.startswith(ALLOWED):
        return "Failed, as it may"
    return VERDICT[reason]


def duration(seconds: float) -> str:
    """A time for people: `under 0.1 s`, `0.4 s`, `12 s`, `3 min 20 s`."""
    if seconds < 0.05:
        return "under 0.1 s"
    if seconds < 10:
        return f"{max(seconds, 0.0):.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def ago(seconds: float) -> str:
    """How long something is over, for people: `just now`, `1 minute ago`, `3 days ago`."""
    for unit, name in AGES:
        count = int(seconds // unit)
        if count > 0:
            return f"{count} {name}{'s' if count > 1 else ''} ago"
    return "just now"


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
