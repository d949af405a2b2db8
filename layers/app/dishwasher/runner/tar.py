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
SHORT = 99
OCTAL = 8**11
"""What eleven digits can not hold any more."""
KINDS = {tarfile.REGTYPE: "file", tarfile.DIRTYPE: "folder", tarfile.SYMTYPE: "link"}

SPACES = 8 * ord(" ")
"""For its sum, a header's checksum counts as spaces."""
_PLAIN = re.compile(
    rb"(?=.{99}\0)([\x20-\x7e]+)\0+(?<=\A.{100})([0-7]{7})\0(?:[0-7]{7}\0){2}"
    rb"([0-7]{11})\0([0-7]{11})\0([0-7]{6})\0 ([025])"
    rb"(?=.{99}\0)([\x20-\x7e]*)\0+(?<=\A.{257})ustar\00000\0{247}",
    re.DOTALL,
)
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
    name, target = info.name, info.linkname
    short = len(name) <= SHORT and len(target) <= SHORT and name.isascii() and target.isascii()
    if not short or not 0 <= info.size < OCTAL or not 0 <= info.mtime < OCTAL:
        return info.tobuf(tarfile.PAX_FORMAT, *CODING)
    # What nearly each member has, four times as fast as `tobuf`: a folder may have 100,000.
    numbers = b"%07o\0%07o\0%07o\0%011o\0%011o\0" % (info.mode, 0, 0, info.size, int(info.mtime))
    block = b"%s%s        %s%s%s" % (
        *(name.encode().ljust(100, b"\0"), numbers, info.type),
        *(target.encode().ljust(100, b"\0"), b"ustar\00000".ljust(255, b"\0")),
    )
    return b"%s%06o\0%s" % (block[:148], sum(block), block[155:])


def padding(size: int) -> bytes:
    return bytes(-size % BLOCK)


class Reader:
    """The members of an archive in order; the content of each is read before the next."""

    def __init__(self, file: BinaryIO, *, commented: bool = False) -> None:
        """`commented`: there may be headers for the whole archive, as git writes one."""
        self._file, self._commented = file, commented
        self.comment = ""
        """What the archive says of itself: of one that git has made, the name of the commit."""
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
            if info.type == tarfile.XGLTYPE and self._commented:
                self.comment = self._extended(info.size).get("comment", self.comment)
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
    return _plain(block) or _any(block)


def _plain(block: bytes) -> TarInfo | None:
    """As `header` writes most of them, checked and read at once; None for another one."""
    found = _PLAIN.fullmatch(block)
    if found is None or int(found[5], 8) != sum(block[:148]) + SPACES + sum(block[156:]):
        return None
    info = TarInfo(found[1].decode())
    info.mode, info.size, info.mtime = int(found[2], 8), int(found[3], 8), int(found[4], 8)
    info.type, info.linkname = found[6], found[7].decode()
    return info


def _any(block: bytes) -> TarInfo:
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
