"""What a build is, which jobs it has, and which of them move next."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from dishwasher.core.build import Build
from dishwasher.core.config import JobSpec, Kind
from dishwasher.core.event import NO_COMMIT, Event, Happening
from dishwasher.core.job import MEETS_A_NEED, Job, Reason, State, Timing
from dishwasher.core.lifecycle import block, conclude, queue, reflect
from dishwasher.core.selection import JUDGED_BY_PATHS, Planned

CONFIG_JOB = "config"
"""Name of the check run that shows the mistakes of a configuration, or advice about it."""
FAILS_FAST = frozenset(
    {
        Reason.FAILED,
        Reason.TIMED_OUT,
        Reason.LOST,
        Reason.INFRA,
        Reason.REFUSED,
        Reason.UNKNOWN_EFFECT,
    }
)
"""Ends of a job after which a configuration may ask to start nothing more."""
OTHER_CONFIG_JOB = "configuration"
"""Its name where a job of the file is called `config`."""


def scope(event: Event, planned: Iterable[Planned], side: str = "") -> str:
    """What makes a build of this commit a different one, besides repository and commit.

    Checks of one commit are built once, whoever asks, and once more for each merge of it that has
    another tree. A push that deploys is its own build, told
    apart by what the branch pointed at before and by when it was pushed: pushing back and forth
    deploys each time, a redelivery does not. So is each re-run, what a label asks for, each build
    that a clock or a hand started, that of a stranger's commit, which one of the team may push as
    well (`side`), and a build of which other checks are filtered out.
    """
    if event.rerun:
        return f"rerun\n{event.delivery}"
    planned = tuple(planned)
    if event.label and planned:
        return f"label\n{event.delivery}"
    if event.happening in (Happening.SCHEDULE, Happening.MANUAL):
        return f"{event.happening}\n{event.delivery}"
    if any(one.runs and one.spec.kind is Kind.DEPLOYMENT for one in planned):
        ref = event.branch or f"tag {event.tag}"
        return f"{ref}\n{event.before}\n{event.pushed_at}"
    filtered = [one.spec.name for one in planned if one.is_shown and not one.runs]
    tree = event.pull_request.tree if event.pull_request else ""
    elsewhere = [one.spec.name for one in planned if one.elsewhere]
    sides = [side] if side else []
    parts = (
        ("side", sides),
        ("merged", [tree] if tree else []),
        ("without", filtered),
        ("beside", elsewhere),
    )
    return "\n".join(line for word, names in parts if names for line in (word, *names))


def base_of(event: Event) -> str:
    """The ref or commit whose merge base with the head begins the event's changes.

    Empty when the push says it exactly (`before`), because it went onto the default branch. A tag
    changes nothing.
    """
    if event.tag:
        return event.sha
    if event.pull_request is not None:
        return event.pull_request.base_sha
    if event.branch == event.repository.default_branch and event.before != NO_COMMIT:
        return ""
    return event.repository.default_branch


def changed_since(event: Event) -> str:
    """The ref or commit that an event's changed paths are counted from; empty where none is.

    Of any other branch than the default one all that it changes counts, whatever was pushed last: a
    job that has failed would otherwise be skipped, as GitHub lets it merge, by one more commit.
    """
    if event.happening not in JUDGED_BY_PATHS:
        return ""
    if event.pull_request is not None:
        return event.pull_request.base_sha
    default = event.repository.default_branch
    if event.branch != default:
        return default
    # All of the first branch is new.
    return "" if event.before == NO_COMMIT else event.before


def tells_changes(event: Event, status: str) -> bool:
    """Whether a comparison since then, which goes from the merge base, has all that has changed.

    A default branch that was forced back has lost what the comparison does not show.
    """
    if event.pull_request is not None:
        return True
    own = event.branch != event.repository.default_branch
    return status == "ahead" or (status == "diverged" and own)


def near_base(event: Event) -> str:
    """A commit near that merge base, where GitHub does not tell it; empty when there is none."""
    if event.pull_request is not None:
        return event.pull_request.base_sha
    return "" if event.before == NO_COMMIT else event.before


def jobs(build: str, planned: Iterable[Planned], now: float, timing: Timing) -> tuple[Job, ...]:
    """The jobs of a new build: ready where nothing is needed, blocked elsewhere.

    A check that the event leaves out is concluded at once, so that who requires it is answered.
    """
    shown = [one for one in planned if one.is_shown]
    ids = {one.spec.name: job_id(build, position) for position, one in enumerate(shown)}
    running = {one.spec.name for one in shown if one.runs}
    made = []
    for position, one in enumerate(shown):
        names = () if one.mirrors else one.spec.needs
        needs = tuple(ids[name] for name in names if name in running)
        job = Job(ids[one.spec.name], build, position, one.spec, needs, State.BLOCKED, created=now)
        job = replace(job, mirrors=one.mirrors, silent=one.silent or bool(one.mirrors))
        if not one.runs:
            made.append(conclude(job, Reason.FILTERED, one.left_out, now))
        else:
            waits = needs or one.mirrors
            made.append(block(job, now, timing) if waits else queue(job, now, timing))
    return tuple(made)


def job_id(build: str, position: int) -> str:
    return f"{build}-{position}"


def config_job(build: str, detail: str, now: float) -> Job:
    """The check run that carries the mistakes of a configuration."""
    return _about_config(build, 0, CONFIG_JOB, Reason.CONFIG, detail, now)


def advice_job(build: str, others: Sequence[Job], detail: str, now: float) -> Job:
    """The check run beside the other jobs that carries advice about the configuration."""
    taken = any(job.spec.name == CONFIG_JOB for job in others)
    name = OTHER_CONFIG_JOB if taken else CONFIG_JOB
    return _about_config(build, len(others), name, Reason.ADVISORY, detail, now)


def _about_config(
    build: str, position: int, name: str, reason: Reason, detail: str, now: float
) -> Job:
    spec = JobSpec(name, Kind.CHECK, 1)
    job = Job(job_id(build, position), build, position, spec, (), State.BLOCKED, created=now)
    return conclude(job, reason, detail, now)


def is_about_config(job: Job) -> bool:
    """Whether it is such a check run, which nobody runs, and not a job that is called so."""
    return any(job.spec == JobSpec(name, Kind.CHECK, 1) for name in (CONFIG_JOB, OTHER_CONFIG_JOB))


def advance(
    all_jobs: Iterable[Job],
    now: float,
    timing: Timing,
    *,
    fail_fast: bool = False,
    others: Mapping[str, Job | None] | None = None,
) -> tuple[Job, ...]:
    """The blocked jobs that move now: queued, or concluded because a need failed, transitively.

    With `fail_fast`, one that failed ends all that have not started. `others` are the jobs by id
    that run in the place of some of these, where somebody has looked.
    """
    state = {job.id: job for job in all_jobs}
    moved = {job.id: job for job in _ended_early(state.values(), now)} if fail_fast else {}
    state |= moved
    while True:
        step = [
            after
            for job in state.values()
            if job.state is State.BLOCKED
            and (after := _unblock(job, state, others or {}, now, timing)) != job
        ]
        if not step:
            return tuple(moved.values())
        for job in step:
            state[job.id] = moved[job.id] = job


def _ended_early(all_jobs: Collection[Job], now: float) -> list[Job]:
    failed = ", ".join(job.spec.name for job in all_jobs if job.reason in FAILS_FAST)
    detail = f"Not started, because {failed} failed and this configuration then stops."
    return [
        conclude(job, Reason.CANCELLED, detail, now)
        for job in all_jobs
        if failed and job.state in (State.BLOCKED, State.QUEUED)
    ]


def _unblock(
    job: Job,
    state: Mapping[str, Job],
    others: Mapping[str, Job | None],
    now: float,
    timing: Timing,
) -> Job:
    if job.mirrors:
        return reflect(job, others[job.mirrors], now) if job.mirrors in others else job
    needs = [state[need] for need in job.needs if need in state]
    failed = [need for need in needs if need.is_over and need.reason not in MEETS_A_NEED]
    if failed:
        names = ", ".join(need.spec.name for need in failed)
        return conclude(job, Reason.NEED_FAILED, f"Not started, because of {names}.", now)
    if all(need.is_over for need in needs):
        return queue(job, now, timing)
    return job


def rerun(all_jobs: Sequence[Job], *wanted: str) -> tuple[JobSpec, ...]:
    """The specs that a re-run of the jobs with these ids builds, in their order.

    With it run the needs that did not succeed, and what was held back for want of any of these;
    of deployments only those that a wanted job held back, because nobody asked for the others.
    """
    by_id = {job.id: job for job in all_jobs}
    chosen = set(wanted)
    while True:
        more = {
            need
            for job in chosen
            for need in by_id[job].needs
            if by_id[need].reason not in MEETS_A_NEED
        }
        more |= {
            job.id
            for job in all_jobs
            if job.reason is Reason.NEED_FAILED
            and chosen.intersection(job.needs)
            and (job.spec.kind is Kind.CHECK or not set(wanted).isdisjoint(job.needs))
        }
        if more <= chosen:
            return tuple(job.spec for job in all_jobs if job.id in chosen)
        chosen |= more


def unfinished_checks(build: Build, all_jobs: Iterable[Job]) -> tuple[Job, ...]:
    """What nobody needs of a build that is obsolete; deployments go on."""
    return tuple(
        job
        for job in all_jobs
        if job.build == build.id and not job.is_over and job.spec.kind is Kind.CHECK
    )
