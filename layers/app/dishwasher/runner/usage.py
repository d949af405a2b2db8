"""What a command has used of the machine, as far as the kernel tells its parent.

It counts what the command has waited for, as every shell does for what it runs in front; what it
left behind counts nowhere. Of several processes at a time the peak is that of the largest. A child
begins with the peak of who started it, so that a peak below the runner's own is not known.
"""

from __future__ import annotations

import os
import resource
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_TIMES = slice(11, 15)
"""utime, stime, cutime, cstime in /proc/PID/stat, counted after the name (proc(5))."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Processor time of a command and all below it, and its memory at most; 0 for not known."""

    cpu_seconds: float = 0.0
    peak_bytes: int = 0


UNKNOWN = Usage()


def of(used: resource.struct_rusage) -> Usage:
    """Of a child that has been waited for."""
    peak, own = used.ru_maxrss, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return Usage(used.ru_utime + used.ru_stime, peak * 1024 if peak > own else 0)


def seconds(pid: int) -> float:
    """Processor time so far, to a hundredth; also of a process that nobody has waited for yet."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(map(int, stat.rpartition(b")")[2].split()[_TIMES])) / _TICKS
