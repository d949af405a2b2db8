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


@pytest.mark.parametrize("said", ["", "1 failed", "MemoryError\n" + "x" * 5000])
def test_who_said_nothing_of_it_at_the_end_did_not(said: str) -> None:
    assert words(said, LIMITS) == ""
