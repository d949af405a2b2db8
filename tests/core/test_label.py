"""What a label changes, beside the jobs that stand there."""

from __future__ import annotations

from dataclasses import replace

from dishwasher.core.config import Kind
from dishwasher.core.job import Job, Reason, State
from dishwasher.core.label import relabelled, together
from dishwasher.core.lifecycle import conclude, reflect
from dishwasher.core.selection import Planned

from tests.fakes.clock import NOON
from tests.samples import job, spec

LINT, TESTS, PREVIEW = (
    spec("lint"),
    spec("tests", needs=("lint",)),
    spec("preview", needs=("tests",)),
)


def there(**ends: Reason | None) -> dict[str, Job]:
    """Jobs by name, at work where no reason is given."""
    found = {}
    for position, (name, reason) in enumerate(ends.items()):
        made = job(id=f"first-{position}", build="first", spec=spec(name), state=State.RUNNING)
        found[name] = conclude(made, reason, "said so", NOON) if reason else made
    return found


def test_what_is_new_runs_and_mirrors_what_it_needs() -> None:
    planned = (Planned(LINT), Planned(TESTS), Planned(PREVIEW))
    found = relabelled(planned, there(lint=Reason.OK, tests=None, preview=Reason.FILTERED))
    assert found.planned == (
        Planned(LINT, elsewhere=True),
        Planned(TESTS, mirrors="first-1"),
        Planned(PREVIEW),
    )
    assert (found.stopped, found.is_empty) == ((), False)


def test_a_job_that_was_never_there_is_new() -> None:
    assert relabelled((Planned(PREVIEW),), {}).planned == (Planned(PREVIEW),)
    assert relabelled((Planned(PREVIEW, "no label"),), {}).is_empty


def test_what_is_left_out_now_is_stopped_or_shown_so_and_never_forgotten() -> None:
    out = Planned(PREVIEW, "no label")
    stopped = relabelled((out,), at_work := there(preview=None))
    assert stopped.stopped == ((at_work["preview"], "no label"),)
    assert not stopped.is_empty and not stopped.planned[0].is_shown
    assert relabelled((out,), there(preview=Reason.FAILED)).planned == (out,)
    assert relabelled((out,), there(preview=Reason.OK)).is_empty
    assert relabelled((out,), there(preview=Reason.FILTERED)).is_empty


def test_deployments_that_are_not_meant_stay_as_they_are() -> None:
    site = Planned(spec("site", kind=Kind.DEPLOYMENT), "not on a pull request")
    assert relabelled((site,), {}).planned == (site,)


def test_the_latest_of_each_name_with_needs_among_these() -> None:
    first = job(id="first-0", spec=spec("tests"))
    held = job(id="first-1", spec=replace(PREVIEW, needs=("tests", "gone")))
    later = job(id="label-1", build="label", spec=held.spec, needs=("label-0",))
    silent = job(id="label-0", build="label", spec=spec("tests"), silent=True)
    assert together((first, held), (silent, later)) == (
        first,
        replace(later, needs=("first-0",)),
    )


def test_a_mirror_ends_as_what_it_mirrors() -> None:
    waiting = job(state=State.BLOCKED, mirrors="first-0")
    (running,), (failed,) = there(a=None).values(), there(a=Reason.FAILED).values()
    assert reflect(waiting, running, NOON) == waiting
    ended = reflect(waiting, failed, NOON)
    assert (ended.reason, ended.detail) == (Reason.FAILED, "Run in another build. said so")
    assert reflect(waiting, None, NOON).reason is Reason.LOST
