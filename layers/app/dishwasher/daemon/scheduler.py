"""A thread that calls something every few seconds: the reaper."""

from __future__ import annotations

import logging
from collections.abc import Callable

from dishwasher.daemon.part import Part
from dishwasher.errors import Fault

logger = logging.getLogger(__name__)


class Scheduler(Part):
    """Calls at once and then every `seconds`, counted from the end of one call to the next."""

    def __init__(self, call: Callable[[], None], seconds: float, name: str) -> None:
        super().__init__(name)
        self._name = name
        self._call = call
        self._seconds = seconds

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._call()
            except Fault as fault:
                logger.warning("%s: %s; next try in %g s", self._name, fault, self._seconds)
            except Exception:
                logger.exception("%s failed; next try in %g s", self._name, self._seconds)
            self._stopping.wait(self._seconds)
