"""What is removed with an old build, and that the disk gets it back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from dishwasher.core.build import Build, build_group
from dishwasher.core.delivery import Delivery, Stage
from dishwasher.core.history import begun
from dishwasher.core.job import Job
from dishwasher.core.report import Report
from dishwasher.core.result import artifact_key, log_key
from dishwasher.core.retention import DAY, Keep
from dishwasher.local.blobs import FileBlobs
from dishwasher.local.database import Database
from dishwasher.local.retention import Retention
from dishwasher.local.store import SqliteStore

from tests.fakes.clock import FakeClock
from tests.samples import build as a_build
from tests.samples import job as a_job


class Old:
    """A data folder with builds of some age."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.database = Database(folder)
        self.store = SqliteStore(self.database)
        self.folder = folder
        self.blobs = FileBlobs(folder / "blobs", self.clock, b"s", lambda: "http://here")

    def add(self, id: str, days: float, *, busy: bool = False, size: int = 1000) -> Build:
        created = self.clock.now() - days * DAY
        build = replace(a_build(), id=id, created=created, jobs=(f"{id}-0",))
        build = replace(build, settled=0 if busy else 1, version=0)
        build = replace(build, event=replace(build.event, sha=id.ljust(40, "0"), branch="topic"))
        job = replace(a_job(), id=f"{id}-0", build=id, attempt=2, deadline=0.0, version=0)
        self.store.save(build, job, Report(build.group), begun(build, (job,)))
        for number in (1, 2):
            self.blobs.append(log_key(f"{id}-0.{number}"), 0, b"x" * size)
        self.blobs.put(artifact_key(f"{id}-0.2", "a/report.xml"), b"y" * size)
        return build

    def round(self, keep: Keep) -> None:
        Retention(self.database, self.folder / "blobs", self.clock, keep)()

    def builds(self) -> set[str]:
        with self.database.reading() as connection:
            return {row[0] for row in connection.execute("SELECT id FROM rows WHERE kind='build'")}


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Old]:
    made = Old(tmp_path / "data")
    yield made
    made.database.close()


def test_an_old_build_goes_with_all_that_is_its_own(old: Old) -> None:
    gone, kept = old.add("aaaa", 100), old.add("bbbb", 1)
    old.round(Keep(days=90, bytes=0))
    assert old.builds() == {"bbbb"}
    assert old.store.get(Job, "aaaa-0") is None and old.store.get(Job, "bbbb-0") is not None
    assert old.store.get(Report, gone.group) is None and old.store.get(Report, kept.group)
    with old.database.reading() as connection:
        rows = [row[0] for row in connection.execute("SELECT id FROM rows WHERE kind='entry'")]
    assert [row.partition(".")[2] for row in rows] == ["bbbb"]
    assert old.blobs.size(log_key("aaaa-0.1")) is None
    assert old.blobs.size(artifact_key("aaaa-0.2", "a/report.xml")) is None
    assert old.blobs.size(log_key("bbbb-0.2")) == 1000
    attempts = {path.name for path in (old.folder / "blobs" / "attempts").iterdir()}
    assert attempts == {"bbbb-0.1", "bbbb-0.2"}


def test_what_still_runs_or_is_to_be_reported_stays(old: Old) -> None:
    old.add("aaaa", 500, busy=True)
    old.add("bbbb", 500)
    job = old.store.get(Job, "bbbb-0")
    assert job is not None
    old.store.save(replace(job, deadline=old.clock.now() + 60))
    old.round(Keep(days=1, bytes=1))
    assert old.builds() == {"aaaa", "bbbb"}


def test_the_oldest_go_when_there_is_too_much(old: Old) -> None:
    for days in range(5):
        old.add(f"{days}" * 4, days, size=100_000)
    # Each takes three files of 100 kB.
    old.round(Keep(days=0, bytes=700_000))
    assert old.builds() == {"0000", "1111"}


def test_a_report_stays_for_the_other_build_of_its_commit(old: Old) -> None:
    first = old.add("aaaa", 100)
    second = replace(first, id="bbbb", created=old.clock.now(), version=0, jobs=(), settled=0)
    old.store.save(second)
    old.round(Keep(days=90, bytes=0))
    assert old.builds() == {"bbbb"}
    assert old.store.get(Report, build_group(first.event.repository.id, first.event.sha))


def test_deliveries_are_known_for_as_long_as_github_may_repeat_them(old: Old) -> None:
    now = old.clock.now()
    for id, days, due in (("old", 5, 0.0), ("recent", 3, 0.0), ("waits", 5, now + 1)):
        received = now - days * DAY
        old.store.save(Delivery(id * 3, "push", received, None, Stage.IGNORED, due=due))
    old.round(Keep(days=1, bytes=0))
    assert old.store.get(Delivery, "oldoldold") is None
    assert old.store.get(Delivery, "recentrecentrecent") is not None
    assert old.store.get(Delivery, "waitswaitswaits") is not None


def test_nothing_goes_where_all_is_kept(old: Old) -> None:
    old.add("aaaa", 5000)
    old.store.save(Delivery("delivery", "push", 1.0, None, Stage.IGNORED))
    old.round(Keep(days=0, bytes=0))
    assert old.builds() == {"aaaa"} and old.store.get(Delivery, "delivery") is not None


def test_the_disk_gets_the_tables_room_back(old: Old) -> None:
    with old.database.writing(durable=True) as connection:
        connection.executemany(
            "INSERT INTO rows VALUES ('delivery', ?, 1, '', 0, json_object('received', 1, 'x', ?))",
            [(str(number), "x" * 2000) for number in range(5000)],
        )
    old.database.shrink(1)
    before = old.database.path.stat().st_size
    assert before > 10_000_000
    old.round(Keep(days=1, bytes=0))
    assert old.database.path.stat().st_size < before / 2
