"""A thread of the server with a beginning and an end."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod


class Part(ABC):
    """`_run` works until `_stopping` is set."""

    def __init__(self, name: str) -> None:
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

    @abstractmethod
    def _run(self) -> None: ...
