"""Last words of programs that found a limit, as the programs say them."""

from __future__ import annotations

import pytest
from dishwasher.core.size import Resource
from dishwasher.core.ticket import Limits
from dishwasher.runner.exhaustion import resource, words

LIMITS = Limits(memory_bytes=512 * 1024 * 1024, processes=1500)
MEMORY = " and said `{}`: a process here may have 512 MiB of memory. Let it work with less"
PROCESSES = " and said `{}`: a job here may have 1,500 processes and threads at once."


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Traceback:\n  ...\nMemoryError\n", MEMORY.format("MemoryError")),
        ("cc1plus: out of memory\nvirtual memory exhausted: Cannot allocate memory", MEMORY),
        ("terminate called after throwing an instance of 'std::bad_alloc'", MEMORY),
        ("FATAL ERROR: Reached heap limit - JavaScript heap out of memory", MEMORY),
        ("Exception in thread: java.lang.OutOfMemoryError: Java heap space", MEMORY),
        ("fatal error: runtime: out of memory", MEMORY),
        ("bash: fork: retry: Resource temporarily unavailable", PROCESSES),
        ("BlockingIOError: [Errno 11] Resource temporarily unavailable", PROCESSES),
        ("RuntimeError: can't start new thread", PROCESSES.format("can't start new thread")),
        ("Error: spawn git EAGAIN", PROCESSES.format("spawn git EAGAIN")),
        ("OSError: [Errno 24] Too many open files", " and said `Too many open files`: a process"),
    ],
)
def test_who_found_a_limit_is_told_which(said: str, expected: str) -> None:
    before, _, after = expected.partition("{}")
    found = words(said, LIMITS)
    assert found.startswith(before)
    assert after in found
    assert (resource(said) is Resource.MEMORY) == ("of memory" in found)


@pytest.mark.parametrize(
    "error",
    [
        "OSError: [Errno 38] Function not implemented",
        "FileNotFoundError: [Errno 2] No such file or directory",
        "OSError: [Errno 30] Read-only file system",
        "PermissionError: [Errno 13] Permission denied",
    ],
)
def test_pythons_processes_find_no_memory_to_share(error: str) -> None:
    # flake8's last words in two processes, with /dev/shm taken away.
    said = f"""  File "/usr/lib/python3.11/multiprocessing/synchronize.py", line 57, in __init__
    sl = self._semlock = _multiprocessing.SemLock(
                         ^^^^^^^^^^^^^^^^^^^^^^^^^
{error}
"""
    assert resource(said) is Resource.SHARED_MEMORY
    assert words(said, LIMITS) == (
        f" and said `{error}`: there is no /dev/shm here, in which processes share memory. Let it "
        "work in one process, as by `flake8 --jobs 1`"
    )


def test_a_shared_memory_that_is_full_is_there() -> None:
    said = "_multiprocessing.SemLock(\nOSError: [Errno 28] No space left on device"
    assert (resource(said), words(said, LIMITS)) == (None, "")


@pytest.mark.parametrize("said", ["", "1 failed", "MemoryError\n" + "x" * 5000])
def test_who_said_nothing_of_it_at_the_end_did_not(said: str) -> None:
    assert words(said, LIMITS) == ""
