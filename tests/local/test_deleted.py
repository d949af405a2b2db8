"""A repository that was deleted on GitHub leaves nothing behind, and no other one is touched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from dishwasher.core.access import Right
from dishwasher.core.build import Build
from dishwasher.core.deploy import Environment
from dishwasher.core.heads import Looked
from dishwasher.core.history import Entry, begun
from dishwasher.core.home import Home
from dishwasher.core.job import Job, Reason, State
from dishwasher.core.place import Place
from dishwasher.core.pull import Pull, pull_id
from dishwasher.core.report import Report, pull_key
from dishwasher.core.result import log_key
from dishwasher.core.retention import Keep
from dishwasher.core.secret import Rules, Slot, StoredSecret
from dishwasher.core.shelf import Entry as Cache
from dishwasher.core.shelf import Leaving, Shelf
from dishwasher.core.timetable import Timetable
from dishwasher.local.blobs import FileBlobs
from dishwasher.local.database import Database
from dishwasher.local.deleted import GRACE
from dishwasher.local.key_file import KeyFile
from dishwasher.local.retention import Retention
from dishwasher.local.store import SqliteStore
from dishwasher.local.vault import SqliteVault

from tests.fakes.clock import NOON, FakeClock
from tests.samples import REPOSITORY, push
from tests.samples import build as a_build
from tests.samples import job as a_job

OTHERS = (70, 71, 8)
"""Ids that begin as the deleted one's does, and one that does not."""


class Data:
    """A data folder that knows some repositories by all kinds of rows."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.database = Database(folder)
        self.store = SqliteStore(self.database)
        self.blobs = FileBlobs(folder / "blobs", self.clock, b"s", lambda: "http://here")
        self.vault = SqliteVault(self.database, KeyFile(folder))
        self.round = Retention(self.database, folder / "blobs", self.clock, Keep(days=0, bytes=0))

    def fill(self, id: int) -> None:
        build, repository = f"{id:04}", replace(REPOSITORY, id=id)
        made = replace(
            a_build(), id=build, event=push(repository=repository), jobs=(f"{build}-0",), settled=1
        )
        job = replace(a_job(), id=f"{build}-0", build=build, attempt=1, deadline=0.0, ended=NOON)
        job = replace(job, state=State.CONCLUDED, reason=Reason.OK)
        self.store.save(made, job, Report(made.group), begun(made, (job,)), Home(str(id)))
        self.blobs.append(log_key(f"{build}-0.1"), 0, b"log")
        cache = Cache("branch main", "v", "k", f"caches/{build}-0.1/a", 5, "", NOON, NOON)
        left = Leaving(f"caches/{build}-0.1/b", 5, NOON)
        self.store.save(Shelf(f"{id}/team", (cache,), (left,)))
        for blob in (cache.blob, left.blob):
            self.blobs.put(blob, b"cache")
        self.store.save(
            *(Timetable(str(id), repository), Looked(str(id)), Environment(f"{id}/live")),
            *(Pull(pull_id(id, 1)), Report(pull_key(id, 1))),
        )
        self.vault.put(StoredSecret(Slot(id, "TOKEN", "live"), Rules(), 1.0), "canary")

    def left(self, id: int) -> set[str]:
        """Kinds of rows and files of this repository."""
        build = f"{id:04}"
        keys: list[tuple[type, str]] = [
            *((Build, build), (Job, f"{build}-0"), (Shelf, f"{id}/team")),
            *((Environment, f"{id}/live"), (Home, str(id)), (Looked, str(id))),
            *((Timetable, str(id)), (Pull, pull_id(id, 1)), (Report, pull_key(id, 1))),
            (Report, f"{id}/{push().sha}"),
        ]
        found = {kind.KIND for kind, key in keys if self.store.get(kind, key) is not None}
        found |= {"entry"} if self.store.group(Entry, str(id)) else set()
        found |= {"secret"} if self.vault.list(id) else set()
        files = (log_key(f"{build}-0.1"), f"caches/{build}-0.1/a", f"caches/{build}-0.1/b")
        return found | {key for key in files if self.blobs.size(key) is not None}


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Data]:
    made = Data(tmp_path / "data")
    yield made
    made.database.close()


def test_all_that_is_known_of_it_goes_a_week_after_it_was_deleted(data: Data) -> None:
    for id in (7, *OTHERS):
        data.fill(id)
    whole = {id: data.left(id) for id in OTHERS}
    data.store.save(Place("7", REPOSITORY, Right.DELETED, since=NOON))
    data.store.save(Place("8", replace(REPOSITORY, id=8), Right.ARCHIVED, since=NOON))
    data.clock.advance(GRACE - 1)
    data.round()
    assert len(data.left(7)) == len(whole[8])
    data.clock.advance(1)
    for _ in range(2):
        data.round()
    assert data.left(7) == set()
    assert {id: data.left(id) for id in OTHERS} == whole
    # That it was deleted stays known: a late event must not begin anything.
    assert data.store.get(Place, "7") is not None
