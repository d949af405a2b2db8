"""The runner's code is stored once for each version, holds what a runner imports, and no more."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.aws.emulator import Emulator, started

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with started() as emulator:
        yield emulator


def test_a_machine_with_python_alone_becomes_a_runner(emulator: Emulator, tmp_path: Path) -> None:
    from dishwasher.aws.archive import RunnerArchive

    bucket = emulator.bucket()
    first, second = (RunnerArchive(emulator.clients, bucket) for _ in range(2))
    with urllib.request.urlopen(first.url()) as answer:
        data = answer.read()
    (stored,) = emulator.clients.s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert stored["Key"].startswith("runner/")
    second.url()
    (again,) = emulator.clients.s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert again["LastModified"] == stored["LastModified"]
    subprocess.run(["tar", "-xz", "-C", tmp_path], input=data, check=True)
    assert {path.name for path in tmp_path.iterdir()} == {"dishwasher", "regex", "zstandard", "bin"}
    # Without this environment's packages: what is missing there is missing in the archive.
    said = subprocess.run(
        [sys.executable, "-I", "-S", "-c", RUN, str(tmp_path)],
        input="{}",
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "stdin must hold a bootstrap" in said.stderr, said.stderr
    assert not list((tmp_path / "dishwasher").glob("aws"))


RUN = """
import runpy, sys
sys.path.insert(0, sys.argv.pop())
import dishwasher.runner.engine, dishwasher.runner.installing, dishwasher.runner.cache
import dishwasher.runner.sandbox.enclosure, dishwasher.runner.services.running
import dishwasher.runner.egress.gate, dishwasher.checks.spelling, dishwasher.checks.counted
runpy.run_module("dishwasher.runner", run_name="__main__")
"""
