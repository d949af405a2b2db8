"""The runner as a program: what it makes of wrong input and of its own failures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from dishwasher.core.codec import encode
from dishwasher.core.job import Reason

from tests.runner.conftest import MEASURED, PACKAGES, Launch, Serve
from tests.runner.server import Server

BROKEN, USAGE = 1, 2
NULL = "embedded null"
"""In what every Python says of a NUL in a path."""


def run(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (sys.executable, "-m", "dishwasher.runner", str(folder)),
        env={"PATH": os.environ["PATH"], "PYTHONPATH": PACKAGES, **MEASURED},
        input=text,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("text", ["", "{", "[]", '{"url": "http://x"}'])
def test_stdin_must_hold_a_bootstrap(work: Path, text: str) -> None:
    done = run(work, text)
    assert done.returncode == USAGE
    assert done.stderr.startswith("stdin must hold a bootstrap as JSON: ")


def test_a_result_that_can_not_be_delivered_is_told(serve: Serve, work: Path) -> None:
    server = serve("true")
    server.fault = lambda verb, _: 400 if verb == "result" else None
    done = run(work, json.dumps(encode(server.bootstrap)))
    assert done.returncode == BROKEN
    assert "job-1.1: the result is lost: " in done.stderr
    assert list(work.iterdir()) == []


def test_a_runner_that_breaks_says_so(serve: Serve, work: Path) -> None:
    """A path that the server should have refused is a bug, and no reason to hang."""
    server = serve("true", annotate=("\0",))
    done = run(work, json.dumps(encode(server.bootstrap)))
    assert done.returncode == 0
    result = server.result()
    assert result.reason is Reason.INFRA
    assert result.detail.startswith("The runner broke: ValueError: ")
    assert NULL in result.detail
    assert "Traceback" in done.stderr


def test_a_runner_that_breaks_over_a_secret_does_not_tell_it(serve: Serve, work: Path) -> None:
    secrets = (("TOKEN", NULL),)
    server = serve("true", annotate=("\0",), secrets=secrets)
    done = run(work, json.dumps(encode(server.bootstrap)))
    detail = server.result().detail
    assert detail.startswith("The runner broke: ValueError: ") and "***" in detail
    assert "***" in done.stderr and NULL not in detail + done.stderr


def test_a_heart_that_breaks_ends_the_job(serve: Serve, launch: Launch) -> None:
    server: Server = serve("sleep 86261")
    server.fault = lambda verb, _: 400 if verb == "beat" else None
    launch(server)
    result = server.result()
    assert result.reason is Reason.INFRA
    assert result.detail.startswith("The runner broke: the heartbeat failed: ")


def test_sealed_folders_are_removed_too(serve: Serve, launch: Launch, work: Path) -> None:
    server = serve("mkdir -p a/b; touch a/b/c; chmod 500 a/b a; ln -s / a/../root")
    runner = launch(server)
    server.result()
    runner.wait(10)
    assert list(work.iterdir()) == []
