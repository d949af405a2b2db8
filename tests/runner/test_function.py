"""An attempt in a Lambda function leaves nothing behind, and ends before Lambda ends it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import dishwasher
import pytest
from dishwasher.core.job import Reason
from dishwasher.runner import function

from tests.runner.conftest import Serve
from tests.runner.processes import running

PROGRAM = """
import json, os, sys
from pathlib import Path
from dishwasher.runner import function
sys.exit(function.run(json.load(sys.stdin), os.environ, float(sys.argv[2]), Path(sys.argv[1])))
"""
SECRET = "the function's own credentials"


def invoke(event: object, folder: Path, seconds: float = 900.0) -> subprocess.CompletedProcess[str]:
    """As Lambda does it, in a process of its own."""
    return subprocess.run(
        (sys.executable, "-c", PROGRAM, str(folder), str(seconds)),
        input=json.dumps(event),
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(Path(dishwasher.__file__).parents[1]),
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "DISHWASHER_SANDBOX": "plain",
            "LANG": "xx_XX.UTF-8",
        },
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_job_is_run_and_nothing_of_it_is_left(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "of a job before").write_text("x")
    server = serve(
        f"echo x > {tmp_path}/file; mkdir {tmp_path}/folder; ln -s / {tmp_path}/folder/link",
        "setsid sleep 3217 > /dev/null 2>&1 &",
    )
    done = invoke(asdict(server.bootstrap), tmp_path)
    assert (done.returncode, server.result().reason) == (0, Reason.OK), done.stderr
    assert list(tmp_path.iterdir()) == []
    assert not running("sleep 3217")


def test_a_job_is_not_told_the_functions_credentials(serve: Serve, tmp_path: Path) -> None:
    server = serve("env")
    invoke(asdict(server.bootstrap), tmp_path)
    assert server.result().reason is Reason.OK
    assert b"DISHWASHER_SHA" in server.log
    assert b"LANG=C.UTF-8\n" in server.log
    assert b"AWS_" not in server.log and SECRET.encode() not in server.log


def test_before_lambda_ends_it_the_job_is_ended_with_a_word(serve: Serve, tmp_path: Path) -> None:
    server = serve("sleep 3218")
    done = invoke(asdict(server.bootstrap), tmp_path, seconds=function.LAST_SECONDS + 1)
    assert (done.returncode, server.result().reason) == (0, Reason.CANCELLED)
    assert not running("sleep 3218")


def test_an_event_that_is_no_bootstrap_runs_nothing(tmp_path: Path) -> None:
    done = invoke({"hello": "world"}, tmp_path)
    assert (done.returncode, "ValueError" in done.stderr) == (1, True)


def test_away_from_lambda_only_a_folder_of_its_own_is_emptied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert function.scratch() == tmp_path / "dishwasher-function"
