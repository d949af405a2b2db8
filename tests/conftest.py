"""What holds for every test: the way to this machine's own ports, and what `real` means."""

from __future__ import annotations

import os
import shutil

import pytest

LOOPBACK = "127.0.0.1,localhost"
REAL = "DISHWASHER_TEST_REAL"
"""Set by `make test-real`, which installs every program: nothing may be skipped there."""

# A proxy of the host must not catch requests to a server that a test has started, in this process
# or in one that it starts. Some libraries read only one of the two spellings.
for name in ("NO_PROXY", "no_proxy"):
    os.environ[name] = ",".join(filter(None, (os.environ.get(name), LOOPBACK)))


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
    if os.environ.get(REAL):
        pytest.fail(f"{reason}, and with {REAL} nothing is skipped", pytrace=False)
    pytest.skip(reason)
