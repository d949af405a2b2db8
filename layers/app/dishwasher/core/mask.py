"""Secrets taken out of whatever leaves a runner, in every spelling they are likely to have there.

The honest limit: a job that wants to show its secret can (`rev`, one letter a line). This keeps it
out of logs by accident, as every CI system does.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

from dishwasher.core import spellings
from dishwasher.core.spellings import SHORTEST

MASK = b"***"
COMMON = b" etaoinsrldcmpuhfg0123456789.-_/:,bwyvk=\"'()[]STEARINOCLDPMUFGHBWVYxqjzKX+%QJZ"
"""Bytes as often as logs hold them; what is not named is rarer still."""
GRAM = 8
"""Bytes that are looked up at once: what a memoryview of format Q reads."""
STRIDE = 32
"""Only every so many bytes a gram of the text is looked up."""
SIEVED = STRIDE + GRAM - 1
"""A needle of this length has a gram at every multiple of the stride, wherever it begins."""
MANY = 24
"""Needles that cost as much to find one by one as the sieve costs for any number of them."""


def needles(secrets: Iterable[str]) -> tuple[frozenset[bytes], tuple[str, ...]]:
    """All spellings to look for, and the secrets that are too short to be masked."""
    found: set[bytes] = set()
    short = []
    for secret in dict.fromkeys(secrets):
        long = {part for part in spellings.parts(secret) if len(part.strip().encode()) >= SHORTEST}
        if not long:
            short.append(secret)
        for part in long:
            found.update(spellings.of(part))
    return frozenset(found), tuple(short)


class Sought:
    """Needles, prepared once for every text that they are sought in.

    A key of thirty lines has hundreds of spellings. The sieve says in one pass that none of the
    long ones is there; only where it can not, each of them is sought.
    """

    def __init__(self, needles: Iterable[bytes]) -> None:
        self._needles = tuple(sorted(set(needles) - {b""}))
        self._longest = max(map(len, self._needles), default=0)
        self._by_first: dict[int, list[bytes]] = {}
        for needle in self._needles:
            self._by_first.setdefault(needle[0], []).append(needle)
        long = tuple(needle for needle in self._needles if len(needle) >= SIEVED)
        self._sieved = long if len(long) > MANY else ()
        self._always = _by_rarest(set(self._needles) - set(self._sieved))
        self._by_rarest = _by_rarest(self._needles)
        self._grams = frozenset(gram for needle in self._sieved for gram in _grams(needle))

    def __bool__(self) -> bool:
        return bool(self._needles)

    def spans(self, data: bytes) -> list[tuple[int, int]]:
        """Where needles stand, those that overlap joined, in order."""
        found = []
        for rarest, group in self._always if self._is_clear(data) else self._by_rarest:
            # One byte is found, or not, many times as fast as a needle.
            for needle in group if rarest in data else ():
                at = data.find(needle)
                while at >= 0:
                    found.append((at, at + len(needle)))
                    at = data.find(needle, at + 1)
        joined: list[tuple[int, int]] = []
        for start, stop in sorted(found):
            if joined and start < joined[-1][1]:
                joined[-1] = (joined[-1][0], max(joined[-1][1], stop))
            else:
                joined.append((start, stop))
        return joined

    def beginning_at_end(self, data: bytes) -> int:
        """Length of the longest end of the data that may be the beginning of a needle."""
        end = data[-(self._longest - 1) :] if self._longest > 1 else b""
        for at, first in enumerate(end):
            length = len(end) - at
            for needle in self._by_first.get(first, ()):
                if length < len(needle) and end.startswith(needle[:length], at):
                    return length
        return 0

    def _is_clear(self, data: bytes) -> bool:
        """No needle that is sieved is in there."""
        whole = len(data) - len(data) % GRAM
        grams = memoryview(data)[:whole].cast("Q")[:: STRIDE // GRAM]
        return not self._sieved or self._grams.isdisjoint(grams)


def _by_rarest(needles: Iterable[bytes]) -> tuple[tuple[int, tuple[bytes, ...]], ...]:
    """Grouped by a byte that a text without them is likely to lack."""
    groups: dict[int, list[bytes]] = {}
    for needle in sorted(needles):
        ranks = ((COMMON.find(byte) % (len(COMMON) + 1), byte) for byte in needle)
        groups.setdefault(max(ranks)[1], []).append(needle)
    return tuple((byte, tuple(group)) for byte, group in groups.items())


def _grams(needle: bytes) -> Iterator[int]:
    """Of its most varied part, so that no line of dashes looks like it."""
    parts = (needle[at : at + SIEVED] for at in range(len(needle) - SIEVED + 1))
    part = max(parts, key=lambda one: len(set(one)))
    for at in range(STRIDE):
        (gram,) = struct.unpack("@Q", part[at : at + GRAM])
        yield gram


class Masker:
    """A stream with every needle replaced, wherever its chunks are cut; memory stays bounded."""

    def __init__(self, needles: Iterable[bytes] | Sought) -> None:
        self._sought = needles if isinstance(needles, Sought) else Sought(needles)
        self._held = b""
        self._known = 0
        """How many of the held bytes are part of a needle that was found and masked already."""

    def feed(self, chunk: bytes) -> bytes:
        """What can be let go now; up to one needle's length is held back."""
        if not self._sought:
            return chunk
        data = self._held + chunk
        return self._let_go(data, len(data) - self._sought.beginning_at_end(data))

    def finish(self) -> bytes:
        """The rest: nothing more will follow."""
        return self._let_go(self._held, len(self._held))

    def _let_go(self, data: bytes, end: int) -> bytes:
        spans = self._sought.spans(data)
        known, self._known = self._known, 0
        # Its mask was written when the first part of it was let go.
        parts, position = [], min(known, end)
        for start, stop in spans:
            if start >= end:
                break
            if start >= known:
                parts.append(data[position:start])
                parts.append(MASK)
            position = max(position, min(stop, end))
            if stop > end:
                self._known = max(self._known, stop - end)
        parts.append(data[position:end])
        if known > end:
            self._known = max(self._known, known - end)
        self._held = data[end:]
        return b"".join(parts)
