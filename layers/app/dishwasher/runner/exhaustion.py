"""What a command's last words tell of a limit that the kernel counts nowhere."""

from __future__ import annotations

import re

from dishwasher.core.size import Resource
from dishwasher.core.ticket import Limits
from dishwasher.runner.sandbox.limits import OPEN_FILES, memory

LAST = 2_000
"""Characters of the end of an output: what was said before has not ended the command."""
MEBIBYTE = 1024 * 1024

# Of the C library, Python, C++, Node, the JVM, Go and bash.
_MEMORY = re.compile(
    r"MemoryError|Cannot allocate memory|std::bad_alloc|heap out of memory|OutOfMemoryError: Java"
    r"|fatal error: runtime: (?:cannot allocate|out of) memory|memory exhausted"
)
_PROCESSES = re.compile(
    r"Resource temporarily unavailable|Cannot fork|can't start new thread"
    r"|unable to create native thread|pthread_create failed|spawn \S+ EAGAIN"
)
# Python's multiprocessing, where sem_open has no /dev/shm to work in, as in a Lambda function:
# ENOSYS of an older C library, ENOENT or EROFS of a newer one, EACCES of a sandbox.
_SHARED = re.compile(
    r"_multiprocessing\.SemLock\(.*?(\w+Error: \[Errno (?:2|13|30|38)\] [^\n]*)", re.DOTALL
)
_FILES = re.compile(r"Too many open files|EMFILE")


def resource(output: str) -> Resource | None:
    """What of its runner a command says that it ran into, where another one has more of it."""
    end = output[-LAST:]
    if _SHARED.search(end):
        return Resource.SHARED_MEMORY
    return Resource.MEMORY if _MEMORY.search(end) and not _PROCESSES.search(end) else None


def words(output: str, limits: Limits) -> str:
    """What follows "exited with 1": the word that was said, and the limit; empty for none."""
    end = output[-LAST:]
    if found := _PROCESSES.search(end):
        return (
            f" and said `{found[0]}`: a job here may have {limits.processes:,} processes and "
            "threads at once. Let it start fewer, or raise DISHWASHER_JOB_PROCESSES"
        )
    if found := _MEMORY.search(end):
        return (
            f" and said `{found[0]}`: a process here may have {memory(limits) // MEBIBYTE:,} MiB "
            "of memory. Let it work with less at a time, or raise DISHWASHER_JOB_MEMORY_GB"
        )
    if found := _SHARED.search(end):
        return (
            f" and said `{found[1]}`: there is no /dev/shm here, in which processes share memory. "
            "Let it work in one process, as by `flake8 --jobs 1`"
        )
    if found := _FILES.search(end):
        return f" and said `{found[0]}`: a process here may have {OPEN_FILES:,} open at once"
    return ""
