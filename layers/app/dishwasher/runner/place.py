"""Where commands are started: here, or in a sandbox that has been made for the job."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import subprocess
import threading
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from dishwasher.errors import InfraError
from dishwasher.runner import orphans, usage
from dishwasher.runner.usage import Usage

if TYPE_CHECKING:
    from dishwasher.runner.sandbox.cgroup import Group

JOIN = 'until [ "$1" = -- ]; do echo $$ >"$1" || exit 125; shift; done; shift; exec "$@"'
Rlimits = tuple[tuple[int, int], ...]
"""Which resource, and how much of it (`resource.setrlimit`)."""


class Process(Protocol):
    """What `subprocess.Popen` is, so far as commands need it."""

    @property
    def pid(self) -> int: ...

    @property
    def returncode(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int:
        """Raises subprocess.TimeoutExpired."""
        ...

    def kill(self) -> None: ...


class Started(Process, Protocol):
    @property
    def usage(self) -> Usage:
        """What it has used, when it has been waited for."""
        ...


def has_ended(process: Process) -> bool:
    try:
        process.wait(0)
    except subprocess.TimeoutExpired:
        return False
    return True


class Place(Protocol):
    """Starts programs, and finds what they have left behind."""

    def start(
        self, argv: Sequence[str], cwd: Path, environment: Mapping[str, str], output: int
    ) -> Started:
        """In a session of its own, writing to that descriptor; raises InfraError."""
        ...

    def own(self, descriptor: int) -> None:
        """Make an open file that this process has made the commands' own."""
        ...

    def watch(self, process: Process) -> int:
        """A new descriptor that becomes readable when the process has ended."""
        ...

    def children(self) -> set[int]:
        """Process ids, as this process sees them, of all that hangs on nothing else."""
        ...

    def sweep(self, keep: Collection[int]) -> tuple[int, int]:
        """Kill all but those below `keep`; (how many ended, how many resist)."""
        ...

    def strike(self, keep: Collection[int]) -> None:
        """Send SIGKILL to all but those below `keep`; whoever follows them reaps them."""
        ...

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where programs write besides the job's workspace."""
        ...

    def trouble(self) -> str:
        """Which of the job's limits was reached since the last time that was asked, in words."""
        ...

    def close(self) -> None: ...


class Child(subprocess.Popen[bytes]):
    """One that says what it has used."""

    usage: Usage = usage.UNKNOWN

    def wait(self, timeout: float | None = None) -> int:
        # Only this asks the kernel for more than the exit code; with a time it polls for it.
        if self.returncode is None and timeout is None:
            try:
                _, status, used = os.wait4(self.pid, 0)
            except ChildProcessError:
                # A sweep of orphans was faster; the code that Popen gives then.
                self.returncode = 0
            else:
                self.returncode = os.waitstatus_to_exitcode(status)
                self.usage = usage.of(used)
        return super().wait(timeout)


class Here:
    """Beside this process, with its rights."""

    def __init__(self, rlimits: Rlimits = (), group: Group | None = None) -> None:
        self._rlimits, self._group = rlimits, group

    def start(
        self, argv: Sequence[str], cwd: Path, environment: Mapping[str, str], output: int
    ) -> Started:
        if self._group is not None:
            argv = self._joined(self._group, argv, environment)
        try:
            process = Child(
                argv,
                cwd=cwd,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise InfraError(f"{argv[0]} could not be started: {error}") from error
        # From outside: what runs in the child before its program makes every start slower.
        for which, value in self._rlimits:
            with suppress(ProcessLookupError):
                resource.prlimit(process.pid, which, (value, value))
        return process

    def _joined(
        self, group: Group, argv: Sequence[str], environment: Mapping[str, str]
    ) -> tuple[str, ...]:
        """What joins the group first, for whoever forks before it is in there stays outside."""
        if shutil.which(argv[0], path=environment.get("PATH")) is None:
            raise InfraError(f"{argv[0]} could not be started: there is no such program")
        return ("/bin/sh", "-c", JOIN, "sh", *map(str, group.doors), "--", *argv)

    def own(self, descriptor: int) -> None:
        """It is."""

    def watch(self, process: Process) -> int:
        try:
            return os.pidfd_open(process.pid)
        except OSError as error:
            # Filters of system calls that are older than it, as may be that of Lambda.
            if error.errno not in (errno.EPERM, errno.ENOSYS):
                raise
        return _ending(process.pid)

    def children(self) -> set[int]:
        return orphans.children()

    def sweep(self, keep: Collection[int]) -> tuple[int, int]:
        return orphans.sweep(keep)

    def strike(self, keep: Collection[int]) -> None:
        orphans.kill(orphans.children() - set(keep))

    @property
    def folders(self) -> tuple[Path, ...]:
        return ()

    def trouble(self) -> str:
        return self._group.trouble() if self._group is not None else ""

    def close(self) -> None:
        """Nobody is there any more."""
        if self._group is not None:
            self._group.remove()


def _ending(pid: int) -> int:
    """What becomes readable when this child has ended, which somebody else waits for."""
    reader, writer = os.pipe()

    def wait() -> None:
        with suppress(ChildProcessError):
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        os.close(writer)

    threading.Thread(target=wait, name=f"end of {pid}", daemon=True).start()
    return reader
