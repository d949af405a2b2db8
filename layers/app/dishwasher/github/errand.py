"""A call whose answer is waited for only so long: it goes on without whoever asked for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import SimpleQueue

from dishwasher.errors import InfraError

WAITING = 100
"""Calls that wait behind one that hangs; more are refused, so that they do not pile up."""


@dataclass(frozen=True, slots=True)
class _Errand:
    work: Callable[[], None]
    over: threading.Event = field(default_factory=threading.Event)
    errors: list[Exception] = field(default_factory=list)


class Errands:
    """Runs calls one after the other in a thread of its own, which keeps one connection."""

    def __init__(self) -> None:
        self._errands: SimpleQueue[_Errand] = SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def run(self, work: Callable[[], None], patience: float) -> None:
        """Raises what the work raises, and InfraError when it takes longer than those seconds."""
        errand = _Errand(work)
        with self._lock:
            if self._errands.qsize() >= WAITING:
                raise InfraError(f"{WAITING} calls wait for an answer already")
            if self._thread is None:
                # A daemon: a call that hangs does not keep the process from ending.
                self._thread = threading.Thread(target=self._run, name="errands", daemon=True)
                self._thread.start()
            self._errands.put(errand)
        if not errand.over.wait(patience):
            raise InfraError(f"no answer within {patience:g} s; the call goes on")
        for error in errand.errors:
            raise error

    def _run(self) -> None:
        while True:
            errand = self._errands.get()
            try:
                errand.work()
            except Exception as error:
                errand.errors.append(error)
            finally:
                errand.over.set()
