"""What every Store does."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from dishwasher.core.build import Build
from dishwasher.core.config import JOBS, JobSpec, Kind
from dishwasher.core.delivery import Delivery, Stage
from dishwasher.core.deploy import Environment
from dishwasher.core.event import Event, EventKind, PullRequest, Repository
from dishwasher.core.history import begun
from dishwasher.core.job import Job, Reason, State
from dishwasher.core.report import Posted, Report
from dishwasher.errors import Conflict
from dishwasher.ports import Record, Store

from tests.contract.race import race
from tests.samples import phases

REPOSITORY = Repository(7, "octo", "site", "master", True, 99)
PULL = PullRequest(3, "fix", None, "master", "b" * 40)
EVENT = Event(EventKind.PULL_REQUEST, "guid", REPOSITORY, "ann", "a" * 40, "fix", pull_request=PULL)
SPEC = JobSpec("tests", Kind.CHECK, 12, needs=("lint",), phases=phases("make", "make test"))
JOB = Job("b1.tests", "b1", 2, SPEC, ("b1.lint",), State.QUEUED)


def at(record: Record, store: Store) -> Record | None:
    return store.get(type(record), record.id)


def test_nothing_is_found_where_nothing_was_saved(store: Store) -> None:
    assert store.get(Job, "b1.tests") is None
    assert store.group(Job, "b1") == ()
    assert store.due(Job, 1e12, 10) == ()


@pytest.mark.parametrize(
    "record",
    [
        JOB,
        replace(JOB, state=State.CONCLUDED, reason=Reason.LOST, detail="é\0\U0001f600 \ud800"),
        Build("b1", EVENT, "", ".dishwasher.yml", 1.25, ("b1.lint", "b1.tests"), settled=1),
        Delivery("guid", "push", 1e9 + 0.123456789, EVENT, Stage.IGNORED, reason="x" * 1_000_000),
        Delivery("guid", "ping", 1e9, None),
        Environment("7/staging", "b1.deploy", True, waiting=("b2.deploy",)),
        Report("7/abc", posted=(Posted("b1.tests", 2**53, "d", 3, True, True),)),
    ],
    ids=lambda record: record.KIND,
)
def test_what_is_read_is_what_was_saved_one_version_on(store: Store, record: Record) -> None:
    store.save(record)
    assert at(record, store) == replace(record, version=1)  # type: ignore[type-var]


def test_kinds_do_not_share_their_ids(store: Store) -> None:
    store.save(Environment("same"), Report("same"))
    assert store.get(Environment, "same") == Environment("same", version=1)
    assert store.get(Report, "same") == Report("same", version=1)
    assert store.get(Job, "same") is None


def test_each_save_raises_the_version(store: Store) -> None:
    store.save(JOB)
    for version in (1, 2, 3):
        store.save(replace(JOB, version=version, attempt=version))
    assert store.get(Job, JOB.id) == replace(JOB, version=4, attempt=3)


@pytest.mark.parametrize("stored, given", [(0, 1), (1, 0), (1, 2), (2, 1), (2, 0)])
def test_another_version_is_a_conflict_that_changes_nothing(
    store: Store, stored: int, given: int
) -> None:
    for version in range(stored):
        store.save(replace(JOB, version=version))
    before = store.get(Job, JOB.id)
    with pytest.raises(Conflict, match=r"job b1\.tests"):
        store.save(replace(JOB, version=given, detail="stale"))
    assert store.get(Job, JOB.id) == before


def test_a_conflict_in_one_of_several_saves_none(store: Store) -> None:
    store.save(JOB)
    others = replace(JOB, id="other"), Environment("7/staging")
    for stale in (replace(JOB, version=0), replace(JOB, version=2)):
        for records in ((stale, *others), (*others, stale), (others[0], stale, others[1])):
            with pytest.raises(Conflict):
                store.save(*records)
    assert store.get(Job, "other") is None
    assert store.get(Environment, "7/staging") is None
    assert store.get(Job, JOB.id) == replace(JOB, version=1)
    assert store.group(Job, "b1") == (replace(JOB, version=1),)


def test_the_same_record_twice_in_one_save_is_a_conflict(store: Store) -> None:
    with pytest.raises(Conflict):
        store.save(JOB, JOB)
    assert store.get(Job, JOB.id) is None


def test_saving_nothing_is_harmless(store: Store) -> None:
    store.save()
    assert store.group(Job, "b1") == ()


def test_the_largest_build_is_saved_at_once_with_all_that_goes_along(store: Store) -> None:
    jobs = tuple(replace(JOB, id=f"b1-{number}", position=number) for number in range(JOBS))
    build = Build("b1", EVENT, "", ".dishwasher.yml", 1.25, tuple(job.id for job in jobs))
    along = Environment("7/staging"), Report("7/abc"), begun(build, jobs)
    store.save(Delivery("guid", "push", 1e9, EVENT), build, *jobs, *along)
    found = store.group(Job, "b1")
    assert sorted(job.position for job in found) == list(range(JOBS))
    assert store.group(Build, build.group) == (replace(build, version=1),)
    assert store.get(Job, "b1-49") == replace(jobs[49], version=1)
    ended = (replace(job, version=1, state=State.CONCLUDED) for job in jobs)
    store.save(replace(build, version=1, settled=JOBS), *ended)
    assert {job.state for job in store.group(Job, "b1")} == {State.CONCLUDED}


def test_the_latest_of_a_group_come_first_page_by_page(store: Store) -> None:
    ids = [f"{number:03d}" for number in range(25)]
    store.save(*(replace(JOB, id=id, build="mine") for id in ids))
    store.save(replace(JOB, id="024a", build="yours"), replace(JOB, id="nobody's", build=""))
    seen: list[str] = []
    while page := store.latest(Job, "mine", 10, seen[-1] if seen else None):
        assert len(page) == min(10, 25 - len(seen))
        seen += [job.id for job in page]
    assert seen == ids[::-1]
    assert store.latest(Job, "mine", 2, "002") == (
        replace(JOB, id="001", build="mine", version=1),
        replace(JOB, id="000", build="mine", version=1),
    )
    assert store.latest(Job, "", 5) == store.latest(Job, "none", 5) == ()
    assert store.latest(Build, "mine", 5) == ()


def test_a_group_is_listed_by_id_and_follows_changes(store: Store) -> None:
    ids = ["b", "a", "é", "Z", "a/1", "\U0001f600"]
    store.save(*(replace(JOB, id=id, build="mine") for id in ids))
    store.save(replace(JOB, id="c", build="yours"))
    assert [job.id for job in store.group(Job, "mine")] == sorted(ids)
    store.save(replace(JOB, id="a", build="yours", version=1))
    assert [job.id for job in store.group(Job, "yours")] == ["a", "c"]
    assert "a" not in [job.id for job in store.group(Job, "mine")]
    assert store.group(Build, "mine") == ()


def test_records_without_a_group_are_in_none(store: Store) -> None:
    store.save(Environment("7/staging"))
    assert store.group(Environment, "") == ()


def test_due_lists_the_longest_overdue_first(store: Store) -> None:
    deadlines = {"never": 0.0, "past": 5.0, "older": 1.0, "now": 10.0, "later": 10.001, "tie": 5.0}
    store.save(*(replace(JOB, id=id, deadline=due) for id, due in deadlines.items()))
    store.save(Environment("of another kind", due=1.0))
    assert [job.id for job in store.due(Job, 10.0, 10)] == ["older", "past", "tie", "now"]
    assert [job.id for job in store.due(Job, 10.0, 2)] == ["older", "past"]
    store.save(replace(JOB, id="older", deadline=0.0, version=1))
    assert [job.id for job in store.due(Job, 10.0, 1)] == ["past"]


@pytest.mark.parametrize("id", ["", " ", "a\0b", "'; DROP TABLE rows; --", "x" * 5000, "\ud800"])
def test_any_text_can_be_an_id(store: Store, id: str) -> None:
    store.save(replace(JOB, id=id, build=id or "-"), replace(JOB, id="another"))
    assert store.get(Job, id) == replace(JOB, id=id, build=id or "-", version=1)
    assert [job.id for job in store.group(Job, id or "-")] == [id]


def test_of_many_that_save_the_same_version_one_wins(shared_store: Store) -> None:
    for version in range(20):

        def save(thread: int, version: int = version) -> bool:
            try:
                shared_store.save(replace(JOB, version=version, position=thread))
            except Conflict:
                return False
            return True

        won = race(8, save)
        assert won.count(True) == 1
        winner = shared_store.get(Job, JOB.id)
        assert winner == replace(JOB, version=version + 1, position=won.index(True))


def test_no_change_of_many_threads_is_lost(shared_store: Store) -> None:
    shared_store.save(Environment("counter"))

    def count(thread: int) -> None:
        done = 0
        while done < 25:
            found = shared_store.get(Environment, "counter")
            assert found is not None
            try:
                shared_store.save(replace(found, waiting=(*found.waiting, f"{thread}.{done}")))
            except Conflict:
                continue
            done += 1

    race(4, count)
    counter = shared_store.get(Environment, "counter")
    assert counter is not None
    assert counter.version == 101
    assert sorted(counter.waiting) == sorted(f"{t}.{n}" for t in range(4) for n in range(25))


def test_nobody_sees_half_of_a_save(shared_store: Store) -> None:
    pair = replace(JOB, id="one"), replace(JOB, id="two")
    shared_store.save(*pair)
    over = threading.Event()

    def write(_: int) -> int:
        try:
            for version in range(1, 100):
                shared_store.save(*(replace(job, version=version) for job in pair))
        finally:
            over.set()
        return 0

    def read(_: int) -> int:
        looks = 0
        while not over.is_set() or looks == 0:
            one, two = shared_store.group(Job, "b1")
            assert one.version == two.version
            looks += 1
        return looks

    looks = race(3, lambda thread: write(thread) if thread == 0 else read(thread))
    assert min(looks[1:]) > 0
