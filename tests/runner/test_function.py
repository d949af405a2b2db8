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
FILTERED = f"from tests.runner.filtered import refuse\nrefuse()\n{PROGRAM}"
LIBRARIES = "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/task/lib:/opt/lib"
SECRET = "the function's own credentials"


def invoke(
    event: object, folder: Path, seconds: float = 900.0, program: str = PROGRAM
) -> subprocess.CompletedProcess[str]:
    """As Lambda does it, in a process of its own."""
    packages = (Path(dishwasher.__file__).parents[1], Path(__file__).parents[2])
    return subprocess.run(
        (sys.executable, "-c", program, str(folder), str(seconds)),
        input=json.dumps(event),
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(map(str, packages)),
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "DISHWASHER_SANDBOX": "plain",
            "LANG": "xx_XX.UTF-8",
            "LD_LIBRARY_PATH": LIBRARIES,
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


def test_a_job_runs_where_lambda_refuses_calls_of_the_kernel(serve: Serve, tmp_path: Path) -> None:
    server = serve("echo hello", "sleep 0.1 & wait", "cat /proc/self/status")
    done = invoke(asdict(server.bootstrap), tmp_path, program=FILTERED)
    assert (done.returncode, server.result().reason) == (0, Reason.OK), done.stderr
    assert b"hello" in server.log and b"Seccomp:\t2" in server.log
    assert list(tmp_path.iterdir()) == []


def test_a_job_that_fails_there_fails_by_itself(serve: Serve, tmp_path: Path) -> None:
    server = serve("sleep 0.1; exit 7")
    done = invoke(asdict(server.bootstrap), tmp_path, program=FILTERED)
    assert (done.returncode, server.result().reason) == (0, Reason.FAILED), done.stderr
    assert "7" in server.result().detail


def test_a_job_is_not_told_the_functions_credentials(serve: Serve, tmp_path: Path) -> None:
    server = serve("env")
    invoke(asdict(server.bootstrap), tmp_path)
    assert server.result().reason is Reason.OK
    assert b"DISHWASHER_SHA" in server.log
    assert b"LANG=C.UTF-8\n" in server.log
    # Without it the Python of AWS's runtime does not start.
    assert f"LD_LIBRARY_PATH={LIBRARIES}\n".encode() in server.log
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
