"""Tells the server that the runner lives and how far it is, and hears its orders."""

from __future__ import annotations

import threading
import time

from dishwasher.core.result import Progress
from dishwasher.runner.journal import Journal
from dishwasher.runner.sink import Fenced, LeaseOver, Sink
from dishwasher.runner.stop import Cause, Stop

NEWS_SECONDS = 1.0
"""Phase and step changes wait this long for company, so that a short job needs no beat at all."""


class Heartbeat:
    """A thread that beats every `seconds`, and soon after a `nudge`."""

    def __init__(self, sink: Sink, stop: Stop, seconds: float) -> None:
        self._sink, self._stop, self._seconds = sink, stop, seconds
        self._changed = threading.Condition()
        self._news = False
        self._ended = False

    def start(self, journal: Journal) -> None:
        threading.Thread(target=self._run, args=(journal,), name="heartbeat", daemon=True).start()

    def nudge(self) -> None:
        """There is news; it goes with the next beat, which comes early."""
        with self._changed:
            self._news = True
            self._changed.notify_all()

    def end(self) -> None:
        """No further beat begins; one that is under way is not waited for."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _run(self, journal: Journal) -> None:
        try:
            while self._wait():
                if self._sink.beat(Progress(journal.phases)).cancel:
                    self._stop.request(Cause.CANCELLED)
        except Fenced as error:
            self._stop.request(Cause.FENCED, str(error))
        except LeaseOver as error:
            self._stop.request(Cause.LEASE_OVER, str(error))
        except Exception as error:
            self._stop.request(Cause.BROKEN, f"the heartbeat failed: {error!r}")

    def _wait(self) -> bool:
        begun = time.monotonic()
        with self._changed:
            while not self._ended:
                waited = time.monotonic() - begun
                limit = min(NEWS_SECONDS, self._seconds) if self._news else self._seconds
                if waited >= limit:
                    self._news = False
                    return True
                self._changed.wait(limit - waited)
            return False
