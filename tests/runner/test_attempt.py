"""One attempt from bootstrap to result: a real process, a real server, a real repository."""

from __future__ import annotations

from pathlib import Path

from dishwasher.core.job import Reason
from dishwasher.core.ticket import Source

from tests.runner.conftest import Launch, Serve
from tests.runner.forge import Forge


def test_a_job_of_two_steps_is_built_and_reported(
    serve: Serve, launch: Launch, work: Path, source: Source
) -> None:
    server = serve("cat README", "echo $DISHWASHER_SHA >&2; pwd")
    runner = launch(server)
    result = server.result()
    assert (result.reason, result.detail) == (Reason.OK, "All 2 steps passed.")
    assert [phase.name for phase in result.phases] == ["checkout", "build"]
    first, second = result.phases[1].steps
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert server.log[first.log_start : first.log_end] == b"hello\n"
    checkout = work / server.bootstrap.attempt / "checkout"
    assert server.log[second.log_start : second.log_end] == f"{source.sha}\n{checkout}\n".encode()
    assert b"$ cat README\n" in server.log
    assert result.log_bytes == len(server.log)
    assert runner.wait(10) == 0
    assert list(work.iterdir()) == []


def test_started_comes_after_the_checkout_with_the_source_token(
    serve: Serve, launch: Launch, forge: Forge, source: Source
) -> None:
    server = serve("true", source=Source(source.url, source.sha, token="ghs_token"))
    fetched: list[int] = []
    server.fault = lambda verb, before: (
        fetched.append(len(forge.paths)) if verb == "started" else None
    )
    launch(server)
    server.result()
    assert server.started == ["ghs_token"]
    assert fetched[0] > 0
    assert server.words.index("claim") < server.words.index("started") < server.words.index("log")


def test_a_failing_step_stops_the_job_and_shows_its_end(serve: Serve, launch: Launch) -> None:
    server = serve("echo fine", 'for i in $(seq 50); do echo "line $i"; done; exit 3', "echo no")
    launch(server)
    result = server.result()
    assert result.reason is Reason.FAILED
    assert (
        result.detail
        == 'step 2 `for i in $(seq 50); do echo "line $i"; done; exit 3` exited with 3'
    )
    assert result.tail == tuple(f"line {i}" for i in range(11, 51))
    assert len(result.phases[1].steps) == 2
