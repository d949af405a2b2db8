"""What the server of this machine has stored, and the bells that it hears, from another process."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dishwasher.errors import UserError

if TYPE_CHECKING:
    from dishwasher.core.build import Build
    from dishwasher.core.job import Job
    from dishwasher.local.blobs import FileBlobs
    from dishwasher.local.clock import SystemClock
    from dishwasher.local.database import Database
    from dishwasher.local.index import Index
    from dishwasher.local.queue import SqliteQueue
    from dishwasher.local.store import SqliteStore


@dataclass(frozen=True, slots=True)
class Ledger:
    """The server may run meanwhile, or be down: what is asked of it is carried out then."""

    database: Database
    store: SqliteStore
    index: Index
    queue: SqliteQueue
    blobs: FileBlobs
    clock: SystemClock

    def jobs(self, build: Build) -> list[Job]:
        """In the order of the plan."""
        from dishwasher.core.job import Job

        return sorted(self.store.group(Job, build.id), key=lambda job: job.position)


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data", type=Path, metavar="FOLDER", help="data folder (DISHWASHER_DATA, or .dishwasher)"
    )


def folder(options: argparse.Namespace) -> Path:
    """The data folder; raises UserError where it is none, or somebody else's."""
    from dishwasher.local.database import FILE
    from dishwasher.wiring.settings import DATA

    named: Path = options.data or Path(os.environ.get("DISHWASHER_DATA") or DATA)
    try:
        owner = (named / FILE).stat().st_uid
    except OSError as error:
        raise UserError(
            f"{named} is no data folder of `dishwasher serve`, which makes one when it starts "
            f"({error.strerror}); name it with --data or DISHWASHER_DATA"
        ) from error
    if owner != os.geteuid():
        # What is written as another user, root too, the server could not write any more.
        raise UserError(f"{named} belongs to another user: run this as that user")
    return named


@contextmanager
def opened(options: argparse.Namespace) -> Iterator[Ledger]:
    from dishwasher.local.blobs import FileBlobs
    from dishwasher.local.clock import SystemClock
    from dishwasher.local.database import Database
    from dishwasher.local.index import Index
    from dishwasher.local.queue import SqliteQueue
    from dishwasher.local.store import SqliteStore

    place, clock = folder(options), SystemClock()
    with closing(Database(place)) as database:
        yield Ledger(
            database,
            SqliteStore(database),
            Index(database),
            SqliteQueue(database, clock),
            # Read only: nobody signs a URL here.
            FileBlobs(place / "blobs", clock, b"", lambda: ""),
            clock,
        )
