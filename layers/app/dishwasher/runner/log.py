"""The attempt's log: bytes with offsets, in a file, so that any part can be sent again."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

from dishwasher.runner.mask import Mask

MARK = "[dishwasher] "
"""Begins a line of the runner's own among those of the job."""
SPARE = 48 * 1024
"""Bytes beyond the limit for our own lines; the server takes 64 KiB more than the limit."""
NOTICE = "[dishwasher] {dropped} bytes are left out here: {why}.\n"
LIMIT = "a log keeps {limit} bytes"
FULL = "the disk of the runner's machine was full"


class Log:
    """Output stops at `limit` bytes; the runner's own lines have `SPARE` bytes more.

    One thread writes output; any may say something of the runner's own, or read.
    """

    def __init__(self, folder: Path, limit: int, mask: Mask | None = None) -> None:
        self.mask = mask or Mask()
        path = folder / "log"
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self._fd = os.open(path, flags, 0o600)
        path.unlink()
        self._limit = limit
        self._fresh = True
        self._was_full = False
        self.size = 0
        self.closed = False
        self.grown = threading.Condition()

    def write(self, data: bytes) -> int:
        """Append output as far as the limit lets it; answers how many bytes were left out."""
        # After a full disk nothing until the gap is told: it is the end that follows it.
        kept = b"" if self._was_full else data[: max(0, self._limit - self.size)]
        return len(data) - (self._append(kept) if kept else 0)

    def line(self, text: str) -> None:
        """A line of the runner's own, which begins on a new line."""
        self._own(f"{self.mask.text(text)}\n".encode("utf-8", "replace"))

    def say(self, text: str) -> None:
        """The same, marked as ours."""
        self.line(f"{MARK}{text}")

    def gap(self, dropped: int, tail: bytes) -> None:
        """Say how much was left out, then the end of it."""
        why = FULL if self._was_full else LIMIT.format(limit=self._limit)
        notice = NOTICE.format(dropped=dropped - len(tail), why=why)
        self._was_full = False
        self._own(notice.encode() + tail)

    def read(self, offset: int, size: int) -> bytes:
        return os.pread(self._fd, size, offset)

    def close(self) -> None:
        """No more is written; whoever waits for more wakes up."""
        with self.grown:
            self.closed = True
            self.grown.notify_all()

    def discard(self) -> None:
        os.close(self._fd)

    def _own(self, data: bytes) -> None:
        with self.grown:
            begin = b"" if self._fresh else b"\n"
            if self.size + len(data) < self._limit + SPARE:
                self._append(begin, data)

    def _append(self, *parts: bytes) -> int:
        """How many bytes could be written: a job that fills the disk is told so, and goes on."""
        data = b"".join(parts)
        written = 0
        with self.grown:
            try:
                while written < len(data):
                    written += os.pwrite(self._fd, data[written:], self.size + written)
            except OSError as error:
                if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                    raise
                self._was_full = True
            self.size += written
            self._fresh = data[:written].endswith(b"\n") if written else self._fresh
            self.grown.notify_all()
        return written
