"""A part of a blob as a body: read piece by piece, when the reader has room for it.

The server takes it for a file and sends it in the loop that serves all connections. A body that
is only iterable keeps one of the server's few threads for as long as the reader takes.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator

from dishwasher.errors import InfraError

logger = logging.getLogger(__name__)

BLOCK = 1024 * 1024
"""Bytes read at once where somebody waits for them all."""
PIECE = 128 * 1024
"""Bytes read at once for a connection, which seldom takes more."""


class Span:
    """The bytes from `start` to `end` that `read(start, end)` answers; not for two readers."""

    def __init__(self, read: Callable[[int, int], bytes | None], start: int, end: int) -> None:
        self._read, self._start, self._end = read, start, end
        self._at = start

    def __iter__(self) -> Iterator[bytes]:
        while self._at < self._end:
            yield self._take(BLOCK)

    def read(self, size: int = -1) -> bytes:
        """Some bytes, none only at the end; raises OSError where the blob has none any more."""
        return self._take(min(PIECE, size) if size >= 0 else PIECE)

    def _take(self, size: int) -> bytes:
        end = min(self._at + size, self._end)
        if end == self._at:
            return b""
        try:
            data = self._read(self._at, end)
        except (InfraError, OSError) as error:
            raise self._cut(str(error)) from error
        if not data:
            raise self._cut("the blob is not there any more")
        self._at += len(data)
        return data

    def _cut(self, why: str) -> OSError:
        """The server hangs up at it without a word, and the reader sees a shorter file."""
        logger.warning("a download ended at byte %d of %d: %s", self._at, self._end, why)
        return OSError(why)

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at - self._start

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origin = {io.SEEK_SET: self._start, io.SEEK_CUR: self._at, io.SEEK_END: self._end}[whence]
        self._at = min(max(origin + offset, self._start), self._end)
        return self.tell()

    def close(self) -> None:
        """Nothing is held open between two reads."""
