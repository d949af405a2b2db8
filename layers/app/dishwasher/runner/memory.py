"""Whether the kernel has ended something for want of memory, where no group of ours counts it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

# https://www.kernel.org/doc/html/latest/filesystems/proc.html: of the whole machine, limits of
# control groups and containers included.
VMSTAT = Path("/proc/vmstat")
COUNTER = b"\noom_kill "

OUT_OF_MEMORY = (
    "was ended by SIGKILL when the machine, or the container that we are in, ran out of memory: "
    "let it do less at a time, or give it more"
)


class Kills:
    """Ask after a command was killed; a kill counts once."""

    def __init__(self, vmstat: Path = VMSTAT) -> None:
        self._vmstat = vmstat
        self._known = self._count()

    def words(self) -> str:
        """What follows the name of the command that was killed; empty when that was not why."""
        before, self._known = self._known, self._count()
        return OUT_OF_MEMORY if self._known > before else ""

    def _count(self) -> int:
        # Before Linux 4.13 nobody counts.
        with suppress(OSError):
            _, found, rest = self._vmstat.read_bytes().partition(COUNTER)
            return int(rest.split(maxsplit=1)[0]) if found else 0
        return 0
