"""A step's output on its way: to the log, to the problem matchers, and its end kept."""

from __future__ import annotations

from collections.abc import Callable

from dishwasher.checks import ansi
from dishwasher.core.mask import Masker
from dishwasher.core.result import TAIL_LINES
from dishwasher.runner.log import Log
from dishwasher.runner.mask import WITHHELD

TAIL_BYTES = 64 * 1024
GAP_BYTES = 8 * 1024
"""Of the end of a step's output, after the gap that the log's limit has made."""
LINE_BYTES = 16 * 1024
"""A line is matched up to here; the log has all of it."""
SHOWN = 2000
"""Characters of one line in the tail."""
COUNTS = (b"\nRan ", b" passed", b" failed", b" skipped", b" error", b" xfailed", b" xpassed")
"""One of these is in whatever `checks.counted` reads."""
CONTINUATION = bytes(range(0x80, 0xC0))
"""Bytes of UTF-8 that begin no character."""


class Output:
    """Constant memory whatever comes. A line ends at "\\n" and nowhere else."""

    def __init__(self, log: Log, scan: Callable[[bytes], None] | None) -> None:
        """`scan` gets whole lines, as many at once as have come."""
        self._log, self._scan = log, scan
        self._masker: Masker | None = log.mask.stream() if log.mask else None
        self._withheld = False
        self._line = b""
        self._tail = bytearray()
        self._dropped = 0

    def feed(self, data: bytes) -> None:
        if self._withheld:
            return
        self._take(data if self._masker is None else self._masked(self._masker, data))

    def _masked(self, masker: Masker, data: bytes | None) -> bytes:
        """What can be let go; None asks for the rest."""
        try:
            return masker.finish() if data is None else masker.feed(data)
        except Exception:
            # Whatever is wrong there, the output may hold a secret: none of it is let go.
            self._masker = None
            self._withheld = True
            return f"{WITHHELD}\n".encode()

    def _take(self, data: bytes) -> None:
        self._dropped += self._log.write(data)
        self._tail += data[-TAIL_BYTES:]
        if len(self._tail) > 2 * TAIL_BYTES:
            del self._tail[:-TAIL_BYTES]
        if self._scan is not None:
            self._lines(data, self._scan)

    def finish(self) -> None:
        """The step is over: match its last line, and close a gap in the log."""
        if self._masker is not None:
            self._take(self._masked(self._masker, None))
        if self._scan is not None and self._line:
            self._lines(b"\n", self._scan)
        if self._dropped:
            tail = bytes(self._tail[-min(GAP_BYTES, self._dropped) :])
            tail = b"\n".join(tail.split(b"\n")[-TAIL_LINES - 1 :])
            self._log.gap(self._dropped, tail)
            self._dropped = 0

    def tail(self) -> tuple[str, ...]:
        """The last lines as a terminal would show them, without colours."""
        # Cut by bytes, it may begin within a character: what is left of that is no text.
        whole = bytes(self._tail[-TAIL_BYTES:])
        whole = whole.lstrip(CONTINUATION) if len(whole) == TAIL_BYTES else whole
        lines = whole.removesuffix(b"\n").split(b"\n")[-TAIL_LINES:]
        shown = [ansi.plain(line.decode("utf-8", "replace")) for line in lines]
        return tuple(line if len(line) <= SHOWN else f"{line[:SHOWN]}…" for line in shown)

    @property
    def may_count(self) -> bool:
        """Its end may tell of tests: one cheap search, because few commands run any."""
        return any(sign in self._tail for sign in COUNTS)

    def text(self) -> str:
        """As much of its end as was kept, without colours."""
        return ansi.plain(self._tail[-TAIL_BYTES:].decode("utf-8", "replace"))

    def _lines(self, data: bytes, scan: Callable[[bytes], None]) -> None:
        end = data.rfind(b"\n") + 1
        if end:
            # Copied once: this is what the time of a flood goes into.
            scan(b"".join((self._line, memoryview(data)[:end])))
            self._line = b""
        room = LINE_BYTES - len(self._line)
        self._line += data[end : end + room]
