"""Brings the log to the sink while it grows: by offset, resent from where the server wants it."""

from __future__ import annotations

import threading
import time

from dishwasher.errors import InfraError, Rejected
from dishwasher.runner.log import Log
from dishwasher.runner.sink import Fenced, LeaseOver, Sink
from dishwasher.runner.stop import Cause, Stop

CHUNK = 256 * 1024
FIRST_PAUSE = 0.15
"""From the first byte to the first chunk: a job that is over by then needs one chunk only."""
LAST_PAUSE = 1.0
"""A reader of the page never waits longer for what a job prints in its first minutes."""
LONG = 300.0
"""Seconds of a job after which the pause grows with it."""
LONG_PAUSE = 4.0
"""As far as this: after twenty minutes a request for every second would be for nobody."""
STALLS = 12
"""Answers that throw us back, without a new byte stored between them, before we give up."""
STALL_PAUSE = 0.1
FINISH_SECONDS = 30.0
"""The end of the log has its own time, after the commands."""


class Shipper:
    """`start` it, write to the log, `finish` it: then all is stored, or `missing` says how much."""

    def __init__(self, log: Log, sink: Sink, stop: Stop) -> None:
        self._log, self._sink, self._stop = log, sink, stop
        self._sent = 0
        self._best = 0
        self._stalls = 0
        self._pause = FIRST_PAUSE
        self._begun = time.monotonic()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def finish(self) -> int:
        """Send the rest; answers how many bytes could not be stored."""
        self._log.close()
        self._ending.set()
        self._thread.join()
        end = time.monotonic() + FINISH_SECONDS
        while self._sent < self._log.size and self._stalls < STALLS and time.monotonic() < end:
            try:
                self._send()
            except InfraError:
                break
        return self._log.size - min(self._best, self._log.size)

    def _run(self) -> None:
        try:
            while self._wait_for_more() and self._stalls < STALLS:
                try:
                    self._send()
                except Rejected:
                    return
                except InfraError:
                    # Its patience is over, not ours: the bytes are kept and go with the next chunk.
                    self._ending.wait(LAST_PAUSE)
        except Fenced as error:
            self._stop.request(Cause.FENCED, str(error))
        except LeaseOver as error:
            self._stop.request(Cause.LEASE_OVER, str(error))
        except Exception as error:
            self._stop.request(Cause.BROKEN, f"the log could not be sent: {error!r}")

    def _wait_for_more(self) -> bool:
        """True when there is something to send now; False when the log is at its end."""
        log = self._log
        with log.grown:
            log.grown.wait_for(lambda: log.closed or log.size > self._sent)
            full = log.size - self._sent >= CHUNK
        if not full and not log.closed:
            self._ending.wait(self._pause)
            self._pause = min(self._pause * 1.5, slowest(time.monotonic() - self._begun))
        return not log.closed

    def _send(self) -> None:
        offset = self._sent
        answer = self._sink.log(offset, self._log.read(offset, min(CHUNK, self._log.size - offset)))
        if answer.cancel:
            self._stop.request(Cause.CANCELLED)
        self._sent = max(0, min(answer.offset, self._log.size))
        if self._sent > self._best:
            self._best, self._stalls = self._sent, 0
        elif self._sent <= offset:
            self._stalls += 1
            time.sleep(STALL_PAUSE * self._stalls)


def slowest(seconds: float) -> float:
    """The longest pause that a job makes when it has run this long."""
    return min(max(LAST_PAUSE, LAST_PAUSE * seconds / LONG), LONG_PAUSE)
