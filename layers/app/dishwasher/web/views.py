"""What a page shows, as values: everything is decided here, so that templates only lay out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote

from dishwasher.core.build import Build
from dishwasher.core.config import Kind
from dishwasher.core.findings import Finding, Level
from dishwasher.core.job import CONCLUSION, Conclusion, Job, State
from dishwasher.core.rendering import duration, size, used, verdict
from dishwasher.core.result import Artifact, PhaseResult, Progress, Result, StepResult

FOLDERS_SHOWN = 20
FINDINGS_SHOWN = 200
COMMAND_LIMIT = 200
"""Characters of a command's first line that a step's heading shows."""


class Tone(StrEnum):
    """How a thing looks: its colour and its icon."""

    GOOD = "good"
    BAD = "bad"
    WARN = "warn"
    NOTE = "note"
    RUN = "run"
    WAIT = "wait"
    STOP = "stop"


TONE = {
    Conclusion.SUCCESS: Tone.GOOD,
    Conclusion.FAILURE: Tone.BAD,
    Conclusion.TIMED_OUT: Tone.BAD,
    Conclusion.ACTION_REQUIRED: Tone.WARN,
    Conclusion.NEUTRAL: Tone.NOTE,
    Conclusion.CANCELLED: Tone.STOP,
    Conclusion.SKIPPED: Tone.STOP,
}
WORD = {
    State.BLOCKED: "Waits for other jobs",
    State.QUEUED: "Queued",
    State.STARTING: "Starting",
    State.RUNNING: "Running",
}
LEVEL = {Level.FAILURE: Tone.BAD, Level.WARNING: Tone.WARN, Level.NOTICE: Tone.NOTE}


@dataclass(frozen=True, slots=True)
class CommitView:
    """The repository and the commit, with links to the forge."""

    repository: str
    repository_url: str
    sha: str
    commit_url: str
    branch: str
    """Or the tag."""
    branch_url: str
    pull_request: int
    pull_request_url: str


@dataclass(frozen=True, slots=True)
class JobView:
    """A job in one line; times are seconds since the epoch, 0 for not yet."""

    id: str
    name: str
    deployment: bool
    tone: Tone
    word: str
    detail: str
    time: str
    started: float
    ended: float
    attempt: int
    retries: str
    over: bool


@dataclass(frozen=True, slots=True)
class StepView:
    id: str
    tone: Tone
    title: str
    script: str
    """The whole command where the title does not say all of it."""
    exit: str
    time: str
    used: str = ""


@dataclass(frozen=True, slots=True)
class PhaseView:
    id: str
    tone: Tone
    name: str
    time: str
    open: bool
    steps: tuple[StepView, ...]


@dataclass(frozen=True, slots=True)
class FindingView:
    tone: Tone
    place: str
    url: str
    title: str
    message: str


@dataclass(frozen=True, slots=True)
class ArtifactView:
    path: str
    url: str
    size: str


def commit(build: Build, github_url: str) -> CommitView:
    event = build.event
    base = f"{github_url}/{quote(event.repository.full_name)}"
    number = build.pull_request or (event.pull_request.number if event.pull_request else 0)
    return CommitView(
        repository=event.repository.full_name,
        repository_url=base,
        sha=event.sha,
        commit_url=f"{base}/commit/{quote(event.sha)}",
        branch=event.branch or event.tag,
        branch_url=f"{base}/tree/{quote(event.branch or event.tag)}",
        pull_request=number,
        pull_request_url=f"{base}/pull/{number}",
    )


def job_line(job: Job, now: float) -> JobView:
    conclusion = job.conclusion
    tone = TONE[conclusion] if conclusion else _waiting(job)
    end = job.ended if job.is_over else now
    return JobView(
        id=job.id,
        name=job.spec.name,
        deployment=job.spec.kind is Kind.DEPLOYMENT,
        tone=tone,
        word=verdict(job, job.reason) if job.reason else WORD[job.state],
        detail=job.detail,
        time=duration(end - job.started) if job.started else "",
        started=job.started,
        ended=job.ended,
        attempt=job.attempt,
        retries=_retries(job),
        over=job.is_over,
    )


def phases(
    job: Job, result: Result | None, progress: Progress | None, now: float
) -> tuple[PhaseView, ...]:
    known: Sequence[PhaseResult] = result.phases if result else progress.phases if progress else ()
    return tuple(_phase(number, phase, job, now) for number, phase in enumerate(known, 1))


def findings(result: Result | None, sha: str, repository_url: str) -> tuple[FindingView, ...]:
    """The worst first; those of one level in the order in which they were found."""
    order = {level: place for place, level in enumerate(Level)}
    found = sorted(result.findings, key=lambda f: order[f.level]) if result else []
    return tuple(_finding(finding, sha, repository_url) for finding in found[:FINDINGS_SHOWN])


def artifacts(job: Job, kept: Sequence[Artifact]) -> tuple[ArtifactView, ...]:
    return tuple(
        ArtifactView(
            path=artifact.path,
            url=f"/jobs/{quote(job.id)}/artifacts/{quote(artifact.path)}",
            size=size(artifact.size),
        )
        for artifact in kept
    )


def bundles(job: Job, kept: Sequence[Artifact]) -> tuple[ArtifactView, ...]:
    """All artifacts as one file, then each folder of several; none where there is but one."""
    if len(kept) < 2:
        return ()
    url = f"/jobs/{quote(job.id)}/artifacts.tar.gz"
    folders: dict[str, list[int]] = {}
    for artifact in kept:
        folder, slash, _ = artifact.path.partition("/")
        if slash:
            folders.setdefault(folder, []).append(artifact.size)
    views = [ArtifactView("all of them", url, size(sum(one.size for one in kept)))]
    for folder, sizes in sorted(folders.items())[:FOLDERS_SHOWN]:
        if 1 < len(sizes) < len(kept):
            place = f"{url}?folder={quote(folder, safe='')}"
            views.append(ArtifactView(f"{folder}/", place, size(sum(sizes))))
    return tuple(views)


def step_id(phase: int, step: int) -> str:
    """The anchor in the log where a step begins; both count from 1, step 0 is the phase."""
    return f"s{phase}-{step}"


def _waiting(job: Job) -> Tone:
    return Tone.RUN if job.state in (State.STARTING, State.RUNNING) else Tone.WAIT


def _retries(job: Job) -> str:
    if job.lost_retries:
        return "an earlier attempt lost its runner"
    if job.infra_retries:
        return "an earlier attempt did not come up"
    return ""


def _phase(number: int, phase: PhaseResult, job: Job, now: float) -> PhaseView:
    steps = tuple(
        _step(step_id(number, place), step, job, now) for place, step in enumerate(phase.steps, 1)
    )
    if phase.reason is not None:
        tone, time = TONE[CONCLUSION[phase.reason]], duration(phase.seconds)
    else:
        tone, time = _unfinished(job), _since(phase.started, job, now)
    opened = bool(steps) and tone is not Tone.GOOD
    name = phase.name if phase.tries == 1 else f"{phase.name}, try {phase.tries}"
    return PhaseView(step_id(number, 0), tone, name, time, opened, steps)


def _step(id: str, step: StepResult, job: Job, now: float) -> StepView:
    lines = [line for line in step.command.strip().splitlines() if line.strip()]
    title = lines[0].strip() if lines else "(empty)"
    short = title if len(title) <= COMMAND_LIMIT else title[:COMMAND_LIMIT] + "…"
    script = step.command.strip() if len(lines) > 1 or short != title else ""
    if step.exit_code is None and step.log_end is None:
        return StepView(id, _unfinished(job), short, script, "", _since(step.started, job, now))
    if step.background:
        return StepView(id, Tone.GOOD, short, script, "left running", "")
    code = step.exit_code
    tone = Tone.GOOD if code == 0 else Tone.STOP if code is None else Tone.BAD
    said = "stopped" if code is None else f"exit {code}" if code else ""
    return StepView(id, tone, short, script, said, duration(step.seconds), used(step))


def _unfinished(job: Job) -> Tone:
    """What has no end yet runs, unless the job is over: then nobody saw its end."""
    return Tone.STOP if job.is_over else Tone.RUN


def _since(started: float, job: Job, now: float) -> str:
    return duration(now - started) if started and not job.is_over else ""


def _finding(finding: Finding, sha: str, repository_url: str) -> FindingView:
    line = max(finding.start_line, 1)
    return FindingView(
        tone=LEVEL[finding.level],
        place=f"{finding.path}:{line}",
        url=f"{repository_url}/blob/{quote(sha)}/{quote(finding.path)}#L{line}",
        title=finding.title,
        message=finding.message,
    )
