"""A change and all that follows from it are one write; two at once miss nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dishwasher.core import lifecycle, plan
from dishwasher.core.bill import Bill
from dishwasher.core.build import Build
from dishwasher.core.config import JobSpec
from dishwasher.core.history import Entry, begun, entry_id
from dishwasher.core.job import Conclusion, Job, Reason, State
from dishwasher.core.selection import Planned
from dishwasher.errors import Conflict, Refused
from dishwasher.flow.verdict import WRITES
from dishwasher.ports import Topic

from tests.flow.house import House
from tests.samples import build, spec


@pytest.fixture
def house() -> House:
    return House()


def stored(house: House, *specs: JobSpec) -> Build:
    """A build of these jobs, without bells."""
    made = plan.jobs("build", map(Planned, specs), house.clock.now(), house.timing)
    house.store.save(build(*made), *made)
    return house.build("build")


def conclude(house: House, one: Job, reason: Reason) -> None:
    now = house.clock.now()
    house.verdicts.change(one.id, lambda found: lifecycle.conclude(found, reason, "", now))


DIAMOND = (spec("a"), spec("b"), spec("both", needs=("a", "b")), spec("last", needs=("both",)))


def test_a_conclusion_lets_go_what_waited_for_it(house: House) -> None:
    made = house.jobs(stored(house, *DIAMOND))
    conclude(house, made["a"], Reason.OK)
    assert house.job(made["both"]).state is State.BLOCKED
    conclude(house, made["b"], Reason.OK)
    assert house.job(made["both"]).state is State.QUEUED
    assert house.rung(Topic.JOBS) == [made["both"].id]
    assert house.build("build").settled == 2


def test_a_failure_ends_what_waits_for_a_runner_where_the_file_says_so(house: House) -> None:
    made = house.jobs(stored(house, *DIAMOND))
    house.store.save(replace(house.build("build"), fail_fast=True))
    conclude(house, made["b"], Reason.FAILED)
    assert {job.reason for job in house.jobs(house.build("build")).values()} == {
        Reason.FAILED,
        Reason.CANCELLED,
    }
    assert house.build("build").is_over
    house.dispatch(made["a"].id)
    assert house.fleet.started == []


def test_a_job_that_a_runner_takes_at_that_moment_is_not_ended(house: House) -> None:
    made = house.jobs(stored(house, *DIAMOND))
    house.store.save(replace(house.build("build"), fail_fast=True))
    house.store.interrupt(lambda: house.dispatch(made["a"].id))
    conclude(house, made["b"], Reason.FAILED)
    assert house.job(made["a"]).state is State.STARTING
    assert house.job(made["both"]).reason is Reason.CANCELLED


def test_a_failure_ends_what_waited_for_it_in_the_same_write(house: House) -> None:
    made = house.jobs(stored(house, *DIAMOND))
    conclude(house, made["b"], Reason.FAILED)
    assert house.job(made["both"]).reason is Reason.NEED_FAILED
    assert house.job(made["last"]).reason is Reason.NEED_FAILED
    assert house.build("build").settled == 3
    conclude(house, made["a"], Reason.OK)
    assert house.build("build").is_over


def test_two_conclusions_at_once_do_not_both_miss_the_third_job(house: House) -> None:
    made = house.jobs(stored(house, *DIAMOND))
    house.store.interrupt(lambda: conclude(house, made["b"], Reason.OK))
    conclude(house, made["a"], Reason.OK)
    assert house.job(made["both"]).state is State.QUEUED
    assert house.build("build").settled == 2


def test_a_job_is_concluded_and_counted_once(house: House) -> None:
    made = house.jobs(stored(house, spec("a")))
    house.store.interrupt(lambda: conclude(house, made["a"], Reason.FAILED))
    conclude(house, made["a"], Reason.OK)
    assert (house.job(made["a"]).reason, house.build("build").settled) == (Reason.FAILED, 1)


def test_a_build_adds_up_what_its_jobs_have_cost(house: House) -> None:
    made = house.jobs(stored(house, spec("a"), spec("b"), spec("free")))
    for name, cost in (("a", 0.25), ("b", 0.5)):
        house.store.save(replace(made[name], bill=Bill(spent=cost)))
    conclude(house, house.job(made["a"]), Reason.OK)
    conclude(house, house.job(made["a"]), Reason.FAILED)
    conclude(house, house.job(made["b"]), Reason.FAILED)
    conclude(house, made["free"], Reason.OK)
    assert house.build("build").spent == 0.75


def test_the_last_conclusion_ends_the_build_in_its_repositorys_list(house: House) -> None:
    made = house.jobs(stored(house, *DIAMOND))
    conclude(house, made["a"], Reason.OK)
    assert house.store.get(Entry, entry_id(house.build("build"))) is None
    conclude(house, made["b"], Reason.FAILED)
    entry = house.store.get(Entry, entry_id(house.build("build")))
    assert entry is not None and entry.ended == house.clock.now()
    assert (entry.conclusion, entry.deciders) == (Conclusion.FAILURE, ("b",))


def test_the_line_that_planning_wrote_is_ended(house: House) -> None:
    built = stored(house, spec("a"))
    made = house.jobs(built)
    house.store.save(replace(begun(built, [made["a"]]), title="kept"))
    conclude(house, made["a"], Reason.OK)
    entry = house.store.get(Entry, entry_id(built))
    assert entry is not None
    assert (entry.title, entry.conclusion) == ("kept", Conclusion.SUCCESS)


def test_a_change_that_changes_nothing_rings_nothing(house: House) -> None:
    made = house.jobs(stored(house, spec("a")))
    assert house.verdicts.change(made["a"].id, lambda found: found) == made["a"]
    assert house.verdicts.renew(made["a"].id, lambda found: found) == made["a"]
    assert house.rung(Topic.REPORTS) == []


def test_a_change_answers_the_job_as_it_is_stored(house: House) -> None:
    made = house.jobs(stored(house, spec("a")))
    cancelled = house.verdicts.change(made["a"].id, lambda found: replace(found, cancel=True))
    assert cancelled == house.job(made["a"])
    over = house.verdicts.change(
        made["a"].id, lambda found: lifecycle.conclude(found, Reason.OK, "", 1.0)
    )
    assert over == house.job(made["a"])


def test_a_change_of_an_unknown_job_changes_nothing(house: House) -> None:
    assert house.verdicts.change("unknown", lambda found: found) is None
    with pytest.raises(LookupError, match="no job unknown"):
        house.verdicts.renew("unknown", lambda found: found)


def test_a_change_may_stop_itself(house: House) -> None:
    made = house.jobs(stored(house, spec("a")))

    def refuse(found: Job) -> Job:
        raise Refused("no")

    with pytest.raises(Refused):
        house.verdicts.change(made["a"].id, refuse)
    assert house.job(made["a"]) == made["a"]


def test_a_retry_is_rung_after_a_moment(house: House) -> None:
    made = house.jobs(stored(house, spec("a")))
    house.dispatch(made["a"].id)
    house.verdicts.change(
        made["a"].id, lambda found: lifecycle.expire(found, house.clock.now(), house.timing)
    )
    assert house.rung(Topic.JOBS) == []
    house.clock.advance(house.timing.retry)
    assert house.rung(Topic.JOBS) == [made["a"].id]


def test_a_renewal_survives_another_writer(house: House) -> None:
    made = house.jobs(stored(house, spec("a")))
    other = replace(made["a"], cancel=True)
    house.store.interrupt(lambda: house.store.save(other))
    after = house.verdicts.renew(made["a"].id, lambda found: replace(found, deadline=0.0))
    assert (after.cancel, house.job(made["a"]).deadline) == (True, 0.0)


@pytest.mark.parametrize("verb", ["change", "renew"])
def test_a_row_that_others_write_all_the_time_is_a_conflict(house: House, verb: str) -> None:
    made = house.jobs(stored(house, spec("a")))
    interruptions = [lambda: house.store.save(house.job(made["a"]))] * WRITES
    house.store.interrupt(*interruptions)
    with pytest.raises(Conflict, match="written too often"):
        getattr(house.verdicts, verb)(made["a"].id, lambda found: replace(found, cancel=True))


def test_a_job_without_a_build_can_not_be_concluded(house: House) -> None:
    house.store.save(
        replace(house.jobs(stored(house, spec("a")))["a"], id="x", version=0, build="y")
    )
    with pytest.raises(LookupError, match="job x has no build"):
        house.verdicts.change("x", lambda found: lifecycle.conclude(found, Reason.OK, "", 1.0))


def stuck(house: House) -> dict[str, Job]:
    """Jobs as an older version may have left them: the need is over, the other still waits."""
    made = house.jobs(stored(house, spec("a"), spec("b", needs=("a",))))
    house.store.save(lifecycle.conclude(made["a"], Reason.OK, "", 1.0))
    return made


def test_what_nothing_holds_back_any_more_is_let_go(house: House) -> None:
    made = stuck(house)
    house.verdicts.advance("build")
    assert house.job(made["b"]).state is State.QUEUED
    assert house.rung(Topic.JOBS) == [made["b"].id]
    house.verdicts.advance("build")
    assert house.rung(Topic.JOBS) == []


def test_letting_go_loses_against_a_verdict_without_harm(house: House) -> None:
    made = stuck(house)
    house.store.interrupt(lambda: house.store.save(house.build("build")))
    house.verdicts.advance("build")
    assert house.job(made["b"]).state is State.BLOCKED


def test_an_unknown_build_has_nothing_to_let_go(house: House) -> None:
    house.verdicts.advance("unknown")
    assert house.rung(Topic.REPORTS) == []


def test_a_runner_is_hurried_when_it_has_orders_and_only_then(house: House) -> None:
    hurried: list[str] = []
    verdicts = replace(house.verdicts, hurry=hurried.append)
    lint, tests = house.jobs(stored(house, spec("lint"), spec("tests"))).values()
    house.started(lint)

    def stopped(found: Job) -> Job:
        return lifecycle.stop(found, Reason.CANCELLED, "By ann.", house.clock.now())

    verdicts.change(lint.id, stopped)
    verdicts.change(lint.id, stopped)
    verdicts.change(tests.id, stopped)
    assert hurried == [house.job(lint).attempt_id]
