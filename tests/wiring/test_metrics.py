"""GET /metrics: what it counts, and that its text is the format's."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from dishwasher.core.delivery import Delivery, Stage
from dishwasher.core.job import Reason
from dishwasher.core.lifecycle import conclude
from dishwasher.http.message import Request, text
from dishwasher.http.metrics import Metrics as Route
from dishwasher.http.router import Router
from dishwasher.local.database import Database
from dishwasher.local.queue import SqliteQueue
from dishwasher.local.store import SqliteStore
from dishwasher.ports import Topic
from dishwasher.wiring.activity import LoggedStore
from dishwasher.wiring.lines import Lines
from dishwasher.wiring.metrics import Counting, Metrics

from tests.fakes.clock import NOON, FakeClock
from tests.samples import job, push

LINE = re.compile(r'[a-z_]+(\{([a-z]+="([^"\\\n]|\\.)*",?)+\})? [0-9.e+-]+')
COMMENT = re.compile(r"# (HELP [a-z_]+ .+|TYPE [a-z_]+ (gauge|counter))")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path)
    yield database
    database.close()


@pytest.fixture
def counting() -> Iterator[Counting]:
    logger = logging.getLogger("dishwasher")
    counting, level = Counting(), logger.level
    logger.addHandler(counting)
    logger.setLevel(logging.INFO)
    yield counting
    logger.removeHandler(counting)
    logger.setLevel(level)


def shown(counting: Counting, database: Database, clock: FakeClock, tmp_path: Path) -> str:
    metrics = Metrics(counting.counts, database, clock, tmp_path, 4, lambda: 3)
    router = Router(Route(metrics).routes(), lambda request: text(404, "none"))
    answer = router(Request("GET", "/metrics", io.BytesIO()))
    assert dict(answer.headers)["content-type"].startswith("text/plain; version=0.0.4")
    assert isinstance(answer.body, bytes)
    return answer.body.decode()


def test_every_line_is_of_the_format(
    counting: Counting, database: Database, tmp_path: Path
) -> None:
    counting.counts.add("deliveries", event='odd"\\\nname')
    for line in shown(counting, database, FakeClock(), tmp_path).splitlines():
        assert LINE.fullmatch(line) or COMMENT.fullmatch(line), line


def test_what_happened_is_counted_once(
    counting: Counting, database: Database, tmp_path: Path
) -> None:
    store = LoggedStore(SqliteStore(database))
    delivery = Delivery("guid-0001", "push", NOON, push())
    store.save(delivery)
    store.save(replace(delivery, stage=Stage.PLANNED, version=1))
    store.save(conclude(job(), Reason.FAILED, "step 1 failed", NOON))
    logging.getLogger("dishwasher.daemon.worker").warning("slow")
    logging.getLogger("dishwasher.daemon.worker").error("slower")
    text = shown(counting, database, FakeClock(), tmp_path)
    for line in (
        'dishwasher_deliveries_total{event="push",stage="planned"} 1',
        'dishwasher_jobs_concluded_total{reason="failed"} 1',
        'dishwasher_problems_total{level="warning"} 1',
        'dishwasher_problems_total{level="error"} 1',
        'dishwasher_runners{state="busy"} 1',
        'dishwasher_runners{state="all"} 4',
    ):
        assert f"{line}\n" in text


def test_what_waits_is_shown(counting: Counting, database: Database, tmp_path: Path) -> None:
    clock = FakeClock()
    SqliteStore(database).save(job(), job(id="build-1", position=1))
    queue = SqliteQueue(database, clock)
    queue.ring(Topic.JOBS, "build-0")
    queue.ring(Topic.JOBS, "build-1", 60.0)
    clock.advance(5)
    text = shown(counting, database, clock, tmp_path)
    for line in (
        'dishwasher_jobs{state="queued"} 2',
        'dishwasher_jobs{state="running"} 0',
        'dishwasher_messages{topic="jobs"} 2',
        'dishwasher_message_delay_seconds{topic="jobs"} 5.0',
    ):
        assert f"{line}\n" in text


def test_no_name_is_told(counting: Counting, database: Database, tmp_path: Path) -> None:
    delivery = Delivery("guid-0001", "push", NOON, push(), stage=Stage.PLANNED)
    LoggedStore(SqliteStore(database)).save(delivery)
    text = shown(counting, database, FakeClock(), tmp_path)
    event = push()
    for name in (event.repository.owner, event.repository.name, event.sha, "guid-0001"):
        assert name not in text


def test_a_line_of_the_log_is_one_json_object(
    counting: Counting, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    delivery = Delivery("guid-0001", "push", NOON, push(), stage=Stage.PLANNED, build="b" * 20)
    LoggedStore(SqliteStore(database)).save(delivery)
    try:
        raise ValueError("two\nlines")
    except ValueError:
        logging.getLogger("dishwasher").exception("it failed")
    planned, failed = (json.loads(Lines().format(record)) for record in caplog.records)
    assert (planned["what"], planned["delivery"], planned["build"]) == (
        *("planned", "guid-0001", "bbbbbbbb"),
    )
    assert planned["level"] == "info" and planned["time"].endswith("Z")
    assert failed["message"] == "it failed" and "ValueError: two\nlines" in failed["error"]
