"""One attempt from bootstrap to result: a real process, a real server, a real repository."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from dishwasher.core.findings import Level
from dishwasher.core.job import Reason
from dishwasher.core.outputs import ArtifactSet
from dishwasher.core.size import Resource
from dishwasher.core.ticket import Source
from dishwasher.runner.attempt import hold, lock

from tests.runner.conftest import Launch, Serve
from tests.runner.forge import Forge
from tests.runner.processes import peak_memory, running
from tests.runner.server import LIMITS, Server

DONE, GIVEN_UP = 0, 4


def test_a_job_of_two_steps_is_built_and_reported(
    serve: Serve, launch: Launch, work: Path, source: Source
) -> None:
    server = serve("cat README", "echo $DISHWASHER_SHA >&2; pwd")
    runner = launch(server)
    result = server.result()
    assert (result.reason, result.detail) == (Reason.OK, "All 2 steps passed.")
    assert [phase.name for phase in result.phases] == ["checkout", "build"]
    assert all(phase.reason is Reason.OK for phase in result.phases)
    first, second = result.phases[1].steps
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert server.log[first.log_start : first.log_end] == b"hello\n"
    checkout = work / server.bootstrap.attempt / "checkout"
    assert server.log[second.log_start : second.log_end] == f"{source.sha}\n{checkout}\n".encode()
    assert b"$ cat README\n" in server.log
    assert result.log_bytes == len(server.log)
    assert runner.wait(10) == DONE
    assert list(work.iterdir()) == []


def test_started_comes_after_the_checkout_with_the_source_token(
    serve: Serve, launch: Launch, forge: Forge, source: Source
) -> None:
    server = serve("true", source=replace(source, token="ghs_token"))
    fetched: list[int] = []
    server.fault = lambda verb, _: fetched.append(len(forge.paths)) if verb == "started" else None
    launch(server)
    server.result()
    assert server.started == ["ghs_token"]
    assert fetched[0] > 0
    assert server.words.index("claim") < server.words.index("started")
    # What the checkout says may be told before: on a slow machine it is.
    told = [word for word in server.words if word in ("started", "log")]
    assert told.index("started") < len(told) - 1


def test_a_failing_step_stops_the_job_and_shows_its_end(serve: Serve, launch: Launch) -> None:
    server = serve("echo fine", 'for i in $(seq 50); do echo "line $i"; done; exit 3', "echo no")
    launch(server)
    result = server.result()
    assert result.reason is Reason.FAILED
    command = 'for i in $(seq 50); do echo "line $i"; done; exit 3'
    assert result.detail == f"step 2 `{command}` exited with 3"
    assert result.tail == tuple(f"line {i}" for i in range(11, 51))
    assert [step.exit_code for step in result.phases[1].steps] == [0, 3]
    assert server.log.decode().endswith(f"[dishwasher] {result.detail}\n")


def test_flake8_output_becomes_findings(serve: Serve, launch: Launch, forge: Forge) -> None:
    sha = forge.commit({"app/x.py": "import os\n"})
    server = serve(
        "printf '\\033[1mapp/x.py\\033[0m:1:1: F401 unused'; exit 1",
        annotate=("flake8",),
        source=Source(forge.url, sha),
    )
    launch(server)
    result = server.result()
    (finding,) = result.findings
    assert (finding.path, finding.start_line, finding.level) == ("app/x.py", 1, Level.FAILURE)
    assert result.findings_total == 1
    assert b"\x1b[1mapp/x.py" in server.log, "the log keeps its colours"
    assert result.tail == ("app/x.py:1:1: F401 unused",)


def test_a_commit_that_is_gone_fails_in_plain_words(
    serve: Serve, launch: Launch, source: Source
) -> None:
    server = serve("true", source=replace(source, sha="a" * 40))
    launch(server)
    result = server.result()
    assert result.reason is Reason.FAILED
    assert "is not in the repository" in result.detail
    assert server.started == []
    assert [phase.reason for phase in result.phases] == [Reason.FAILED]


def test_a_job_sees_the_allowed_variables_only(serve: Serve, launch: Launch, work: Path) -> None:
    server = serve("env -0 | sort -z | tr '\\0' '\\n'")
    launch(
        server,
        AWS_SECRET_ACCESS_KEY="canary",
        DISHWASHER_GITHUB_WEBHOOK_SECRET="canary",
        DISHWASHER_JOB_ENV="STAGING",
        STAGING="yes",
        LANG="C.UTF-8",
        HOME="/root",
    )
    (step,) = server.result().phases[1].steps
    lines = server.log[step.log_start : step.log_end].decode().splitlines()
    seen = dict(line.split("=", 1) for line in lines)
    root = work / server.bootstrap.attempt
    of_bash = {"PWD", "SHLVL", "_", "OLDPWD"}
    assert {name: value for name, value in seen.items() if name not in of_bash} == {
        "PATH": f"{root}/node/bin:{os.environ['PATH']}",
        "npm_config_prefix": str(root / "node"),
        "LANG": "C.UTF-8",
        "STAGING": "yes",
        "HOME": str(root / "home"),
        "CI": "true",
        "DISHWASHER": "true",
        "DISHWASHER_SHA": server.ticket.source.sha,
        "DISHWASHER_ARTIFACTS": str(root / "artifacts"),
        "DISHWASHER_JOB": "tests",
    }


def test_a_daemon_that_forked_twice_does_not_survive(serve: Serve, launch: Launch) -> None:
    """Case 17."""
    server = serve("setsid -f sleep 86217 >/dev/null 2>&1; (setsid sleep 86217 >/dev/null 2>&1 &)")
    launch(server)
    result = server.result()
    assert result.reason is Reason.OK
    assert running("86217") == []
    assert result.notes == ("The steps left 2 processes behind; ended.",)


def test_a_background_process_that_holds_the_output_can_not_hang_us(
    serve: Serve, launch: Launch
) -> None:
    """Case 18; it lives until the job's end, and what it prints meanwhile is kept."""
    server = serve("(while sleep 0.2; do echo tick; done) &", "sleep 1; kill -0 %1 || true")
    launch(server)
    result = server.result()
    assert result.reason is Reason.OK
    assert any("holds its output open" in note for note in result.notes)
    second = result.phases[1].steps[1]
    assert b"tick" in server.log[second.log_start : second.log_end]


def test_a_cancelled_job_is_interrupted(serve: Serve, launch: Launch) -> None:
    server = serve("trap 'echo interrupted; exit 1' INT; sleep 86218 & wait", "echo no")
    launch(server)
    server.wait(lambda: server.beats and server.beats[-1].phases[-1].steps)
    server.cancel = True
    result = server.result()
    assert result.reason is Reason.CANCELLED
    assert result.detail.startswith("Cancelled in step 1 `trap")
    assert result.tail == ("interrupted",)
    assert [step.exit_code for step in result.phases[1].steps] == [None]
    assert running("86218") == []


def test_a_stopped_runner_reports_its_job_cancelled(serve: Serve, launch: Launch) -> None:
    server = serve("sleep 86219")
    runner = launch(server)
    server.wait(lambda: server.started)
    runner.send_signal(signal.SIGTERM)
    assert server.result().reason is Reason.CANCELLED
    assert runner.wait(10) == DONE


def test_a_job_over_its_time_is_stopped(serve: Serve, launch: Launch) -> None:
    server = serve("echo begun; sleep 86220", limits=replace(LIMITS, job_seconds=1.0))
    launch(server)
    result = server.result()
    assert result.reason is Reason.TIMED_OUT
    assert result.detail.startswith("The limit of 1 s was reached in step 1")
    assert result.exhausted is Resource.TIME
    assert result.tail == ("begun",)
    assert running("86220") == []


@pytest.mark.parametrize("verb", ["beat", "log"])
def test_a_fenced_runner_kills_its_commands_and_says_nothing(
    serve: Serve, launch: Launch, work: Path, verb: str
) -> None:
    server = serve("trap '' INT TERM; echo here; sleep 86221 & wait")
    server.fault = lambda said, _: 409 if said == verb else None
    runner = launch(server)
    assert runner.wait(20) == GIVEN_UP
    assert running("86221") == []
    assert server.results == []
    assert list(work.iterdir()) == []


def test_a_runner_without_a_server_ends_with_its_lease(
    serve: Serve, launch: Launch, work: Path
) -> None:
    server = serve("sleep 86222", limits=replace(LIMITS, lease_seconds=2.0))
    runner = launch(server)
    server.wait(lambda: server.started)
    server.stop()
    try:
        assert runner.wait(20) == GIVEN_UP
    finally:
        server.restart()
    assert running("86222") == []
    assert list(work.iterdir()) == []


def test_beats_tell_how_far_the_job_is(serve: Serve, launch: Launch) -> None:
    server = serve("until [ -e $HOME/go ]; do sleep 0.05; done")
    launch(server)
    server.wait(lambda: server.beats and server.beats[-1].phases[-1].name == "build")
    checkout, build = server.beats[-1].phases
    assert checkout.reason is Reason.OK
    assert build.reason is None
    assert build.steps[0].exit_code is None
    server.cancel = True
    server.result()


def test_a_log_is_whole_whatever_happens_to_its_chunks(serve: Serve, launch: Launch) -> None:
    """Case 24: chunks refused, damaged, cut off, stored without an answer, lost again."""
    server = serve('for i in $(seq 400); do echo "line $i"; [ $((i % 40)) != 0 ] || sleep .2; done')
    faults = {0: 500, 1: 422, 2: 0, 4: 503, 5: 500}

    def fault(verb: str, before: int) -> int | None:
        if verb == "log" and before == 6:
            # As if the stored bytes had been lost: the server asks for them anew.
            server.log = server.log[:10]
        return faults.get(before) if verb == "log" else None

    server.fault = fault
    launch(server)
    result = server.result()
    (step,) = result.phases[1].steps
    expected = "".join(f"line {i}\n" for i in range(1, 401)).encode()
    assert server.log[step.log_start : step.log_end] == expected
    assert len(server.log) == result.log_bytes
    assert server.words.count("log") > len(faults)
    assert result.notes == ()


def test_the_server_may_restart_while_a_job_runs(serve: Serve, launch: Launch, work: Path) -> None:
    server = serve("echo before; until [ -e $HOME/go ]; do sleep .05; done; echo after")
    launch(server)
    server.wait(lambda: b"before" in server.log)
    server.stop()
    server.restart()
    beats = len(server.beats)
    server.wait(lambda: len(server.beats) > beats)
    (work / server.bootstrap.attempt / "home" / "go").touch()
    result = server.result()
    assert result.reason is Reason.OK
    assert len(server.log) == result.log_bytes
    assert b"before\nafter\n" in server.log


def test_a_log_that_can_not_be_stored_changes_no_verdict(serve: Serve, launch: Launch) -> None:
    server = serve("echo hello")
    server.fault = lambda verb, _: 400 if verb == "log" else None
    launch(server)
    result = server.result()
    assert result.reason is Reason.OK
    assert result.notes == (f"{result.log_bytes} bytes of the log could not be stored.",)


LIMIT = 1024 * 1024
MUCH = "seq 500000; head -c 30000000 /dev/zero | tr '\\0' x; echo; echo the end; exit 1"


def test_much_output_takes_little_memory(serve: Serve, launch: Launch) -> None:
    """Case 23: 33 MB, most of them in one line, with a limit of 1 MB."""
    server = serve(MUCH, annotate=("flake8",), limits=replace(LIMITS, log_bytes=LIMIT))
    peaks: dict[str, int] = {}
    server.fault = lambda verb, _: peaks.update({verb: peak_memory(runner.pid)})
    runner = launch(server)
    result = server.result()
    assert result.reason is Reason.FAILED
    assert LIMIT < len(server.log) == result.log_bytes < LIMIT + 64 * 1024
    assert server.log.count(b"bytes are left out here") == 1
    assert server.log.rstrip().endswith(b"exited with 1")
    assert b"\nthe end\n" in server.log[-1000:]
    assert result.tail[-1] == "the end"
    assert peaks["result"] - peaks["started"] < 8 * 1024 * 1024


def test_artifacts_are_kept_also_when_a_step_fails(serve: Serve, launch: Launch) -> None:
    """Case 27: regular files, and nothing else."""
    server = serve(
        "mkdir -p $DISHWASHER_ARTIFACTS/docs dist; echo page > $DISHWASHER_ARTIFACTS/docs/a.html;"
        "echo wheel > dist/x.whl; ln -s /etc/passwd dist/y.whl; mkfifo dist/z.whl;"
        "ln -s / $DISHWASHER_ARTIFACTS/root; exit 1",
        artifacts=(ArtifactSet(("dist/*.whl", "../*", "/etc/passwd", "nothing/**")),),
    )
    launch(server)
    result = server.result()
    assert result.reason is Reason.FAILED
    assert server.files == {"docs/a.html": b"page\n", "dist/x.whl": b"wheel\n"}
    assert {a.path: a for a in result.artifacts} == server.expected
    assert [phase.name for phase in result.phases] == ["checkout", "build", "artifacts"]
    left_out = [note for note in result.notes if note.startswith("Artifact left out")]
    assert len(left_out) == 6


def test_artifacts_that_can_not_be_stored_fail_a_job_that_was_fine(
    serve: Serve, launch: Launch
) -> None:
    server = serve("echo page > $DISHWASHER_ARTIFACTS/page")
    server.fault = lambda verb, _: 400 if verb == "uploads" else None
    launch(server)
    result = server.result()
    assert result.reason is Reason.INFRA
    assert result.detail.startswith("The artifacts could not be stored: ")
    assert result.artifacts == ()


def test_a_step_that_removes_the_checkout_is_to_blame(serve: Serve, launch: Launch) -> None:
    server = serve("rm -rf $PWD", "true")
    launch(server)
    result = server.result()
    assert result.reason is Reason.FAILED
    assert "an earlier step removed it" in result.detail


def test_a_ticket_of_a_later_protocol_is_not_run(serve: Serve, launch: Launch) -> None:
    server = serve("true", protocol=99)
    launch(server)
    result = server.result()
    assert (result.reason, result.phases) == (Reason.INFRA, ())
    assert server.started == []


def test_a_used_code_ends_quietly(serve: Serve, launch: Launch) -> None:
    server = serve("true")
    server.fault = lambda verb, _: 403 if verb == "claim" else None
    assert launch(server).wait(10) == GIVEN_UP
    assert server.words == ["claim"]


def test_a_step_can_not_read_the_runner(serve: Serve, launch: Launch) -> None:
    """Case 37; root could, so it gives up root's rights first."""
    server = serve(
        "[ $(id -u) != 0 ] || less='setpriv --bounding-set -all --inh-caps -all';"
        "$less cat /proc/$PPID/environ || true"
    )
    launch(server, CANARY="canary")
    server.result()
    assert b"Permission denied" in server.log
    assert b"canary" not in server.log


def test_without_bash_the_machine_is_to_blame(serve: Serve, launch: Launch, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("git", Path(sys.executable).name):
        found = next(
            Path(folder, name)
            for folder in os.environ["PATH"].split(":")
            if Path(folder, name).exists()
        )
        (tools / name).symlink_to(found)
    server: Server = serve("true")
    launch(server, PATH=str(tools))
    result = server.result()
    assert result.reason is Reason.INFRA
    assert "no bash" in result.detail


@pytest.mark.parametrize(("single_use", "expected"), [("1", Reason.OK), ("", Reason.REFUSED)])
def test_a_stranger_runs_without_a_jail_only_on_a_machine_of_its_own(
    serve: Serve, launch: Launch, single_use: str, expected: Reason
) -> None:
    server = serve("echo strange", trusted=False)
    launch(server, DISHWASHER_SINGLE_USE=single_use)
    assert server.result().reason is expected
    assert (b"strange\n" in server.log) is (expected is Reason.OK)


def test_a_workspace_is_held_by_one_and_only_while_it_is_there(tmp_path: Path) -> None:
    """A new zygote cleans up while a runner of the one before begins."""
    root = tmp_path / "work"
    assert hold(root) is None
    root.mkdir()
    first = hold(root)
    assert first is not None and hold(root) is None
    late = os.open(root, os.O_RDONLY)
    root.rmdir()
    os.close(first)
    assert not lock(late, root)
    root.mkdir()
    assert not lock(late, root)
    os.close(late)
    again = hold(root)
    assert again is not None
    os.close(again)
