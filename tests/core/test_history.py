from __future__ import annotations

from dataclasses import replace

import pytest
from dishwasher.core import history
from dishwasher.core.build import Build
from dishwasher.core.config import JobSpec, Kind
from dishwasher.core.event import Event, EventKind, PullRequest, Repository
from dishwasher.core.history import WORST_FIRST, begun, ended, entry_id, history_group
from dishwasher.core.job import Conclusion, Job, Reason, State

REPOSITORY = Repository(7, "acme", "site", "master", False, 1)
EVENT = Event(EventKind.PUSH, "d", REPOSITORY, "anna", "a" * 40, "master")
BUILD = Build("b1", EVENT, "", ".dishwasher.yml", 1_000.5, ("b1-0", "b1-1"), pull_request=3)


def job(position: int, reason: Reason | None = None, end: float = 0.0) -> Job:
    state = State.QUEUED if reason is None else State.CONCLUDED
    spec = JobSpec(f"job{position}", Kind.CHECK, 1)
    return Job(f"b1-{position}", "b1", position, spec, (), state, reason=reason, ended=end)


def test_a_fork_s_branch_is_not_counted_as_one_of_ours() -> None:
    """A badge shows how a branch of the repository fares, and not what strangers call theirs."""
    request = PullRequest(5, "master", 99, "master", "b" * 40)
    event = replace(EVENT, kind=EventKind.PULL_REQUEST, pull_request=request)
    assert begun(replace(BUILD, event=event), [job(0)]).branch == "pull/5"


def test_a_planned_build_is_a_line_of_its_repository() -> None:
    event = replace(EVENT, message="  Open on Sundays\n\nMore words")
    entry = begun(replace(BUILD, event=event), [job(0)])
    assert entry.group == history_group(7)
    assert (entry.title, entry.branch, entry.pull_request) == ("Open on Sundays", "master", 3)
    assert (entry.ended, entry.conclusion) == (0.0, None)
    assert begun(BUILD, [job(0)]).title == ""
    long = replace(EVENT, message="x" * 999)
    assert len(begun(replace(BUILD, event=long), []).title) == history.TITLE_LIMIT


def test_lines_sort_by_the_time_of_planning() -> None:
    times = (0.0, 9.9995, 10.0, 1e9, 3e9, 9e10)
    ids = [entry_id(replace(BUILD, created=time)) for time in times]
    assert ids == sorted(ids) and len(set(ids)) == len(times)


def test_a_line_ends_with_its_last_job() -> None:
    entry = begun(BUILD, [job(0), job(1)])
    assert ended(entry, [job(0, Reason.OK, 50.0), job(1)]) == entry
    over = ended(entry, [job(1, Reason.FAILED, 60.0), job(0, Reason.OK, 90.0)])
    assert (over.ended, over.conclusion, over.deciders) == (90.0, Conclusion.FAILURE, ("job1",))
    assert begun(BUILD, [job(0, Reason.CONFIG, 5.0)]).conclusion is Conclusion.FAILURE


@pytest.mark.parametrize(
    ("reasons", "conclusion", "deciders"),
    [
        ([Reason.OK, Reason.ADVISORY, Reason.FILTERED], Conclusion.SUCCESS, ()),
        ([Reason.ADVISORY, Reason.FILTERED], Conclusion.NEUTRAL, ("job0",)),
        ([Reason.OK, Reason.CANCELLED], Conclusion.CANCELLED, ("job1",)),
        ([Reason.TIMED_OUT, Reason.FAILED, Reason.LOST], Conclusion.FAILURE, ("job1", "job2")),
        ([Reason.FAILED] * 9, Conclusion.FAILURE, tuple(f"job{n}" for n in range(5))),
    ],
)
def test_the_worst_job_decides(
    reasons: list[Reason], conclusion: Conclusion, deciders: tuple[str, ...]
) -> None:
    jobs = [job(position, reason, 1.0) for position, reason in enumerate(reasons)]
    over = ended(begun(BUILD, [job(0)]), jobs)
    assert (over.conclusion, over.deciders) == (conclusion, deciders)


def test_every_conclusion_has_its_rank() -> None:
    assert set(WORST_FIRST) == set(Conclusion)
