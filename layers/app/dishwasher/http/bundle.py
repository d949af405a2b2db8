"""Many blobs as one `.tar.gz`, whose every byte can be computed where it is asked for.

The server sends a body of known length, from any place in it, in the loop that serves all
connections (`http.span`). So the gzip format is kept and nothing is compressed: the length of what
zlib makes is known only at the end, and somebody would have to wait for it in a thread.
"""

from __future__ import annotations

import bisect
import struct
import tarfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from tarfile import TarInfo
from zlib import crc32

from dishwasher.errors import InfraError

BLOCK = 512
END = bytes(2 * BLOCK)
STORED = 65_535
"""Bytes of one stored block, at most: https://www.rfc-editor.org/rfc/rfc1951#section-3.2.4"""
HEAD = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
"""https://www.rfc-editor.org/rfc/rfc1952#section-2.3: no name, no time, any system."""
FRAME = 5
TAIL = 8

Read = Callable[[str, int, int], bytes | None]
"""Key of a blob, first byte and the one behind the last."""


@dataclass(frozen=True, slots=True)
class Item:
    """One file: its path in the archive, and the blob that it is."""

    path: str
    key: str
    size: int


class Bundle:
    """The bytes from `start` to `end` by `read`; not for two readers at once."""

    def __init__(self, items: Iterable[Item], mtime: int, read: Read) -> None:
        self._read = read
        self._starts: list[int] = []
        self._parts: list[tuple[bytes, str, int]] = []
        """Each at its start: bytes, or else the key of a blob and how many bytes it has."""
        self._length = 0
        for item in items:
            info = TarInfo(item.path)
            info.size, info.mtime, info.mode = item.size, mtime, 0o644
            self._add(info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape"))
            self._add(b"", item.key, item.size)
            self._add(bytes(-item.size % BLOCK))
        self._add(END)
        blocks = -(-self._length // STORED)
        self.size = len(HEAD) + self._length + FRAME * blocks + TAIL
        self._sum, self._summed = 0, 0
        """CRC-32 of the archive's first bytes, as far as they were asked for in order."""

    def get(self, start: int, end: int) -> bytes:
        """Raises InfraError where a blob is gone."""
        found = []
        while start < end:
            piece = self._piece(start, end)
            found.append(piece)
            start += len(piece)
        return b"".join(found)

    def _add(self, data: bytes, key: str = "", size: int = 0) -> None:
        length = size if key else len(data)
        if length:
            self._starts.append(self._length)
            self._parts.append((data, key, size))
            self._length += length

    def _piece(self, start: int, end: int) -> bytes:
        """Some of these bytes, at least one."""
        if start < len(HEAD):
            return HEAD[start:end]
        at = start - len(HEAD)
        number, inside = divmod(at, FRAME + STORED)
        first = number * STORED
        length = min(STORED, self._length - first)
        if length <= 0:
            return self._tail()[start - (self.size - TAIL) :][: end - start]
        if inside < FRAME:
            is_last = first + length == self._length
            frame = struct.pack("<BHH", is_last, length, length ^ 0xFFFF)
            return frame[inside : inside + end - start]
        inside -= FRAME
        if inside >= length:
            return self._tail()[start - (self.size - TAIL) :][: end - start]
        return self._tar(first + inside, min(first + length, first + inside + end - start))

    def _tail(self) -> bytes:
        while self._summed < self._length:
            # Who begins at the end has not asked for what comes before it.
            self._tar(self._summed, min(self._length, self._summed + STORED))
        return struct.pack("<II", self._sum, self._length & 0xFFFFFFFF)

    def _tar(self, start: int, end: int) -> bytes:
        """Bytes of the archive itself; those that come next for the first time are summed."""
        found, at = [], start
        place = bisect.bisect_right(self._starts, start) - 1
        while at < end:
            data, key, size = self._parts[place]
            first = at - self._starts[place]
            last = min(size if key else len(data), first + end - at)
            piece = self._read(key, first, last) if key else data[first:last]
            if piece is None or len(piece) != last - first:
                raise InfraError(f"the blob {key} is not what it was")
            found.append(piece)
            at, place = at + len(piece), place + 1
        whole = b"".join(found)
        if start <= self._summed < end:
            self._sum = crc32(whole[self._summed - start :], self._sum)
            self._summed = end
        return whole
