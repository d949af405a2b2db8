"""A thread that calls something every few seconds: the reaper."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

logger = logging.getLogger(__name__)


class Scheduler:
    """Calls at once and then every `seconds`, counted from the end of one call to the next."""

    def __init__(self, call: Callable[[], None], seconds: float, name: str) -> None:
        self._call = call
        self._seconds = seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Begin to stop; `join` waits for the end."""
        self._stopping.set()

    def join(self, timeout: float) -> bool:
        """Whether it has ended in that many seconds."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._call()
            except Exception:
                logger.exception("%s failed; next try in %g s", self._thread.name, self._seconds)
            self._stopping.wait(self._seconds)
