"""Tar as caches use it: folders, regular files and links, written and read piece by piece.

Own code around `tarfile`'s headers: its reader takes whole headers of any length into memory and
keeps a list of all members, and its filters have been got around (CVE-2025-4517, CVE-2026-11940).
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from tarfile import TarInfo
from typing import BinaryIO

BLOCK = 512
END = bytes(2 * BLOCK)
PIECE = 1024 * 1024
HEADER = 64 * 1024
"""Bytes of an extended header: a path and a link's target of PATH_MAX each fit many times."""
CODING = ("utf-8", "surrogateescape")
KINDS = {tarfile.REGTYPE: "file", tarfile.DIRTYPE: "folder", tarfile.SYMTYPE: "link"}

_RECORD = re.compile(rb"(\d{1,9}) ([^=]+)=")


LEAST = 512 * 1024**2
GROWTH = 16
"""Bytes of content for each byte that an archive may have: text packs better, and rarely."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one archive may have: bytes packed, bytes of its files, and members."""

    packed: int
    content: int
    members: int = 1_000_000


def bounds(packed: int) -> Bounds:
    return Bounds(packed, max(LEAST, GROWTH * packed))


class Damaged(Exception):
    """It is no archive, or holds what no cache may hold."""


def header(info: TarInfo) -> bytes:
    """What stands before a member's content: itself a whole number of blocks."""
    return info.tobuf(tarfile.PAX_FORMAT, *CODING)


def padding(size: int) -> bytes:
    return bytes(-size % BLOCK)


class Reader:
    """The members of an archive in order; the content of each is read before the next."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = 0
        """Bytes of the member's content that were not read yet."""
        self._padding = 0

    def __iter__(self) -> Iterator[TarInfo]:
        """Raises Damaged for anything but a whole archive of files, folders and links."""
        extended: dict[str, str] = {}
        while True:
            for _ in self.content():
                pass
            self._exactly(self._padding)
            self._padding = 0
            block = self._exactly(BLOCK)
            if not any(block):
                return
            info = _info(block)
            if info.type == tarfile.XHDTYPE:
                extended = self._extended(info.size)
                continue
            if info.type not in KINDS:
                raise Damaged(f"{info.name!r} is neither a file, a folder nor a link")
            info.name = extended.get("path", info.name).rstrip("/")
            info.linkname = extended.get("linkpath", info.linkname)
            info.size = _size(extended, info)
            extended = {}
            self._left, self._padding = info.size, len(padding(info.size))
            yield info

    def content(self) -> Iterator[bytes]:
        """Of the current member, what is left of it."""
        while self._left:
            data = self._exactly(min(PIECE, self._left))
            self._left -= len(data)
            yield data

    def _extended(self, size: int) -> dict[str, str]:
        """https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13_03"""
        if not 0 <= size <= HEADER:
            raise Damaged(f"a header has {size} bytes")
        data = self._exactly(size)
        self._exactly(len(padding(size)))
        values, at = {}, 0
        while at < size:
            record = _RECORD.match(data, at)
            end = at + int(record[1]) if record else 0
            if record is None or not record.end() < end <= size or data[end - 1 : end] != b"\n":
                raise Damaged("a header can not be read")
            values[record[2].decode(*CODING)] = data[record.end() : end - 1].decode(*CODING)
            at = end
        return values

    def _exactly(self, size: int) -> bytes:
        parts = []
        while size:
            data = self._file.read(size)
            if not data:
                raise Damaged("it ends too early")
            parts.append(data)
            size -= len(data)
        return b"".join(parts)


def _info(block: bytes) -> TarInfo:
    try:
        info = TarInfo.frombuf(block, *CODING)
    except (tarfile.TarError, ValueError) as error:
        raise Damaged(f"a header can not be read: {error}") from error
    if info.size < 0:
        raise Damaged("a size is negative")
    return info


def _size(extended: dict[str, str], info: TarInfo) -> int:
    if info.type != tarfile.REGTYPE:
        return 0
    text = extended.get("size", str(info.size))
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise Damaged(f"{text!r} is no size")
    return int(text)
