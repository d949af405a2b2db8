"""What a label that was put on a pull request, or taken off, asks for besides what is there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from dishwasher.core.job import MEETS_A_NEED, Job, Reason
from dishwasher.core.selection import Planned


@dataclass(frozen=True, slots=True)
class Relabelled:
    planned: tuple[Planned, ...]
    """Nothing else runs than what did not run before; what that needs is mirrored."""
    stopped: tuple[tuple[Job, str], ...]
    """Jobs at work that the pull request does not ask for any more, and why."""

    @property
    def is_empty(self) -> bool:
        """Whether no check run is made and none changes."""
        return not self.stopped and not any(one.is_shown for one in self.planned)


def relabelled(planned: Sequence[Planned], there: Mapping[str, Job]) -> Relabelled:
    """`there` are the commit's jobs by name, the latest of each."""
    new = {one.spec.name for one in planned if one.is_shown and _is_new(one, there)}
    wanted = {
        need for one in planned if one.spec.name in new and one.runs for need in one.spec.needs
    }
    return Relabelled(
        tuple(
            one if one.spec.name in new else _there(one, there, one.spec.name in wanted)
            for one in planned
        ),
        tuple(
            (there[one.spec.name], one.left_out)
            for one in planned
            if one.is_shown and not one.runs and one.spec.name in there
            if not there[one.spec.name].is_over
        ),
    )


def _is_new(one: Planned, there: Mapping[str, Job]) -> bool:
    """Whether it gets a check run: it runs and did not, or does not any more and stands there as
    something to act on."""
    found = there.get(one.spec.name)
    if one.runs:
        return found is None or found.reason is Reason.FILTERED
    if found is None or not found.is_over:
        return False
    return found.reason not in (*MEETS_A_NEED, Reason.FILTERED)


def _there(one: Planned, there: Mapping[str, Job], is_needed: bool) -> Planned:
    if one.runs and is_needed:
        return replace(one, mirrors=there[one.spec.name].id)
    return replace(one, elsewhere=True) if one.is_shown else one


def together(jobs: Sequence[Job], later: Iterable[Job]) -> tuple[Job, ...]:
    """A build's jobs as labels have changed them since: the latest of each name, whose needs are
    among these."""
    found = {job.spec.name: job for job in (*jobs, *later) if not job.silent}
    return tuple(
        replace(job, needs=tuple(found[name].id for name in job.spec.needs if name in found))
        for job in found.values()
    )
