"""What a long history costs: the same work with 100, 1,000 and 100,000 builds behind it.

    python -m bench.history [--builds 100000]

A house with its real table, queue and files, and the stand-in GitHub in a process of its own.
Prints the medians side by side; exit code 1 where the longest history costs more than FLAT times
what 1,000 builds do (a page of a repository looks at its last 300), and more than NOISE beside it.
What goes through all builds is done for a person who waits, and shown without a bound.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from dishwasher.core import lifecycle
from dishwasher.core.build import Build
from dishwasher.core.codec import encode
from dishwasher.core.config import JobSpec, Kind
from dishwasher.core.delivery import Delivery, Stage
from dishwasher.core.event import Event, EventKind, Repository
from dishwasher.core.history import Entry, begun, history_group
from dishwasher.core.job import Job, Reason, State, Timing
from dishwasher.core.report import Report
from dishwasher.core.retention import DAY, Keep
from dishwasher.demo.github.process import StandInProcess
from dishwasher.local import repositories
from dishwasher.local.clock import SystemClock
from dishwasher.local.database import FILE, Database
from dishwasher.local.index import Index
from dishwasher.local.retention import Retention
from dishwasher.ports import Record, Topic
from dishwasher.web.assets import Assets
from dishwasher.web.pages import Pages
from dishwasher.wiring.local import House, build
from dishwasher.wiring.settings import Settings

from bench.stage import Push, repository

SHORT, MIDDLE, LONG = 100, 1_000, 100_000
TIMES = 30
"""Of each kind of work."""
FLAT, NOISE = 1.5, 1.0
"""Times the median of 1,000 builds, and milliseconds, above which the long one is not flat."""
RARE, RARELY = "rare: ", 3
DAYS, EXPIRING = 90.0, 2
"""Of age, and builds that come of it between two looks of the retention."""
DUE = 40
"""Jobs that are overdue, in both."""
BATCH = 5_000
OWNER = "team"
ORIGIN = 1.7e9
INSERT = "INSERT INTO rows (kind, id, version, grp, due, body) VALUES (?, ?, 1, ?, ?, ?)"
ID, SHA = "0" * 8 + "b" * 12, "0" * 8 + "c" * 32
"""Stand for those of each build in the text of its rows."""
Row = tuple[str, str, str, float, str]
Work = Callable[[int], object]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--builds", type=int, default=LONG)
    builds = parser.parse_args().builds
    with contextlib.ExitStack() as stack:
        hub = stack.enter_context(StandInProcess())
        app = hub.call("add_app")
        pushes = repository(hub, app, OWNER, 3 * (TIMES + 1))
        place = repository_of(pushes[0])
        columns = {}
        for number, count in enumerate((SHORT, MIDDLE, builds)):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="history-")))
            filled(folder, place, count)
            house = stack.enter_context(contextlib.closing(housed(folder, hub, app)))
            columns[count] = works(house, place, count, pushes[number * (TIMES + 1) :])
        return shown(columns.keys(), compared(columns.values()))


def compared(columns: Iterable[Iterator[tuple[str, Work]]]) -> Iterator[tuple[str, list[float]]]:
    """Each kind of work in turns, so that what else this machine does is in all columns."""
    for row in zip(*columns, strict=True):
        what = row[0][0]
        times: list[list[float]] = [[] for _ in row]
        for number in range(1 + (RARELY if what.startswith(RARE) else TIMES)):
            for found, (_, work) in zip(times, row, strict=True):
                start = time.perf_counter()
                work(number)
                found.append(1e3 * (time.perf_counter() - start))
        # The first time is another one: nothing is in memory yet.
        yield what, [statistics.median(found[1:]) for found in times]


def shown(counts: Iterable[int], rows: Iterator[tuple[str, list[float]]]) -> int:
    print(f"{'builds behind it, and medians in ms':<44}", *(f"{count:>10,}" for count in counts))
    kept = True
    for what, times in rows:
        *_, middle, last = times
        rare = what.startswith(RARE)
        flat = last <= max(FLAT * middle, middle + NOISE)
        kept &= rare or flat
        verdict = "" if rare else "flat" if flat else "NOT FLAT"
        print(f"{what:<44}", *(f"{one:>10.2f}" for one in times), f" {verdict}", flush=True)
    return 0 if kept else 1


def repository_of(push: Push) -> Repository:
    event = json.loads(push.body)
    installation = event["installation"]["id"]
    return Repository(event["repository"]["id"], OWNER, "site", "master", False, installation)


def filled(folder: Path, place: Repository, count: int) -> None:
    began = time.perf_counter()
    with contextlib.closing(Database(folder)) as database:
        fill(database, place, count)
    size = (folder / FILE).stat().st_size / 1e6
    seconds = time.perf_counter() - began
    print(f"{count:,} builds: {size:.0f} MB, written in {seconds:.1f} s", file=sys.stderr)


def housed(folder: Path, hub: StandInProcess, app: dict[str, Any]) -> House:
    settings = Settings(
        app_id=str(app["id"]),
        private_key=app["private_key"],
        webhook_secret=app["webhook_secret"],
        data=folder,
        api_url=hub.api_url,
        url=hub.url,
    )
    house = build(settings, 1, os.environ)
    house.address.listens_at("http://127.0.0.1:1")
    return house


def works(
    house: House, place: Repository, count: int, pushes: list[Push]
) -> Iterator[tuple[str, Work]]:
    """What is done, and how; each is called with another number each time."""
    store, queue, now, timing = house.store, house.queue, ORIGIN + count, Timing()

    def planning(number: int) -> None:
        push = pushes[number]
        assert house.accept(push.headers, push.body).status == 202
        house.plan(push.headers["x-github-delivery"])

    def claiming(number: int) -> None:
        key = f"{build_id(number)}-1"
        queue.ring(Topic.JOBS, key)
        message = queue.take(Topic.JOBS, 0.0)
        assert message is not None
        found = store.get(Job, key)
        assert found is not None
        ready = replace(found, state=State.QUEUED, reason=None)
        store.save(lifecycle.claim(ready, "code", now, timing))
        queue.done(message)

    yield "a push accepted and planned", planning
    for topic in Topic:
        while (message := queue.take(topic, 0.0)) is not None:
            queue.done(message)
    yield "a job taken from the queue and claimed", claiming
    yield "the jobs that are due", lambda _: store.due(Job, now, 100)
    yield "the deliveries that are due", lambda _: store.due(Delivery, now, 100)
    yield "the reports that are due", lambda _: store.due(Report, now, 100)
    yield from readings(house, place, count)
    name = place.full_name
    yield "a repository by its name", lambda _: repositories.find(house.database, name)
    yield f"{RARE}a name that nobody told", lambda _: repositories.find(house.database, "a/b")
    calendar = Calendar(ORIGIN + DAYS * DAY - 1)
    retention = Retention(
        house.database, house.database.path.with_name("blobs"), calendar, Keep(DAYS)
    )

    def expiring(_: int) -> None:
        calendar.time += EXPIRING
        retention()

    yield "the hourly look, and nothing is too old", lambda _: retention()
    yield f"the hourly look, {EXPIRING} builds are too old", expiring


def readings(house: House, place: Repository, count: int) -> Iterator[tuple[str, Work]]:
    """What people look at."""
    store, index = house.store, Index(house.database)
    pages = Pages(store, house.blobs, house.clock, Assets(), "https://github.invalid")
    newest = found_build(house, count - 1)

    def some(number: int) -> int:
        return number * 7919 % count

    yield "the newest builds of a repository", lambda _: store.latest(Entry, group(place), 20)
    yield "the newest builds of all", lambda _: index.newest(20)
    yield "a build by eight digits of its id", lambda n: index.builds(build_id(some(n))[:8], 2)
    yield "a repository by its builds", lambda _: index.repositories()
    yield "the page of a repository", lambda _: pages.repository(newest)
    yield (
        "its page in the midst of the list",
        lambda n: pages.repository(newest, before=line(some(n))),
    )
    yield "the page of a build", lambda n: pages.build(found_build(house, some(n)))
    yield "the numbers of /metrics", lambda _: house.metrics()


class Calendar(SystemClock):
    """The time at which the retention looks."""

    def __init__(self, time: float) -> None:
        self.time = time

    def now(self) -> float:
        return self.time


def found_build(house: House, number: int) -> Build:
    found = house.store.get(Build, build_id(number))
    assert found is not None
    return found


def group(place: Repository) -> str:
    return history_group(place.id)


def build_id(number: int) -> str:
    """Spread over all ids, as those of real builds are."""
    return f"{number * 0x9E3779B97F4A7C15 % 2**64:016x}{number:04x}"[:20]


def line(number: int) -> str:
    return f"{int((ORIGIN + number) * 1000):014d}.{build_id(number)}"


def fill(database: Database, place: Repository, count: int, due: int = DUE) -> None:
    """Builds of one repository, one a second, all over but for the last jobs that are overdue."""
    rows = texts(place)
    for start in range(0, count, BATCH):
        with database.writing(durable=False) as connection:
            for number in range(start, min(start + BATCH, count)):
                connection.executemany(INSERT, of_build(rows, number, count - due))


def texts(place: Repository) -> list[tuple[Record, str]]:
    """The rows of one build, with ID and SHA in the place of its own."""
    event = Event(EventKind.PUSH, f"guid-{ID}", place, "ann", SHA, "master", before="1" * 40)
    event = replace(event, message="Mend the page of the archive")
    spec = JobSpec("tests", Kind.CHECK, 1)
    made = tuple(
        Job(
            *(f"{ID}-{position}", ID, position, spec, (), State.CONCLUDED),
            reason=Reason.OK,
            detail="All steps passed.",
            created=ORIGIN,
            started=ORIGIN + 1,
            ended=ORIGIN + 2,
            attempt=1,
        )
        for position in range(2)
    )
    built = Build(
        ID, event, "", ".dishwasher.yml", ORIGIN, tuple(one.id for one in made), settled=len(made)
    )
    delivery = Delivery(f"guid-{ID}", "push", ORIGIN, event, Stage.PLANNED, build=ID)
    report = Report(built.group)
    records: list[Record] = [built, *made, begun(built, made), delivery, report]
    return [(record, _text(record)) for record in records]


def of_build(rows: list[tuple[Record, str]], number: int, first_due: int) -> Iterator[Row]:
    id, sha, created = build_id(number), f"{number:040x}", ORIGIN + number
    for record, template in rows:
        own, due = named(record.id, id, sha), 0.0
        text = named(template, id, sha)
        for field in ("created", "received"):
            text = text.replace(f'"{field}":{ORIGIN}', f'"{field}":{created}')
        if isinstance(record, Job) and record.position == 0 and number >= first_due:
            text, due = text.replace('"deadline":0.0', f'"deadline":{created}'), created
        if isinstance(record, Entry):
            text, own = text.replace(own, line(number)), line(number)
        yield record.KIND, own, named(record.group, id, sha), due, text


def _text(record: Record) -> str:
    return json.dumps(encode(record) | {"version": 1}, separators=(",", ":"))


def named(text: str, id: str, sha: str) -> str:
    return text.replace(SHA, sha).replace(ID, id)


if __name__ == "__main__":
    raise SystemExit(main())
