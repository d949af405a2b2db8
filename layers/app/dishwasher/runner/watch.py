"""What a command's follower waits for: its output, its end, its word, and earlier leaks."""

from __future__ import annotations

import contextlib
import fcntl
import os
import selectors
import struct
import termios
import time
from collections.abc import Callable

from dishwasher.runner.place import Started

READ = 256 * 1024
"""Bytes of a pipe, and of one read: four times Linux's own, so that a flood wakes us less often."""
LEAK_SECONDS = 1.0
"""How long output may go on after the command itself ended: `cmd > >(tee file)` needs a little."""


class Watch:
    """One process and the pipe that it writes to. `output` is whose step it is at the time."""

    def __init__(self, process: Started, ending: int, reader: int, leaks: list[int]) -> None:
        """`ending` becomes readable when the process has ended; it is closed with this."""
        self.process, self.reader = process, reader
        self.output: Callable[[bytes], None] = lambda data: None
        self.heard = time.monotonic()
        """When it last wrote something."""
        self._leaks = leaks
        self._pidfd = ending
        self._open = {reader, *leaks}
        self._others: dict[int, Callable[[], None]] = {}
        self._given_up = float("inf")
        self._selector = selectors.DefaultSelector()
        for fd in (*self._open, self._pidfd):
            os.set_blocking(fd, False)
            self._selector.register(fd, selectors.EVENT_READ)
        # Permission: the user has many large pipes already (pipe(7), pipe-user-pages-soft).
        with contextlib.suppress(PermissionError):
            fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, READ)

    @property
    def ended(self) -> bool:
        return self.process.returncode is not None

    @property
    def leaks(self) -> bool:
        """The output is still open."""
        return self.reader in self._open

    @property
    def over(self) -> bool:
        """Ended, and its output too, or we have waited for that long enough."""
        return self.ended and (not self.leaks or time.monotonic() >= self._given_up)

    def listen(self, fd: int, heard: Callable[[], None] = lambda: None) -> None:
        """Wake up when there is something to read in `fd` too."""
        self._selector.register(fd, selectors.EVENT_READ)
        self._others[fd] = heard

    def deafen(self, fd: int) -> None:
        self._selector.unregister(fd)
        del self._others[fd]

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
            elif key.fd in self._others:
                self._others[key.fd]()

    def drain(self) -> None:
        """Take in what is there already."""
        while self.leaks and self._read(self.reader):
            pass

    def take_waiting(self) -> None:
        """Take in exactly what has been written so far, though others may write on."""
        waiting = struct.unpack("i", fcntl.ioctl(self.reader, termios.FIONREAD, bytes(4)))[0]
        while waiting > 0 and self.leaks:
            data = os.read(self.reader, min(waiting, READ))
            waiting -= len(data)
            self._take(self.reader, data)

    def close(self) -> None:
        self._selector.close()
        os.close(self._pidfd)

    def _read(self, fd: int) -> bool:
        try:
            data = os.read(fd, READ)
        except BlockingIOError:
            return False
        return self._take(fd, data)

    def _take(self, fd: int, data: bytes) -> bool:
        if data:
            if fd == self.reader:
                self.heard = time.monotonic()
            self.output(data)
            return True
        self._selector.unregister(fd)
        self._open.discard(fd)
        return False
