"""What an operator reads: one line for each end, none of them a secret."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest
from dishwasher.core.delivery import Delivery, Stage
from dishwasher.core.job import Conclusion, Reason
from dishwasher.core.lifecycle import conclude, reported
from dishwasher.core.report import Check, Status, smaller
from dishwasher.errors import Conflict, Rejected
from dishwasher.wiring.activity import LoggedChecks, LoggedStore

from tests.fakes.clock import NOON, FakeClock
from tests.fakes.forge import FakeForge, Trouble
from tests.fakes.store import MemoryStore
from tests.samples import REPOSITORY, build, job, push, spec

BUILD = "0123456789abcdef0123"
DELIVERY = Delivery("guid-0001", "push", NOON, push())


@pytest.fixture
def store() -> LoggedStore:
    return LoggedStore(MemoryStore())


def test_a_planned_delivery_is_one_line_with_the_beginning_of_its_build(
    store: LoggedStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    store.save(DELIVERY)
    assert caplog.messages == []
    one = job(id=f"{BUILD}-0", build=BUILD)
    planned = replace(DELIVERY, stage=Stage.PLANNED, build=BUILD, version=1)
    store.save(planned, build(one, id=BUILD), one)
    assert caplog.messages == [
        "planned delivery=guid-0001 event=push repository=acme/site commit=aaaaaaaaaa "
        "build=01234567 jobs=1"
    ]


def test_an_ignored_delivery_says_why_on_one_line(
    store: LoggedStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    store.save(replace(DELIVERY, stage=Stage.IGNORED, reason="GitHub said\nno"))
    (line,) = caplog.messages
    assert line.startswith("ignored ") and line.endswith(r'why="GitHub said\nno"')


def test_the_end_of_a_job_is_told_once(
    store: LoggedStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    running = job(
        id=f"{BUILD}-0", build=BUILD, spec=spec("lint é"), attempt=2, started=NOON, token="t0ken"
    )
    store.save(running)
    ended = conclude(replace(running, version=1), Reason.FAILED, "step 1 failed", NOON + 1.5)
    store.save(build(ended, id=BUILD), ended)
    store.save(reported(replace(ended, version=2)))
    assert caplog.messages == [
        "concluded delivery=delivery-1 build=01234567 job=01234567-0 "
        r'name="lint \u00e9" attempt=2 reason=failed seconds=1.5'
    ]


def test_an_end_without_its_build_is_told_all_the_same(
    store: LoggedStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    store.save(conclude(job(id=f"{BUILD}-0", build=BUILD), Reason.OK, "", NOON))
    (line,) = caplog.messages
    assert line.startswith("concluded build=01234567 job=01234567-0 name=tests ")


def test_what_was_not_stored_is_not_told(
    store: LoggedStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with pytest.raises(Conflict):
        store.save(conclude(job(version=5), Reason.OK, "", NOON))
    assert caplog.messages == []


def test_a_conclusion_that_github_has_taken_is_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    forge = FakeForge(FakeClock())
    sha = forge.commit(REPOSITORY, {})
    checks = LoggedChecks(forge)
    check = Check("dishwasher / lint", sha, f"{BUILD}-0", "", Status.QUEUED, "Queued", "Queued")
    number = checks.create(REPOSITORY, check)
    checks.update(REPOSITORY, number, replace(check, status=Status.IN_PROGRESS))
    assert caplog.messages == []
    completed = replace(check, status=Status.COMPLETED, conclusion=Conclusion.SUCCESS)
    checks.update(REPOSITORY, number, completed)
    assert caplog.messages == [
        f"reported check={number} build=01234567 job=01234567-0 repository=acme/site "
        f"commit={sha[:10]} "
        'name="dishwasher / lint" conclusion=success annotations=0'
    ]


def test_what_github_rejects_is_told_and_the_last_of_it_is_an_alarm(
    caplog: pytest.LogCaptureFixture,
) -> None:
    forge = FakeForge(FakeClock())
    sha = forge.commit(REPOSITORY, {})
    over = replace(
        Check("dishwasher / lint", sha, f"{BUILD}-0", "", Status.QUEUED, "Failed", "Why"),
        status=Status.COMPLETED,
        conclusion=Conclusion.FAILURE,
    )
    forge.plan("create", Trouble.REJECTED, Trouble.REJECTED)
    for check in (over, smaller(over)[1]):
        with pytest.raises(Rejected):
            LoggedChecks(forge).create(REPOSITORY, check)
    rest = f"build=01234567 job=01234567-0 repository=acme/site commit={sha[:10]} "
    rest += 'name="dishwasher / lint" why="create: invalid"'
    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("WARNING", f"refused by GitHub {rest}"),
        ("ERROR", f"given up {rest}"),
    ]


def test_everything_else_passes_through(store: LoggedStore) -> None:
    one = job()
    store.save(one)
    kept = replace(one, version=1)
    assert store.get(type(one), one.id) == kept
    assert store.group(type(one), "build") == (kept,)
    assert store.due(type(one), NOON, 10) == (kept,)
