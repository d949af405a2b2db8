"""What a step has used, by real processes."""

from __future__ import annotations

import resource

import pytest
from dishwasher.core.result import StepResult
from dishwasher.core.step import Shell

from tests.runner.job import Jobs, phase

BUSY = "python3 -c 'import time\nwhile time.process_time() < 0.3: pass'"
MORE = 300_000_000
"""Bytes beyond what this process has ever held: a smaller peak of a child is not known."""


@pytest.fixture(params=list(Shell))
def shell(request: pytest.FixtureRequest) -> Shell:
    assert isinstance(request.param, Shell)
    return request.param


def _holding(size: int) -> str:
    return f"python3 -c 'x = b\"x\" * {size}'"


def steps(job: Jobs, *commands: str, shell: Shell) -> tuple[StepResult, ...]:
    return job(phase("test", *commands, keep_going=True), shell=shell).phases[0].steps


def test_each_step_says_its_processor_time(job: Jobs, shell: Shell) -> None:
    before, busy, after = steps(job, "true", f"({BUSY}); {BUSY}; false", "true", shell=shell)
    assert before.cpu_seconds < 0.3
    assert 0.6 <= busy.cpu_seconds < busy.seconds * 2
    assert after.cpu_seconds < 0.3


def test_a_step_that_ends_its_shell_says_it_too(job: Jobs, shell: Shell) -> None:
    first, last = steps(job, BUSY, f"{BUSY}; exit 3", shell=shell)
    assert (first.exit_code, last.exit_code) == (0, 3)
    assert 0.3 <= last.cpu_seconds < 0.9


def test_a_stopped_step_says_it_too(job: Jobs, shell: Shell) -> None:
    job.seconds = 1.0
    (step,) = steps(job, "while :; do :; done", shell=shell)
    assert step.exit_code is None
    assert 0.05 <= step.cpu_seconds < 2 * step.seconds


@pytest.mark.parametrize("shell", [Shell.STRICT, Shell.EACH])
def test_a_shell_of_its_own_says_the_memory_of_its_largest(job: Jobs, shell: Shell) -> None:
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 + MORE
    small, large, end = steps(job, "true", f"{_holding(size)}; true", "true", shell=shell)
    assert size < large.peak_bytes < size + 100_000_000
    assert (small.peak_bytes, end.peak_bytes) == (0, 0)


def test_a_shared_shell_does_not_know_it(job: Jobs) -> None:
    assert [one.peak_bytes for one in steps(job, _holding(MORE), shell=Shell.ONE)] == [0]
