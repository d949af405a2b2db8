"""A year of traffic on one data folder: what it takes stops growing when the first may go."""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from dishwasher import core
from dishwasher.core.build import Build
from dishwasher.core.command import Tally
from dishwasher.core.delivery import Delivery, Stage
from dishwasher.core.history import begun
from dishwasher.core.job import Job, Reason, State
from dishwasher.core.pull import Pull, pull_id
from dishwasher.core.report import Posted, Report, pull_key
from dishwasher.core.result import added_key, log_key
from dishwasher.core.retention import DAY, Keep
from dishwasher.local.blobs import FileBlobs
from dishwasher.local.database import Database
from dishwasher.local.queue import SqliteQueue
from dishwasher.local.retention import Retention
from dishwasher.local.store import SqliteStore
from dishwasher.ports import Record, Topic

from tests.fakes.clock import FakeClock
from tests.samples import REPOSITORY, pull_request, push
from tests.samples import build as a_build
from tests.samples import job as a_job

WEEKS = 52
KEEP = Keep(days=70, bytes=150_000)
A_WEEK = 3
"""Builds: of the default branch, of a pull request that is merged, and of one that is left open."""
BY_AGE = {Build, Job, Report, Delivery, Pull, Tally}
OF_A_REPOSITORY = {"access", "environment", "home", "looked", "place", "shelf", "timetable"}
ONE_ROW = {"watermark"}


def kinds() -> set[str]:
    """Of everything that the core wants to have stored."""
    found = set()
    for info in pkgutil.walk_packages(core.__path__, f"{core.__name__}."):
        for value in vars(importlib.import_module(info.name)).values():
            found |= {value.KIND} if isinstance(value, type) and hasattr(value, "KIND") else set()
    return found


def test_of_every_kind_of_row_it_is_known_what_bounds_it() -> None:
    """A new kind needs an end, here and in docs/operations.md, or it fills somebody's disk."""
    by_age = {one.KIND for one in BY_AGE} | {"entry"}
    assert kinds() == by_age | OF_A_REPOSITORY | ONE_ROW


class Year:
    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.folder = folder
        self.database = Database(folder)
        self.store = SqliteStore(self.database)
        self.queue = SqliteQueue(self.database, self.clock)
        self.blobs = FileBlobs(folder / "blobs", self.clock, b"s", lambda: "http://here")
        self.retention = Retention(self.database, folder / "blobs", self.clock, KEEP)

    def week(self, number: int) -> None:
        records: list[Record] = []
        for position in range(A_WEEK):
            records += self._build(number, position)
        self.store.save(*records)
        for record in records:
            if isinstance(record, Delivery):
                self.queue.ring(Topic.DELIVERIES, record.id)
                message = self.queue.take(Topic.DELIVERIES, 0.0)
                assert message is not None
                self.queue.done(message)
        self.clock.advance(7 * DAY)
        self.retention()

    def _build(self, number: int, position: int) -> Iterator[Record]:
        """What a push, or a pull request with a command, leaves behind when it is over."""
        id, sha, now = f"{number:06}{position}", f"{number:039}{position}", self.clock.now()
        event = pull_request(number, sha=sha) if position else push(sha=sha)
        built = replace(a_build(), id=id, event=event, created=now, jobs=(f"{id}-0",), settled=1)
        job = a_job(id=f"{id}-0", build=id, attempt=1, state=State.CONCLUDED, deadline=0.0)
        job = replace(job, reason=Reason.OK, created=now, ended=now + 60)
        yield from (built, job, begun(built, (job,)))
        yield Report(built.group, posted=(Posted(job.id, 1, completed=True),))
        yield Delivery(f"guid-{id}", "push", now, event, Stage.PLANNED, build=id)
        yield Delivery(f"else-{id}", "star", now, None, Stage.IGNORED, "not for us")
        self.blobs.append(log_key(job.attempt_id), 0, b"a line\n" * 100)
        self.blobs.put(added_key(id), b"{}")
        if position == 1:
            key = pull_id(REPOSITORY.id, number)
            yield Pull(key, sha, is_open=False, due=now)
            yield Report(pull_key(REPOSITORY.id, number))
            tally = Tally(f"{REPOSITORY.id}/{number}").with_one(f"guid-{id}", now)
            assert tally is not None
            yield tally

    def rows(self) -> Counter[str]:
        with self.database.reading() as connection:
            found = Counter(dict(connection.execute("SELECT kind, count(*) FROM rows GROUP BY 1")))
            for table in ("stock", "messages"):
                found[table] = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        return found

    def files(self) -> int:
        return sum(1 for path in (self.folder / "blobs").rglob("*"))

    def bytes(self) -> int:
        with self.database.reading() as connection:
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
        return int(pages) * 4096


def test_a_year_takes_no_more_than_its_first_months(tmp_path: Path) -> None:
    year = Year(tmp_path / "data")
    with closing(year.database):
        for number in range(WEEKS // 3):
            year.week(number)
        rows, files, size = year.rows(), year.files(), year.bytes()
        for number in range(WEEKS // 3, WEEKS):
            year.week(number)
        assert (year.rows(), year.files()) == (rows, files)
        assert year.bytes() <= 1.1 * size
    assert rows["build"] <= 10 * A_WEEK and rows["messages"] == 0
    # The room of their files ends them before their age: the others have none.
    assert 0 < files < 3 * 10 * A_WEEK
