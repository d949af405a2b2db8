"""The summary of a check run: what it is doing, or how it ended and what it brought."""

from __future__ import annotations

from collections.abc import Sequence

from dishwasher.core.annotation import MAX_ANNOTATIONS
from dishwasher.core.bill import told
from dishwasher.core.build import Build
from dishwasher.core.config import Uses
from dishwasher.core.findings import Finding
from dishwasher.core.job import Job, Reason
from dishwasher.core.link import artifact_url, bundle_url, link, log_url
from dishwasher.core.markdown import fenced, folded, inert, sections
from dishwasher.core.outcome import TestCase
from dishwasher.core.rendering import RIGHT_HERE, duration, size
from dishwasher.core.result import Artifact, PhaseResult, Progress, Result, StepResult

FAILING = 20
"""Failing tests that a summary names."""
DETAILED = 5
"""Of these, as many as show what they printed."""
NOTES = 30
"""Sentences that a summary repeats."""
ELSEWHERE = 10
"""Findings that are listed because they are on lines that the change has not added."""
FILES = 50
STRANGE = "These files were made by a stranger's commit: look at them before you run any."
STEPS = 50


def running(job: Job, build: Build, progress: Progress | None, details_url: str) -> str:
    """What a job does that has not ended."""
    parts = [inert(job.detail, 1000)] if job.detail else []
    if job.outgrown:
        parts.append(inert(job.outgrown, 1500))
    parts.append(f"[Follow it here]({details_url})")
    if progress is not None and progress.phases:
        parts.append(_steps(progress.phases))
    if build.requests and job.started:
        parts.append("To stop it, comment `/cancel` on the pull request.")
    parts.extend(inert(note, 500) for note in build.pending)
    return sections(parts)


def ended(
    job: Job,
    build: Build,
    result: Result | None,
    details_url: str,
    elsewhere: tuple[Finding, ...] = (),
    annotated: int = 0,
) -> str:
    """How it ended; `elsewhere` are findings that are no annotations."""
    parts = [inert(job.detail, 1000)] if job.detail else []
    parts.append(f"[Log and details]({log_url(details_url, result)})")
    if result is not None:
        if result.tail and job.reason is not Reason.OK:
            parts.append(fenced(result.tail))
        parts.extend(_tests(result))
        parts.extend(_findings(result, _untold(result, elsewhere), annotated))
        if result.findings and job.spec.uses is Uses.SPELLING:
            parts.append(RIGHT_HERE)
        parts.extend(_artifacts(result.artifacts, details_url))
        if result.artifacts and not build.is_trusted:
            parts.append(STRANGE)
        parts.extend(inert(note, 500) for note in result.notes[:NOTES])
    parts.extend(inert(note, 500) for note in build.notes_at(job.position)[:NOTES])
    if result is not None and result.phases:
        parts.append(folded("Steps", _steps(result.phases)))
    if job.outgrown:
        parts.append(f"Attempt {job.attempt}. {inert(job.outgrown, 1500)}")
    elif job.lost_retries or job.infra_retries:
        parts.append(f"Attempt {job.attempt}: an earlier one lost its runner.")
    parts.extend(_circumstances(job, build, result))
    return sections(parts)


def _steps(phases: Sequence[PhaseResult]) -> str:
    """Phases and steps with their times; who is there without one is what runs now."""
    rows: list[str] = []
    for phase in phases:
        time = f" {duration(phase.seconds)}" if phase.reason is not None else " …"
        mark = f", {phase.reason}" if phase.reason not in (None, Reason.OK) else ""
        again = f" (try {phase.tries})" if phase.tries > 1 else ""
        rows.append(f"- **{inert(phase.name)}**{again}{time}{mark}")
        rows.extend(f"  - {_step(step)}" for step in phase.steps)
    if len(rows) > STEPS:
        rows = [f"- {len(rows) - STEPS} earlier ones", *rows[-STEPS:]]
    return "\n".join(rows)


def _step(step: StepResult) -> str:
    if step.background:
        return f"{inert(step.command, 100)} (in the background)"
    if step.exit_code is None:
        return f"{inert(step.command, 100)} …"
    code = f", ended with {step.exit_code}" if step.exit_code else ""
    return f"{inert(step.command, 100)} {duration(step.seconds)}{code}"


def _tests(result: Result) -> list[str]:
    tests = result.tests
    if tests is None:
        return []
    shown = tests.failing[:FAILING]
    rows = [f"- **{inert(case.title)}** {inert(case.message)}{_place(case)}" for case in shown]
    if rows and tests.failed > len(rows):
        rows.append(f"- and {tests.failed - len(rows)} more")
    parts = ["\n\n".join(filter(None, (f"Tests: {tests.words}", "\n".join(rows))))]
    for case in shown[:DETAILED]:
        if case.details.strip():
            printed = fenced(case.details.strip("\n").split("\n")[-30:], limit=3000)
            parts.append(folded(case.title, printed))
    return parts


def _place(case: TestCase) -> str:
    line = f":{case.line}" if case.line else ""
    return f" ({inert(case.path, 100)}{line})" if case.path else ""


def _untold(result: Result, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Without those that stand for a test, which is named already."""
    named = {case.title for case in result.tests.failing[:FAILING]} if result.tests else set()
    return tuple(one for one in findings if one.title not in named)


def _findings(result: Result, elsewhere: tuple[Finding, ...], annotated: int) -> list[str]:
    parts = []
    if result.findings_total > len(result.findings) or len(result.findings) > MAX_ANNOTATIONS:
        parts.append(f"{result.findings_total} findings, of which {annotated} are annotated.")
    if elsewhere:
        rows = [
            f"- {inert(one.path, 100)}:{one.start_line} {inert(one.message, 150)}"
            for one in elsewhere[:ELSEWHERE]
        ]
        if len(elsewhere) > len(rows):
            rows.append(f"- and {len(elsewhere) - len(rows)} more")
        word = "finding is" if len(elsewhere) == 1 else "findings are"
        said = f"{len(elsewhere)} {word} on lines that this change does not add:"
        parts.append(f"{said}\n\n" + "\n".join(rows))
    return parts


def _artifacts(kept: Sequence[Artifact], page: str) -> list[str]:
    """Each with a link; a folder of several as one archive too."""
    if not kept:
        return []
    rows = [
        f"- {link(one.path, artifact_url(page, one.path))} ({size(one.size)})"
        for one in kept[:FILES]
    ]
    if len(kept) > len(rows):
        rows.append(f"- and {len(kept) - len(rows)} more")
    folders: dict[str, int] = {}
    for one in kept:
        top, slash, _ = one.path.partition("/")
        if slash:
            folders[top] = folders.get(top, 0) + 1
    whole = [
        f"{link(f'{name}.tar.gz', bundle_url(page, name))} ({count} files)"
        for name, count in folders.items()
        if count > 1
    ][:5]
    if len(kept) > 1:
        whole.append(link("everything.tar.gz", bundle_url(page)))
    return ["**Artifacts**\n\n" + "\n".join(rows), *([" · ".join(whole)] if whole else [])]


def _circumstances(job: Job, build: Build, result: Result | None) -> list[str]:
    """What was built, how long that took, and within which walls."""
    request, facts = build.event.pull_request, []
    if request is not None and request.merge:
        merged = f"{build.event.sha[:7]} merged into {inert(request.base_ref)}"
        facts.append(f"Built: {merged} at {request.base_sha[:7]}")
    if job.started and job.ended:
        waited = job.started - job.created
        queued = f" after {duration(waited)} of waiting" if waited >= 1 else ""
        facts.append(f"Took {duration(job.ended - job.started)} of a runner{queued}")
    if result is not None and result.sandbox:
        facts.append(f"Sandbox: {inert(result.sandbox, 20)}")
    if cost := told(job.bill.spent, build.spent if build.is_over else 0.0):
        facts.append(cost)
    return [". ".join(facts) + "."] if facts else []
