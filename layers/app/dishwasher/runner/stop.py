"""Why a running job must stop, said once, and heard by every loop that waits."""

from __future__ import annotations

import contextlib
import os
import threading
from enum import StrEnum


class Cause(StrEnum):
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    FENCED = "fenced"
    """Another attempt may run already: no grace, no word."""
    LEASE_OVER = "lease_over"
    BROKEN = "broken"
    """A thread of the runner failed in a way nobody foresaw."""


SILENT = frozenset({Cause.FENCED, Cause.LEASE_OVER})
"""The server has given this attempt up; its commands die at once."""


class Stopped(Exception):
    """What was under way ended because of a Stop, which knows the cause."""


class Stop:
    """Set at most once, except that a silent cause overrides the others.

    `fd` becomes readable with it, for selectors.
    """

    def __init__(self) -> None:
        # Reentrant: a signal handler may come while its own thread is in here.
        self._lock = threading.RLock()
        self.cause: Cause | None = None
        self.detail = ""
        self._closed = False
        self.fd = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)

    def request(self, cause: Cause, detail: str = "") -> None:
        with self._lock:
            louder = cause in SILENT and self.cause not in SILENT
            if not self._closed and (self.cause is None or louder):
                self.cause, self.detail = cause, detail
                os.eventfd_write(self.fd, 1)

    @property
    def silent(self) -> bool:
        return self.cause in SILENT

    def heard(self) -> None:
        """Make `fd` wait for a silent cause, which is all that can still come."""
        with self._lock, contextlib.suppress(BlockingIOError):
            os.eventfd_read(self.fd)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            os.close(self.fd)
