"""A ticket's limits as the kernel takes them, for each process of a job."""

from __future__ import annotations

import os
import resource
from contextlib import suppress

from dishwasher.core.ticket import Limits
from dishwasher.runner.place import Rlimits

SHARE = 0.9
"""Of this machine's memory, what one job may have whatever its ticket says: the server lives on."""
OPEN_FILES = 65_536
"""Descriptors of one process; epoll servers under load tests take thousands, a leak takes all."""


def memory(limits: Limits) -> int:
    """Bytes for a job on this machine."""
    there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min(limits.memory_bytes, int(there * SHARE))


def for_any(limits: Limits) -> Rlimits:
    """What holds at every level, and for every process by itself."""
    seconds = limits.cpu_seconds or limits.job_seconds * (os.cpu_count() or 1)
    return _possible(
        (
            # A core file of a server under test fills the disk, and nobody would look at it.
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_FSIZE, limits.file_bytes),
            (resource.RLIMIT_CPU, max(1, int(seconds))),
        )
    )


def for_one(limits: Limits, *, alone: bool, grouped: bool) -> Rlimits:
    """`alone`: no process but the job's counts as its user's; `grouped`: a control group limits
    memory and processes as a whole, which these do by process and by user."""
    more: list[tuple[int, int]] = [(resource.RLIMIT_NOFILE, OPEN_FILES)]
    if not grouped:
        # Not the address space: what Node, Go and Java reserve and never use counts there.
        more.append((resource.RLIMIT_DATA, memory(limits)))
    others = 0 if alone else _tasks(os.getuid())
    more.append((resource.RLIMIT_NPROC, limits.processes + others))
    return (*for_any(limits), *_possible(more))


def _possible(wanted: tuple[tuple[int, int], ...] | list[tuple[int, int]]) -> Rlimits:
    """None above what we have ourselves: only root could."""
    possible = []
    for which, value in wanted:
        _, most = resource.getrlimit(which)
        possible.append((which, value if most == resource.RLIM_INFINITY else min(value, most)))
    return tuple(possible)


def _tasks(uid: int) -> int:
    """Threads of this user, which the kernel counts as processes."""
    found = 0
    for name in os.listdir("/proc"):
        if name.isdigit():
            with suppress(FileNotFoundError, ProcessLookupError, PermissionError):
                if os.stat(f"/proc/{name}").st_uid == uid:
                    found += len(os.listdir(f"/proc/{name}/task"))
    return found
