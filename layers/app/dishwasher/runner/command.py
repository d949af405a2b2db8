"""Commands in sessions of their own: their output as it comes, and how they are made to end."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dishwasher.core.size import Resource
from dishwasher.errors import InfraError, UserError
from dishwasher.runner import orphans
from dishwasher.runner.disk import Disk
from dishwasher.runner.memory import Kills
from dishwasher.runner.place import Here, Place, Process
from dishwasher.runner.sandbox.cgroup import NO_MEMORY
from dishwasher.runner.stop import Cause, Stop
from dishwasher.runner.usage import UNKNOWN, Usage
from dishwasher.runner.watch import Watch

KILLED = 128 + signal.SIGKILL
KILL_SECONDS = 10.0
"""A killed process that is still there then hangs in the kernel; the job ends without it."""


@dataclass(frozen=True, slots=True)
class Grace:
    """Seconds that a command has left after each of our signals, and the job after its stop."""

    interrupt: float = 5.0
    """From SIGINT to SIGTERM."""
    terminate: float = 5.0
    """From SIGTERM to SIGKILL."""
    cancelled: float = 10.0
    """For what cleans up after a cancel: a fleet kills a runner 30 s after its stop."""
    timed_out: float = 60.0
    """For what cleans up after the job's time is over."""


@dataclass(frozen=True, slots=True)
class Ended:
    """`exit_code` as a shell says it (128 + signal); None when we stopped the command."""

    exit_code: int | None
    signal: int = 0
    leaked: bool = False
    """A process that the command left behind still holds its output open."""
    silence: float = 0.0
    """Seconds without output after which we stopped it; 0 when that was not why."""
    usage: Usage = UNKNOWN
    trouble: str = ""
    """Which of the job's limits it reached, as what follows its name in a sentence."""
    exhausted: Resource | None = None
    """Which of them that is, where a larger runner has more."""


class Commands:
    """Runs commands one after the other until `stop` or `deadline` (time.monotonic()).

    Children that this process has already are not ours to end.
    """

    def __init__(
        self, stop: Stop, deadline: float, grace: Grace, place: Place | None = None
    ) -> None:
        self._stop, self._deadline, self._grace = stop, deadline, grace
        self._here = self._place = place or Here()
        self._leaks: list[int] = []
        self._others = orphans.children()
        self._background: list[Process] = []
        self._closing = False
        self._kills = Kills()
        self._disk: Disk | None = None
        self.exhausted: Resource | None = None
        """What the last `trouble` was, where a larger runner has more of it."""

    def run(
        self,
        argv: Sequence[str],
        cwd: Path,
        environment: Mapping[str, str],
        output: Callable[[bytes], None],
        silence: float = 0.0,
    ) -> Ended:
        """Raises InfraError when the program can not be started."""
        watch = self.open(argv, cwd, environment)
        watch.output = output
        try:
            return self.follow(watch, lambda: watch.over, silence)
        finally:
            self.close(watch)

    def open(self, argv: Sequence[str], cwd: Path, environment: Mapping[str, str]) -> Watch:
        """Start a program, to be followed once or several times, then closed."""
        reader, writer = os.pipe2(os.O_CLOEXEC)
        try:
            process = self._place.start(argv, cwd, environment, writer)
        except (InfraError, UserError):
            os.close(reader)
            raise
        finally:
            os.close(writer)
        return Watch(process, self._place.watch(process), reader, self._leaks)

    def follow(self, watch: Watch, over: Callable[[], bool], silence: float = 0.0) -> Ended:
        """Take its output in until it is `over`, or has to end because of us."""
        before = self._place.children() if silence else self._others
        watch.heard = time.monotonic()
        watch.listen(self._stop.fd)
        silent = stopped = False
        while not over():
            stopped = self.is_over()
            silent = not stopped and 0 < silence <= time.monotonic() - watch.heard
            if stopped or silent:
                break
            left = self._deadline - time.monotonic()
            watch.turn(min(left, watch.heard + silence - time.monotonic()) if silence else left)
        watch.deafen(self._stop.fd)
        if stopped or silent:
            self._end(watch, self._others if stopped else before)
            lasted = silence if silent else 0.0
            return Ended(None, leaked=watch.leaks, silence=lasted, usage=watch.process.usage)
        return self._ended(watch)

    def close(self, watch: Watch) -> None:
        """Its process has ended; what still holds its output goes on being read."""
        watch.close()
        if watch.leaks:
            self._leaks.append(watch.reader)
        else:
            os.close(watch.reader)

    def leave(
        self, argv: Sequence[str], cwd: Path, environment: Mapping[str, str], file: int
    ) -> int:
        """Start a program that runs beside the others and writes to this file; its process id."""
        process = self._place.start(argv, cwd, environment, file)
        self._background.append(process)
        return process.pid

    def enter(self, place: Place) -> None:
        """All that follows is started there; `leave_place` comes back."""
        self._others = {*self._others, *orphans.children()}
        self._place = place

    def run_outside(
        self,
        argv: Sequence[str],
        cwd: Path,
        environment: Mapping[str, str],
        output: Callable[[bytes], None],
    ) -> Ended:
        """As `run`, with this process's rights: for what is ours and not the job's."""
        place, self._place = self._place, self._here
        try:
            return self.run(argv, cwd, environment, output)
        finally:
            self._place = place

    def leave_place(self) -> None:
        """End all that is in there."""
        if self._disk is not None:
            self._disk.end()
        place, self._place = self._place, self._here
        place.close()

    def own(self, descriptor: int) -> None:
        """Make an open file of ours the commands' own."""
        self._place.own(descriptor)

    def trouble(self, status: int) -> str:
        """Which of the limits was reached since a command last failed, when this is how it did."""
        self.exhausted = None
        if status == 0:
            return ""
        if words := self._disk.trouble() if self._disk else "":
            self.exhausted = Resource.DISK
        elif words := self._place.trouble():
            self.exhausted = Resource.MEMORY if words.startswith(NO_MEMORY) else None
        elif words := self._kills.words() if status == KILLED else "":
            self.exhausted = Resource.MEMORY
        return words

    def watch_disk(self, most: int, root: Path) -> None:
        """Let the commands have at most so many bytes there and where else they write."""
        self._disk = Disk(most, root, self)
        self._disk.start()

    @property
    def folders(self) -> tuple[Path, ...]:
        return self._place.folders

    def processes(self) -> set[int]:
        return self._place.children()

    def strike(self) -> None:
        self._place.strike(self._others)

    def spare(self, pids: Collection[int]) -> None:
        """Children that are somebody else's to end."""
        self._others = {*self._others, *pids}

    def allow_closing(self) -> None:
        """After a stop: what cleans up has time of its own, and ends without grace."""
        assert self._stop.cause is not None
        timed_out = self._stop.cause is Cause.TIMED_OUT
        seconds = self._grace.timed_out if timed_out else self._grace.cancelled
        self._deadline = time.monotonic() + seconds
        self._closing = True
        self._stop.heard()

    def end(self) -> tuple[int, int]:
        """Kill whatever commands left behind; (how many processes, how many resisted)."""
        self._end_background()
        counts = self._place.sweep(self._others)
        for leak in self._leaks:
            os.close(leak)
        self._leaks.clear()
        return counts

    def _ended(self, watch: Watch) -> Ended:
        code = watch.process.returncode
        # Not ended: what was followed is a part of what the process does.
        if code is None:
            return Ended(0)
        status = 128 - code if code < 0 else code
        trouble, used = self.trouble(status), watch.process.usage
        signalled = max(0, -code)
        return Ended(status, signalled, watch.leaks, 0.0, used, trouble, self.exhausted)

    def is_over(self) -> bool:
        """Whether what runs has to end; asks for the job's stop when its time is over."""
        late = time.monotonic() >= self._deadline
        if self._closing:
            return late or self._stop.silent
        if late:
            self._stop.request(Cause.TIMED_OUT)
        return self._stop.cause is not None

    def _end(self, watch: Watch, keep: Collection[int]) -> None:
        """INT, TERM, KILL, each to the whole group, with time between to clean up."""
        ladder = [(signal.SIGKILL, KILL_SECONDS)]
        if not self._stop.silent and not self._closing:
            ladder[:0] = [
                (signal.SIGINT, self._grace.interrupt),
                (signal.SIGTERM, self._grace.terminate),
            ]
        for number, seconds in ladder:
            # Permission: a program of root's, started through sudo, is not ours to end.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(watch.process.pid, number)
            until = time.monotonic() + seconds
            while not watch.ended and (left := until - time.monotonic()) > 0:
                watch.turn(left)
            if watch.ended:
                break
        self._place.sweep({*keep, *(process.pid for process in self._background)})
        watch.drain()

    def _end_background(self) -> None:
        """SIGTERM, and the time that any command has after it; the sweep takes the rest."""
        grace = 0.0 if self._stop.silent else self._grace.terminate
        for process in self._background:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGTERM)
        until = time.monotonic() + grace
        for process in self._background:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, until - time.monotonic()))
        for process in self._background:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            # One that resists is the sweep's to count.
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(KILL_SECONDS)
        self._background.clear()
