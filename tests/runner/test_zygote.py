"""The zygote by its lines: what it is told, and what it says."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dishwasher.core.codec import encode
from dishwasher.core.job import Reason

from tests.runner.conftest import MEASURED, PACKAGES, Serve
from tests.runner.processes import running

# Impatient, where the real one gives a stopped runner half a minute.
PROGRAM = """
import sys
from pathlib import Path
from dishwasher.runner import orphans
from dishwasher.runner.zygote import Zygote
orphans.adopt()
Zygote(Path(sys.argv[1]), stop_seconds=0.3).run()
"""


class Told:
    """A zygote process that can be spoken to and heard."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            (sys.executable, "-c", PROGRAM, str(folder)),
            env={"PATH": os.environ["PATH"], "PYTHONPATH": PACKAGES, **MEASURED},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def say(self, line: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(encode(line)).encode() + b"\n")
        self.process.stdin.flush()

    def hear(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        heard: dict[str, Any] = json.loads(self.process.stdout.readline())
        return heard

    def end(self) -> str:
        """Hang up and wait; answers what was written on stderr."""
        return self.process.communicate(timeout=30)[1].decode()


@pytest.fixture
def zygote(work: Path, serve: Serve) -> Iterator[Told]:
    zygote = Told(work)
    yield zygote
    zygote.process.kill()
    zygote.end()


def test_the_end_of_each_runner_is_reported(zygote: Told, serve: Serve) -> None:
    server = serve("true")
    zygote.say(server.bootstrap)
    begun = zygote.hear()
    assert begun.keys() == {"attempt", "pid"}
    assert server.result().reason is Reason.OK
    assert zygote.hear() == {"attempt": server.attempt, "exit": 0}
    assert zygote.end() == ""
    assert zygote.process.returncode == 0


def test_a_runner_that_does_not_stop_is_killed(zygote: Told, serve: Serve, work: Path) -> None:
    server = serve("trap '' INT TERM; echo up; sleep 86251 & wait; wait")
    zygote.say(server.bootstrap)
    zygote.hear()
    server.wait(lambda: b"up" in server.log)
    zygote.say({"stop": server.attempt})
    assert zygote.hear() == {"attempt": server.attempt, "exit": -signal.SIGKILL}
    assert running("86251") == []
    zygote.end()
    assert list(work.iterdir()) == []


def test_lines_that_make_no_sense_harm_nobody(zygote: Told, serve: Serve) -> None:
    lines: tuple[object, ...] = ("broken", [], {"stop": "nobody"})
    for nonsense in lines:
        zygote.say(nonsense)
    server = serve("true")
    zygote.say(server.bootstrap)
    zygote.hear()
    server.result()
    assert zygote.hear()["exit"] == 0
    assert zygote.end().count("zygote: not understood: ") == 2


def test_an_attempt_can_not_name_another_folder(
    zygote: Told, serve: Serve, work: Path, tmp_path: Path
) -> None:
    (tmp_path / "precious").mkdir()
    zygote.say(replace(serve("true").bootstrap, attempt="../precious"))
    assert zygote.hear() == {"attempt": "../precious", "exit": 1}
    assert "not the id of an attempt: '../precious'" in zygote.end()
    assert (tmp_path / "precious").exists()
