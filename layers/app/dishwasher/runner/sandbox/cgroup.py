"""Memory and processes of one job, limited by the kernel's control groups, version 1 or 2."""

from __future__ import annotations

import os
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")
CONTROLLERS = ("memory", "pids")
PREFIX = "dishwasher-"
NO_MEMORY = "ran out of memory"
REMOVE_SECONDS = 5.0
"""A group whose last process has just been killed is busy for some milliseconds."""
PAUSE = 0.002
MEBIBYTE = 1024 * 1024


@dataclass(slots=True)
class Group:
    """Folders of one job's group: one in version 2, one for each controller in version 1."""

    folders: tuple[Path, ...]
    memory: int
    processes: int
    _killed: int = 0
    _refused: int = 0

    def add(self, pid: int) -> None:
        """That process and all that it starts from now on."""
        for door in self.doors:
            door.write_text(str(pid))

    @property
    def doors(self) -> tuple[Path, ...]:
        """Files by which a process joins, that writes its id to each."""
        return tuple(folder / "cgroup.procs" for folder in self.folders)

    def trouble(self) -> str:
        """Which limit was reached since the last time that was asked, and what to change."""
        killed, self._killed = (
            self._killed,
            self._count(("memory.events", "oom_kill"), ("memory.oom_control", "oom_kill")),
        )
        refused, self._refused = self._refused, self._count(("pids.events", "max"))
        if self._killed > killed:
            return (
                f"{NO_MEMORY}: a job here may have {self.memory // MEBIBYTE:,} MiB in all. "
                "Let it work with less at a time, or raise DISHWASHER_JOB_MEMORY_GB"
            )
        if self._refused > refused:
            return (
                f"started too many processes: a job here may have {self.processes:,} at once. "
                "Let it start fewer, or raise DISHWASHER_JOB_PROCESSES"
            )
        return ""

    def remove(self) -> None:
        """When its last process has ended."""
        until = time.monotonic() + REMOVE_SECONDS
        for folder in self.folders:
            while folder.exists():
                try:
                    folder.rmdir()
                except OSError:
                    if time.monotonic() > until:
                        return
                    time.sleep(PAUSE)

    def _count(self, *wanted: tuple[str, str]) -> int:
        total = 0
        for folder in self.folders:
            for file, name in wanted:
                with suppress(OSError):
                    for line in (folder / file).read_text().splitlines():
                        key, _, value = line.partition(" ")
                        total += int(value) if key == name and value.isdigit() else 0
        return total


def group(memory: int, processes: int, root: Path = ROOT, own: Path = OWN) -> Group | None:
    """A new group below our own; None where this user may not make one."""
    try:
        places = own.read_text().splitlines()
    except OSError:
        return None
    made: list[Path] = []
    # Whoever comes later sees by the process id whether we have died without removing it.
    name = f"{PREFIX}{os.getpid()}-{secrets.token_hex(4)}"
    try:
        for parent, controllers in _parents(places, root):
            _remove_dead(parent)
            folder = parent / name
            folder.mkdir()
            made.append(folder)
            _limit(folder, controllers, memory, processes)
    except OSError:
        for folder in made:
            with suppress(OSError):
                folder.rmdir()
        return None
    return Group(tuple(made), memory, processes) if made else None


def _parents(places: list[str], root: Path) -> list[tuple[Path, tuple[str, ...]]]:
    """Folders to make a group in, and what each of them limits; empty for none."""
    unified: list[tuple[Path, tuple[str, ...]]] = []
    old: dict[Path, tuple[str, ...]] = {}
    for line in places:
        _, names, path = line.split(":", 2)
        for name in names.split(","):
            folder = root / name / path.lstrip("/")
            if name in CONTROLLERS and os.access(folder, os.W_OK):
                old[folder] = (*old.get(folder, ()), name)
        if not names:
            folder = root / path.lstrip("/")
            # A process can not stand where there are groups below: mostly it is the one above.
            for parent in (folder, folder.parent):
                if not unified and _enabled(parent):
                    unified.append((parent, CONTROLLERS))
    return unified or list(old.items())


def _remove_dead(parent: Path) -> None:
    """Groups of runners that were killed."""
    for folder in parent.glob(f"{PREFIX}*-*"):
        pid = folder.name.removeprefix(PREFIX).partition("-")[0]
        if not Path(f"/proc/{pid}").exists():
            with suppress(OSError):
                folder.rmdir()


def _enabled(folder: Path) -> bool:
    """Whether groups below this folder of version 2 can be limited, by our doing if need be."""
    control = folder / "cgroup.subtree_control"
    try:
        if not set(CONTROLLERS) <= set(control.read_text().split()):
            control.write_text(" ".join(f"+{name}" for name in CONTROLLERS))
    except OSError:
        return False
    return os.access(folder, os.W_OK)


def _limit(folder: Path, controllers: tuple[str, ...], memory: int, processes: int) -> None:
    if "pids" in controllers:
        (folder / "pids.max").write_text(str(processes))
    if "memory" not in controllers:
        return
    if (folder / "memory.max").exists():
        (folder / "memory.max").write_text(str(memory))
        # One that is killed takes the job's others along: half a job is of no use. Swap would
        # only make it slow before.
        for file, value in (("memory.swap.max", "0"), ("memory.oom.group", "0")):
            with suppress(OSError):
                (folder / file).write_text(value)
        return
    (folder / "memory.limit_in_bytes").write_text(str(memory))
    # With swap accounting only.
    with suppress(OSError):
        (folder / "memory.memsw.limit_in_bytes").write_text(str(memory))
