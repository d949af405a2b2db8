"""What a server takes of its machine at one moment."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

FIELD = re.compile(r"^(VmRSS|VmHWM|Threads):\s+(\d+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Sample:
    memory: int
    """Bytes resident now, and at most so far."""
    most: int
    threads: int
    files: int
    disk: int
    """Bytes on disk below the data folder."""

    def __str__(self) -> str:
        return (
            f"{self.memory / 1e6:.1f} MB of memory, {self.disk / 1e6:.1f} MB on disk, "
            f"{self.threads} threads, {self.files} files  "
        )


def sample(pid: int, data: Path) -> Sample:
    """https://man7.org/linux/man-pages/man5/proc_pid_status.5.html"""
    found = {
        name: int(text) for name, text in FIELD.findall(Path(f"/proc/{pid}/status").read_text())
    }
    return Sample(
        memory=found["VmRSS"] * 1024,
        most=found["VmHWM"] * 1024,
        threads=found["Threads"],
        files=len(os.listdir(f"/proc/{pid}/fd")),
        disk=_bytes(data),
    )


def _bytes(folder: Path) -> int:
    """What is there now; the server writes and removes meanwhile."""
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(root, name)).st_blocks * 512
            except FileNotFoundError:
                continue
    return total
