"""A push that deploys, and a pull request of the same branch: two builds of one commit.

Both would make check runs of the same names at that commit, and GitHub takes the last of a name,
also for what a branch requires. So the pull request's are shown, and what both would run on the
same files runs once.
https://docs.github.com/en/rest/checks/runs#list-check-runs-for-a-git-reference
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from dishwasher.core.build import Build
from dishwasher.core.config import JobSpec, Kind
from dishwasher.core.event import EventKind
from dishwasher.core.job import Job, Reason
from dishwasher.core.selection import Planned, is_left_to_pushes


def deploys(planned: Iterable[Planned]) -> bool:
    return any(one.runs and one.spec.kind is Kind.DEPLOYMENT for one in planned)


def shares(planned: Iterable[Planned]) -> bool:
    """Whether a pull request builds any check of this push, too."""
    return any(one.runs and _is_shared(one.spec) for one in planned)


def _is_shared(spec: JobSpec) -> bool:
    return spec.kind is Kind.CHECK and not is_left_to_pushes(spec)


def is_of_head(build: Build) -> bool:
    """Whether it builds the very files of its commit, as one of the team's."""
    request = build.event.pull_request
    return build.is_trusted and (request is None or not request.tree)


def is_of_push(build: Build) -> bool:
    """Whether it was made for a push that brought the commit, and stands."""
    return build.event.kind is EventKind.PUSH and not (build.abandoned or build.event.rerun)


def is_for_push(build: Build, branch: str) -> bool:
    """Whether a push of the same commit to this branch has its checks from there: it is of a pull
    request from the branch, or what a merge queue has tried before it put it there."""
    if build.abandoned or build.event.rerun:
        return False
    queued = build.event.kind is EventKind.MERGE_GROUP
    return queued or (build.event.kind is EventKind.PULL_REQUEST and build.event.branch == branch)


def of_push(
    planned: Sequence[Planned], there: Mapping[str, Job], *, same: bool
) -> tuple[Planned, ...]:
    """What a push does beside the build of its pull request, whose jobs are `there` by name.

    `same`: both build the same files. Else what is deployed is checked for itself, in silence.
    """
    return tuple(_of_push(one, there.get(one.spec.name), same) for one in planned)


def _of_push(one: Planned, found: Job | None, same: bool) -> Planned:
    if one.spec.kind is Kind.DEPLOYMENT or found is None:
        return one
    if not one.runs:
        return replace(one, elsewhere=True)
    if same and _is_like(one.spec, found):
        return replace(one, mirrors=found.id)
    return replace(one, silent=True)


def of_request(planned: Sequence[Planned], there: Mapping[str, Job]) -> tuple[Planned, ...]:
    """What a pull request does beside a push of the same files that has deployed, or will."""
    answered = {
        one.spec.name
        for one in planned
        if one.is_shown and (found := there.get(one.spec.name)) is not None
        if not one.runs or _is_like(one.spec, found)
    }
    needed = {
        need
        for one in planned
        if one.runs and one.spec.name not in answered
        for need in one.spec.needs
    }
    return tuple(
        _answered(one, there[one.spec.name], one.spec.name in needed)
        if one.spec.name in answered
        else one
        for one in planned
    )


def _answered(one: Planned, found: Job, is_needed: bool) -> Planned:
    if one.runs and is_needed:
        return replace(one, mirrors=found.id)
    return replace(one, elsewhere=True)


def _is_like(spec: JobSpec, job: Job) -> bool:
    """Whether that job does the same; what it waits for may differ between events."""
    alike = replace(spec, needs=()) == replace(job.spec, needs=())
    return alike and job.reason is not Reason.FILTERED
