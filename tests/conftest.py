"""What holds for every test: the way to this machine's own ports, and what `real` means."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.aws.emulator import Emulator, localstack_started, started

LOOPBACK = "127.0.0.1,localhost"
REAL = "DISHWASHER_TEST_REAL"
"""Set by `make test-real`, which installs every program: nothing may be skipped there."""

# A proxy of the host must not catch requests to a server that a test has started, in this process
# or in one that it starts. Some libraries read only one of the two spellings.
for name in ("NO_PROXY", "no_proxy"):
    os.environ[name] = ",".join(filter(None, (os.environ.get(name), LOOPBACK)))


# A machine that does other things as well proves nothing: what is too slow, `bench/` tells.
settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")

# A shell's background job ignores it, and so would everything that the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)


SLOW = (
    "abuse",
    "cli/test_run.py",
    "e2e",
    "runner/sandbox",
    "runner/services",
    "runner/test_attempt.py",
    "soak",
    "web/test_axe.py",
    "demo/github/test_gh.py",
    "runner/test_mirror_damage.py",
    "runner/test_mirror_runners.py",
)
"""Whose tests start a whole bot or machine for each case: minutes, left to `test-real`."""


@pytest.fixture(scope="session")
def emulator_of_all() -> Iterator[Emulator]:
    """A server that speaks AWS's protocols; skipped with words where its packages are missing."""
    with started() as found:
        yield found


@pytest.fixture
def emulator(emulator_of_all: Emulator) -> Iterator[Emulator]:
    """The same, with nothing on it."""
    yield emulator_of_all
    emulator_of_all.reset()


@pytest.fixture(scope="session")
def localstack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """A server that looks at signatures; only `make test-presigned` installs it."""
    with localstack_started(tmp_path_factory.mktemp("localstack")) as found:
        yield found


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    slow = tuple(Path(__file__).parent / name for name in SLOW)
    # A file at a time, because there are hundreds of files and thousands of tests.
    paths = {item.path for item in items}
    slow_paths = {path for path in paths if any(path.is_relative_to(place) for place in slow)}
    for item in items:
        if item.path in slow_paths:
            item.add_marker(pytest.mark.slow)


def pytest_runtest_setup(item: pytest.Item) -> None:
    missing = [
        program
        for marker in item.iter_markers("real")
        for program in marker.args
        if shutil.which(program) is None
    ]
    if not missing:
        return
    reason = f"needs {', '.join(missing)}"
    pytest.skip(reason)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):
        refuse(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if report.skipped:
        refuse(report)
    return report


def refuse(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Under REAL a test that is skipped has failed, whoever skips it."""
    if os.environ.get(REAL):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{reason}; with {REAL} nothing is skipped"
