"""Docker's daemon for a job: started once, waited for, and gone with all that came of it.

A program of the same name stands in for it, which serves its socket; `make test-image` has the real
one build and run an image.
"""

from __future__ import annotations

import os
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from dishwasher.core.environment import SINGLE_USE
from dishwasher.core.job import Reason
from dishwasher.core.machine import Machine
from dishwasher.core.ticket import Source
from dishwasher.errors import InfraError, UserError
from dishwasher.runner import orphans
from dishwasher.runner.beside import Beside
from dishwasher.runner.command import Commands
from dishwasher.runner.docker import READY_SECONDS, Docker
from dishwasher.runner.environment import Workspace
from dishwasher.runner.journal import Journal
from dishwasher.runner.log import Log
from dishwasher.runner.stages import Stages
from dishwasher.runner.stop import Cause, Stop, Stopped
from dishwasher.runner.verdict import Judge

from tests.runner.job import GRACE, HOST, jobs, phase
from tests.runner.server import ticket

ASKS = Machine(docker=True)
DAEMON = """\
import os, socketserver, subprocess, sys
print("the daemon of", os.environ.get("HTTPS_PROXY", "nobody"), flush=True)
# What a container's shim does: leave its session, and its parent.
shim = "import os, signal; os.setsid(); os.fork() and os._exit(0); signal.pause()"
subprocess.run((sys.executable, "-c", shim))
class Api(socketserver.StreamRequestHandler):
    def handle(self):
        asked = self.rfile.readline()
        self.wfile.write(b"HTTP/1.0 200 OK\\r\\n\\r\\nOK" if b"_ping" in asked else b"?")
address = sys.argv[sys.argv.index("--host") + 1].removeprefix("unix://")
socketserver.UnixStreamServer(address, Api).serve_forever()
"""


class Host:
    """A PATH with a daemon on it, and a socket that nobody else has."""

    def __init__(self, folder: Path) -> None:
        self.bin, self.socket = folder / "bin", folder / "docker.sock"
        self.log = folder / "docker.log"
        self.bin.mkdir()
        self.said: list[str] = []
        self.stop = Stop()

    def installs(self, body: str) -> None:
        program = self.bin / "dockerd"
        program.write_text(f"#!{sys.executable}\n{body}")
        program.chmod(0o755)

    def docker(self, seconds: float = READY_SECONDS) -> Docker:
        environment = {"PATH": f"{self.bin}:{os.environ['PATH']}", "HTTPS_PROXY": "a proxy"}
        return Docker(self.stop, self.said.append, self.log, environment, self.socket, seconds)


@pytest.fixture
def machine() -> Iterator[Host]:
    # A socket's path may have a hundred characters.
    with tempfile.TemporaryDirectory(prefix="dishwasher-docker-") as folder:
        orphans.adopt()
        found = Host(Path(folder))
        yield found
        found.stop.close()
        orphans.adopt(False)


def left() -> set[int]:
    return orphans.descendants({os.getpid()}) - {os.getpid()}


def test_a_daemon_is_started_and_ends_with_what_left_it(machine: Host) -> None:
    machine.installs(DAEMON)
    before, docker = left(), machine.docker()
    docker.start()
    (keeper,) = docker.pids
    assert left() - before == orphans.descendants({keeper})
    assert len(orphans.children(keeper)) == 2, (
        "the shim hangs on ours, and is not the steps' to end"
    )
    assert machine.said[-1].startswith("Docker's daemon is ready (")
    assert machine.log.read_text() == "the daemon of a proxy\n"
    docker.end()
    assert left() - before == set()
    assert docker.pids == frozenset()


def test_one_that_answers_already_is_the_jobs(machine: Host) -> None:
    machine.installs(DAEMON)
    first, second = machine.docker(), machine.docker()
    first.start()
    try:
        second.start()
        second.end()
        assert machine.said[-1] == "Docker's daemon is there already"
        assert first.pids and not second.pids
    finally:
        first.end()


def test_a_machine_without_one_is_told_what_to_run(machine: Host) -> None:
    docker = machine.docker()
    docker.environment = {"PATH": str(machine.bin)}
    with pytest.raises(UserError, match=r"there is no dockerd\. Run such jobs in the image of"):
        docker.start()
    docker.end()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("print('fine\\n' * 5 + 'mount: no'); raise SystemExit(1)", "fine\nfine\nmount: no"),
        ("", "It said nothing."),
    ],
)
def test_one_that_does_not_come_up_says_why_and_what_it_takes(
    machine: Host, body: str, said: str
) -> None:
    machine.installs(body)
    docker = machine.docker()
    with pytest.raises(InfraError) as raised:
        docker.start()
    docker.end()
    first, _, others = str(raised.value).partition("\n")
    assert first.startswith("Docker's daemon ended at once. It takes root and a privileged cont")
    assert (first.endswith("kept as services/docker.log."), others) == (True, said)


def test_one_that_does_not_answer_is_not_waited_for_for_ever(machine: Host) -> None:
    machine.installs("import time; time.sleep(600)")
    # Whatever else runs here is of tests before this one.
    before, docker = left(), machine.docker(seconds=0.2)
    with pytest.raises(InfraError, match=r"does not answer within 0\.2 s\. (.|\n)*It said nothing"):
        docker.start()
    begun = left() - before
    docker.end()
    assert begun and not left() & begun


def test_what_answers_something_else_is_no_daemon(machine: Host) -> None:
    machine.installs("import time; time.sleep(600)")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(machine.socket))
        listener.listen()

        def refuse() -> None:
            for _ in range(2):
                connection, _ = listener.accept()
                with connection:
                    connection.recv(100)
                    connection.sendall(b"HTTP/1.0 500 no\r\n\r\n")
            machine.stop.request(Cause.CANCELLED)

        thread = threading.Thread(target=refuse)
        thread.start()
        docker = machine.docker()
        with pytest.raises(Stopped):
            docker.start()
        docker.end()
        thread.join()


def test_its_log_is_kept_where_the_job_failed_and_its_processes_are_spared(
    machine: Host,
) -> None:
    machine.installs(DAEMON)
    workspace = Workspace(machine.bin.parent / "work")
    workspace.root.mkdir()
    workspace.make()
    log, commands = Log(workspace.root, 100_000, None), Commands(machine.stop, 1e12, GRACE)
    stages = Stages(Judge(machine.stop, 60.0), Journal(lambda: log.size, lambda: None), log)
    asked = ticket(Source("", "a" * 40), "true", machine=ASKS)
    host = {"PATH": f"{machine.bin}:{HOST['PATH']}", "AWS_SESSION_TOKEN": "secret"}
    beside = Beside(asked, host, workspace, commands, stages, socket=machine.socket)
    try:
        assert beside.start(docker=True).fine
        assert commands.end() == (0, 0), "the daemon is nothing that a step has left"
        beside.keep_logs()
        kept = workspace.left / "services" / "docker.log"
        assert kept.read_text() == "the daemon of nobody\n"
        assert (beside.environment, beside.advice()) == ({}, ())
    finally:
        beside.end()
        log.discard()
    assert [phase.name for phase in stages.journal.phases] == ["docker"]


def test_a_machine_that_others_use_gets_none(tmp_path: Path) -> None:
    with jobs(tmp_path) as job:
        done = job(phase("build", "echo built"), machine=ASKS)
    assert done.ran == ["build 0"]
    assert done.printed == ["built"]


def test_a_machine_of_the_jobs_own_gets_one_first(tmp_path: Path) -> None:
    with jobs(tmp_path) as job:
        job.host = {**HOST, SINGLE_USE: "1"}
        # Nothing is to be started on the machine that the tests run on.
        job.stop.request(Cause.CANCELLED)
        done = job(phase("build", "echo built"), machine=ASKS)
    assert done.ran[0] == "docker"
    assert (done.verdict.reason, done.printed) == (Reason.CANCELLED, [])


def test_a_job_that_gets_none_does_not_begin(machine: Host) -> None:
    machine.installs("print('no'); raise SystemExit(1)")
    workspace = Workspace(machine.bin.parent / "work")
    workspace.root.mkdir()
    log = Log(workspace.root, 100_000, None)
    stages = Stages(Judge(machine.stop, 60.0), Journal(lambda: log.size, lambda: None), log)
    commands = Commands(machine.stop, 1e12, GRACE)
    asked = replace(ticket(Source("", "a" * 40), "true", machine=ASKS), trusted=False)
    host = {"PATH": str(machine.bin)}
    beside = Beside(asked, host, workspace, commands, stages, socket=machine.socket)
    verdict = beside.start(docker=True)
    beside.end()
    assert verdict.reason is Reason.INFRA
    assert verdict.detail.endswith("\nno")
    assert verdict.detail in log.read(0, log.size).decode()
    log.discard()
