"""What is removed with an old build, and that the disk gets it back."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from dishwasher.core.build import Build, build_group
from dishwasher.core.command import WITHIN, Tally
from dishwasher.core.delivery import Delivery, Stage
from dishwasher.core.history import Entry, begun, entry_id
from dishwasher.core.job import Job, Reason, State
from dishwasher.core.pull import Pull, pull_id
from dishwasher.core.report import Report, pull_key
from dishwasher.core.result import added_key, artifact_key, log_key
from dishwasher.core.retention import DAY, Keep
from dishwasher.local.blobs import FileBlobs
from dishwasher.local.database import Database
from dishwasher.local.retention import Retention
from dishwasher.local.stock import Stocktaking
from dishwasher.local.store import SqliteStore

from tests.fakes.clock import FakeClock
from tests.samples import build as a_build
from tests.samples import job as a_job

BACK_TO_2 = """
DROP TRIGGER entry_begun; DROP TRIGGER entry_changed; DROP TABLE stock;
DROP INDEX rows_by_reception; PRAGMA user_version=2;
"""


class Old:
    """A data folder with builds of some age."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.database = Database(folder)
        self.store = SqliteStore(self.database)
        self.folder = folder
        self.blobs = FileBlobs(folder / "blobs", self.clock, b"s", lambda: "http://here")

    def add(
        self, id: str, days: float, *, busy: bool = False, size: int = 1000, branch: str = "topic"
    ) -> Build:
        created = self.clock.now() - days * DAY
        build = replace(a_build(), id=id, created=created, jobs=(f"{id}-0",))
        build = replace(build, settled=0 if busy else 1, version=0)
        build = replace(build, event=replace(build.event, sha=id.ljust(40, "0"), branch=branch))
        job = replace(a_job(), id=f"{id}-0", build=id, attempt=2, deadline=0.0, version=0)
        if not busy:
            job = replace(job, state=State.CONCLUDED, reason=Reason.OK, ended=created + 60)
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


def test_what_has_not_changed_is_not_looked_at_again(old: Old) -> None:
    """A round costs what is new and what it removes, however many builds are kept."""
    for number in range(5):
        old.add(f"{number:04}", 1)
    old.round(Keep())
    total = Stocktaking(old.database, old.folder / "blobs").total()
    assert total >= 5 * 3 * 1000
    # Nobody writes to a build that is over: nobody looks, so nobody sees this.
    old.blobs.append(log_key("0001-0.1"), 1000, b"x" * 100_000)
    old.round(Keep(days=90, bytes=total + 50_000))
    assert len(old.builds()) == 5


def test_the_files_of_a_build_are_measured_again_when_it_has_ended(old: Old) -> None:
    build = old.add("aaaa", 2)
    line = old.store.get(Entry, entry_id(build))
    assert line is not None
    old.round(Keep())
    old.blobs.append(log_key("aaaa-0.1"), 1000, b"x" * 100_000)
    old.store.save(replace(line, sender="ann"))
    old.round(Keep(days=0, bytes=50_000))
    assert old.builds() == set()


def test_added_lines_go_with_their_build(old: Old) -> None:
    for id, days in (("aaaa", 100), ("bbbb", 1)):
        old.add(id, days)
        old.blobs.put(added_key(id), b"{}")
    old.round(Keep(days=90, bytes=0))
    assert [path.name for path in (old.folder / "blobs" / "builds").iterdir()] == ["bbbb"]


def test_the_last_push_to_a_default_branch_stays(old: Old) -> None:
    for id, days, branch in (("aaaa", 120, "main"), ("bbbb", 110, "main"), ("cccc", 100, "topic")):
        build = old.add(id, days, branch=branch)
        assert build.event.repository.default_branch == "main"
    old.round(Keep(days=90, bytes=0))
    assert old.builds() == {"bbbb"}


def test_commands_are_counted_for_as_long_as_they_count(old: Old) -> None:
    now = old.clock.now()
    for person, given in ((1, now - WITHIN - 1), (2, now - 1)):
        tally = Tally(f"7/{person}").with_one("delivery", given)
        assert tally is not None
        old.store.save(tally)
    old.round(Keep(days=0, bytes=0))
    assert old.store.get(Tally, "7/1") is None and old.store.get(Tally, "7/2") is not None


def test_a_pull_request_that_is_closed_for_long_is_forgotten_with_what_it_was_told(
    old: Old,
) -> None:
    now = old.clock.now()
    for number, closed in ((1, now - 91 * DAY), (2, now - 89 * DAY), (3, 0.0)):
        pull = Pull(pull_id(7, number), is_open=not closed, due=closed)
        old.store.save(pull, Report(pull_key(7, number)))
    old.round(Keep(days=90, bytes=0))
    gone = [old.store.get(Pull, pull_id(7, number)) is None for number in (1, 2, 3)]
    assert gone == [True, False, False]
    told = [old.store.get(Report, pull_key(7, number)) is None for number in (1, 2, 3)]
    assert told == gone


def test_what_an_older_dishwasher_has_stored_is_found_too(old: Old) -> None:
    """Builds, closed pull requests and counts from before anybody noted when they may go."""
    old.add("aaaa", 100)
    old.add("bbbb", 1)
    old.store.save(Tally("7/1", (("delivery", 1.0),)), Pull(pull_id(7, 1), is_open=False))
    old.store.save(Pull(pull_id(7, 2)))
    old.database.close()
    with closing(sqlite3.connect(old.database.path)) as connection:
        connection.executescript(BACK_TO_2)
    old.database = Database(old.folder)
    old.store = SqliteStore(old.database)
    closed, opened = (old.store.get(Pull, pull_id(7, number)) for number in (1, 2))
    assert closed is not None and opened is not None
    assert abs(closed.due - time.time()) < 60 and opened.due == 0
    old.round(Keep(days=90, bytes=0))
    assert old.builds() == {"bbbb"}
    assert old.store.get(Tally, "7/1") is None
