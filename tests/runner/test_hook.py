"""A MicroVM's program, asked over HTTP as Lambda asks: one job, once, and it ends with it."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from dishwasher.core.codec import encode
from dishwasher.core.job import Reason
from dishwasher.core.ticket import Bootstrap
from dishwasher.runner import hook
from dishwasher.runner.services import ports

from tests.runner.conftest import MEASURED, OWN, Serve


class Machine:
    """The program in a process of its own, and its port."""

    def __init__(self, work: Path) -> None:
        self.port = ports.any_free()
        self.process = subprocess.Popen(
            (sys.executable, "-m", "dishwasher.runner.hook", str(self.port), str(work)),
            env={**OWN, **MEASURED},
            stderr=subprocess.PIPE,
        )

    def ask(self, name: str, body: str = "", prefix: str = hook.PREFIX, size: int = 0) -> int:
        """The status; waits for who does not listen yet."""
        while True:
            assert self.process.poll() is None
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            try:
                length = {"Content-Length": str(size or len(body))}
                connection.request("POST", f"{prefix}{name}", body, length)
                answer = connection.getresponse()
                assert answer.read() == b""
                return answer.status
            except ConnectionRefusedError:
                continue
            finally:
                connection.close()


@pytest.fixture
def machine(work: Path) -> Iterator[Machine]:
    found = Machine(work)
    yield found
    found.process.kill()
    found.process.communicate()


def told(bootstrap: Bootstrap) -> str:
    """As AWS says it: what RunMicrovm was given is a text beside the MicroVM's id."""
    return json.dumps({"microvmId": "microvm-1", hook.ENVELOPE: json.dumps(encode(bootstrap))})


def test_it_is_ready_and_runs_its_job_and_ends(serve: Serve, machine: Machine) -> None:
    server = serve("cat README", 'test "$DISHWASHER_JOB" = tests')
    assert [machine.ask(name) for name in ("/ready", "/validate")] == [200, 200]
    assert server.words == []
    assert machine.ask("/run", told(server.bootstrap)) == 200
    assert server.result().reason is Reason.OK
    assert machine.process.wait(60) == 0
    assert server.words.count("claim") == 1


def test_the_body_may_be_the_bootstrap_itself(serve: Serve, machine: Machine) -> None:
    server = serve("true")
    assert machine.ask("/run", json.dumps(encode(server.bootstrap))) == 200
    assert server.result().reason is Reason.OK


def test_a_stranger_may_run_there_without_a_jail(serve: Serve, machine: Machine) -> None:
    server = serve("true", trusted=False)
    machine.ask("/run", told(server.bootstrap))
    assert server.result().reason is Reason.OK


def test_it_takes_one_job_and_that_as_often_as_it_is_said(serve: Serve, machine: Machine) -> None:
    server = serve("echo begun; until [ -e more ]; do sleep 0.05; done")
    assert machine.ask("/run", told(server.bootstrap)) == 200
    server.wait(lambda: b"begun\n" in server.log)
    assert machine.ask("/run", told(server.bootstrap)) == 200
    assert machine.ask("/run", told(Bootstrap(server.bootstrap.url, "other.1", "code"))) == 409
    machine.process.send_signal(signal.SIGTERM)
    assert server.result().reason is Reason.CANCELLED
    assert machine.process.wait(60) == 0
    assert server.words.count("claim") == 1


def test_what_is_no_bootstrap_is_refused_and_the_next_one_taken(
    serve: Serve, machine: Machine
) -> None:
    for body in ("", "{", "[]", "{}", '{"runHookPayload": "no"}'):
        assert machine.ask("/run", body) == 400
    server = serve("true")
    assert machine.ask("/run", told(server.bootstrap)) == 200
    assert server.result().reason is Reason.OK
    said = machine.process.communicate(timeout=60)[1]
    assert said.count(b"/run brought no bootstrap: ") == 5


def test_nothing_else_is_answered(machine: Machine) -> None:
    assert machine.ask("/suspend") == 404
    assert machine.ask("/run", prefix="/else") == 404
    assert machine.ask("/run", size=hook.MOST + 1) == 413


def test_a_bootstrap_fits_into_what_lambda_takes() -> None:
    """By botocore's model 4,096 characters, by AWS's prose 16 KiB."""
    largest = Bootstrap(f"https://{'x' * 1000}", "a" * 200, "c" * 100)
    assert len(json.dumps(encode(largest))) < 4096 < hook.MOST
