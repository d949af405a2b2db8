from __future__ import annotations

from dishwasher.core.job import Job, Reason, State
from dishwasher.web.siblings import NAMED, siblings

from tests.fakes.clock import NOON
from tests.web.sample import job


def over(position: int, reason: Reason = Reason.OK) -> Job:
    state = State.CONCLUDED
    return job(id=f"b1-{position}", position=position, state=state, reason=reason, ended=NOON)


def test_a_few_jobs_are_all_named() -> None:
    jobs = [over(position) for position in range(NAMED)]
    found = siblings(jobs, jobs[3], NOON)
    assert [line.id for line in found.named] == [one.id for one in jobs]
    assert found.others == 0


def test_of_many_those_are_named_that_matter_in_their_order() -> None:
    jobs = [over(position) for position in range(60)]
    for position in (20, 40, 58):
        jobs[position] = over(position, Reason.FAILED)
    jobs[50] = job(id="b1-50", position=50)
    found = siblings(jobs, jobs[59], NOON)
    assert [int(line.id.partition("-")[2]) for line in found.named][-5:] == [20, 40, 50, 58, 59]
    assert (len(found.named), found.others) == (NAMED, 60 - NAMED)
