"""The spelling check of a job, and that it stops when the job must."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from dishwasher.checks.spelling import SpellingReport
from dishwasher.core.config import Spelling, Uses
from dishwasher.core.job import Reason
from dishwasher.core.ticket import Source
from dishwasher.errors import InfraError
from dishwasher.runner.spelling import check_until
from dishwasher.runner.stop import Cause, Stop, Stopped

from tests.runner.conftest import Launch, Serve
from tests.runner.forge import Forge
from tests.runner.processes import running


@pytest.fixture
def stop() -> Iterator[Stop]:
    stop = Stop()
    yield stop
    stop.close()


def soon() -> float:
    return time.monotonic() + 30


def test_a_report_comes_through(stop: Stop) -> None:
    report = SpellingReport((), 0, 3)
    assert check_until(stop, soon(), lambda: report) is report


def test_a_failure_comes_through(stop: Stop) -> None:
    def fail() -> SpellingReport:
        raise InfraError("typos is not installed")

    with pytest.raises(InfraError, match="typos is not"):
        check_until(stop, soon(), fail)


@pytest.mark.parametrize("cause", [Cause.CANCELLED, Cause.TIMED_OUT])
def test_a_stop_ends_its_programs(stop: Stop, cause: Cause) -> None:
    def work() -> SpellingReport:
        with subprocess.Popen(("sleep", "86271")) as program:
            if cause is not Cause.TIMED_OUT:
                stop.request(cause)
            program.wait()
        return SpellingReport((), 0, 0)

    deadline = time.monotonic() + (0.2 if cause is Cause.TIMED_OUT else 30)
    with pytest.raises(Stopped):
        check_until(stop, deadline, work)
    assert stop.cause is cause
    assert running("86271") == []


@pytest.mark.parametrize(
    ("added", "reason", "detail"),
    [
        ("seperate\n", Reason.ADVISORY, "1 possible misspelling on added lines"),
        ("seperate\nrecieve\n", Reason.ADVISORY, "2 possible misspellings on added lines"),
        ("separate\n", Reason.OK, "No misspellings on the added lines."),
    ],
)
def test_spelling_looks_at_added_lines(
    serve: Serve, launch: Launch, forge: Forge, added: str, reason: Reason, detail: str
) -> None:
    base = forge.commit({"notes.md": "teh old line\n"})
    head = forge.commit({"notes.md": f"teh old line\n{added}"})
    server = serve(uses=Uses.SPELLING, source=Source(forge.url, head, base))
    launch(server)
    result = server.result()
    assert (result.reason, result.detail) == (reason, detail)
    assert [phase.name for phase in result.phases] == ["checkout", "spelling"]
    assert (
        len(result.findings)
        == result.findings_total
        == added.count("e\n") - (added == "separate\n")
    )
    assert all(finding.path == "notes.md" for finding in result.findings)


@pytest.mark.parametrize(
    ("settings", "reason", "said"),
    [
        (
            Spelling(brands=(("GitHub", ()),)),
            Reason.FAILED,
            "1 name in a wrong spelling and 1 possible misspelling on added lines",
        ),
        (Spelling(fail=True), Reason.FAILED, "1 possible misspelling on added lines"),
        (Spelling(), Reason.ADVISORY, "1 possible misspelling on added lines"),
        (Spelling(words=("seperate",)), Reason.OK, "No misspellings on the added lines."),
    ],
)
def test_the_spelling_check_by_its_settings(
    serve: Serve, launch: Launch, forge: Forge, settings: Spelling, reason: Reason, said: str
) -> None:
    base = forge.commit({"README": "hello\n"})
    head = forge.commit({"README": "hello\n", "a.md": "On Github it is seperate.\n"})
    server = serve(uses=Uses.SPELLING, spelling=settings, source=Source(forge.url, head, base))
    launch(server)
    assert (server.result().reason, server.result().detail) == (reason, said)


def test_spelling_without_its_base_says_so(serve: Serve, launch: Launch, source: Source) -> None:
    server = serve(uses=Uses.SPELLING, source=replace(source, base_sha="b" * 40))
    launch(server)
    result = server.result()
    assert result.reason is Reason.OK
    assert "gone" in result.detail
    assert result.notes == ("The base commit bbbbbbbbbbbb could not be fetched.",)
