"""One command in its own session: its output as it comes, its end, and how it is made to end."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dishwasher.errors import InfraError
from dishwasher.runner import orphans
from dishwasher.runner.stop import Cause, Stop

READ = 64 * 1024
LEAK_SECONDS = 1.0
"""How long output may go on after the command itself ended: `cmd > >(tee file)` needs a little."""
KILL_SECONDS = 10.0
"""A killed process that is still there then hangs in the kernel; the job ends without it."""


@dataclass(frozen=True, slots=True)
class Grace:
    """Seconds from SIGINT to SIGTERM, and from there to SIGKILL."""

    interrupt: float = 5.0
    terminate: float = 5.0


@dataclass(frozen=True, slots=True)
class Ended:
    """`exit_code` as a shell says it (128 + signal); None when we stopped the command."""

    exit_code: int | None
    signal: int = 0
    leaked: bool = False
    """A process that the command left behind still holds its output open."""


class Commands:
    """Runs commands one after the other until `stop` or `deadline` (time.monotonic()).

    Children that this process has already are not ours to end.
    """

    def __init__(self, stop: Stop, deadline: float, grace: Grace) -> None:
        self._stop, self._deadline, self._grace = stop, deadline, grace
        self._leaks: list[int] = []
        self._others = orphans.children()

    def run(
        self,
        argv: Sequence[str],
        cwd: Path,
        environment: Mapping[str, str],
        output: Callable[[bytes], None],
    ) -> Ended:
        """Raises InfraError when the program can not be started."""
        reader, writer = os.pipe2(os.O_CLOEXEC)
        try:
            process = subprocess.Popen(
                argv,
                cwd=cwd,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=writer,
                stderr=writer,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            os.close(reader)
            raise InfraError(f"{argv[0]} could not be started: {error}") from error
        finally:
            os.close(writer)
        watch = _Watch(process, reader, self._leaks, output)
        try:
            stopped = self._follow(watch)
        finally:
            leaked = watch.close()
        if leaked:
            self._leaks.append(reader)
        else:
            os.close(reader)
        code = process.returncode
        if stopped or code is None:
            return Ended(None, leaked=leaked)
        return Ended(128 - code if code < 0 else code, max(0, -code), leaked)

    def end(self) -> tuple[int, int]:
        """Kill whatever commands left behind; (how many processes, how many resisted)."""
        counts = orphans.sweep(keep=self._others)
        for leak in self._leaks:
            os.close(leak)
        self._leaks.clear()
        return counts

    def _follow(self, watch: _Watch) -> bool:
        """Wait for the command's end; True when it did not come by itself."""
        watch.listen(self._stop.fd)
        while not watch.over:
            if self._stop.cause is not None:
                self._end(watch)
                return True
            left = self._deadline - time.monotonic()
            if left <= 0:
                self._stop.request(Cause.TIMED_OUT)
            else:
                watch.turn(left)
        return False

    def _end(self, watch: _Watch) -> None:
        """INT, TERM, KILL, each to the whole group, with time between to clean up."""
        watch.deafen(self._stop.fd)
        ladder = [(signal.SIGKILL, KILL_SECONDS)]
        if not self._stop.silent:
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
        orphans.sweep(keep=self._others)
        watch.drain()


class _Watch:
    """What one command's selector waits for: its output, its end, and earlier commands' leaks."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        reader: int,
        leaks: list[int],
        output: Callable[[bytes], None],
    ) -> None:
        self.process = process
        self._reader, self._leaks, self._output = reader, leaks, output
        self._pidfd = os.pidfd_open(process.pid)
        self._open = {reader, *leaks}
        self._given_up = float("inf")
        self._selector = selectors.DefaultSelector()
        for fd in (*self._open, self._pidfd):
            os.set_blocking(fd, False)
            self._selector.register(fd, selectors.EVENT_READ)

    @property
    def ended(self) -> bool:
        return self.process.returncode is not None

    @property
    def over(self) -> bool:
        """Ended, and its output too, or we have waited for that long enough."""
        quiet = self._reader not in self._open or time.monotonic() >= self._given_up
        return self.ended and quiet

    def listen(self, fd: int) -> None:
        self._selector.register(fd, selectors.EVENT_READ)

    def deafen(self, fd: int) -> None:
        self._selector.unregister(fd)

    def turn(self, seconds: float) -> None:
        """Wait for the next event, at most this long, and take it in."""
        left = self._given_up - time.monotonic()
        wait = max(0.0, min(seconds, left, 3600.0))
        for key, _ in self._selector.select(wait):
            if key.fd == self._pidfd:
                self._selector.unregister(self._pidfd)
                self.process.wait()
                self._given_up = time.monotonic() + LEAK_SECONDS
            elif key.fd in self._open:
                self._read(key.fd)

    def drain(self) -> None:
        """Take in what is there already."""
        while self._reader in self._open and self._read(self._reader):
            pass

    def close(self) -> bool:
        """True when the output is still open."""
        self._selector.close()
        os.close(self._pidfd)
        return self._reader in self._open

    def _read(self, fd: int) -> bool:
        try:
            data = os.read(fd, READ)
        except BlockingIOError:
            return False
        if data:
            self._output(data)
            return True
        self._selector.unregister(fd)
        self._open.discard(fd)
        return False
