"""A place in a job's script: the test hears that the job has come there, and lets it go on."""

from __future__ import annotations

import os
import select
import time
from pathlib import Path

SECONDS = 30.0


class Gate:
    """Two FIFOs. Any number of jobs may come; each `open` lets as many go as it says."""

    def __init__(self, folder: Path, name: str) -> None:
        come, go = folder / f"{name}.come", folder / f"{name}.go"
        os.mkfifo(come)
        os.mkfifo(go)
        # Both ends, so that nobody waits for the other to open it or sees its end.
        self._come = os.open(come, os.O_RDWR | os.O_NONBLOCK)
        self._go = os.open(go, os.O_RDWR | os.O_NONBLOCK)
        self._seen = b""
        self.script = f'echo "$DISHWASHER_SHA" > {come}; read -r _ < {go}'
        """One line of bash: say which commit is here, and wait."""

    def wait(self, seconds: float = SECONDS) -> str:
        """The commit of the next job that has come here."""
        deadline = time.monotonic() + seconds
        while b"\n" not in self._seen:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._come], [], [], left)[0]:
                raise TimeoutError(f"no job came to the gate within {seconds} s")
            self._seen += os.read(self._come, 4096)
        line, _, self._seen = self._seen.partition(b"\n")
        return line.decode()

    def is_empty(self) -> bool:
        """Whether no job has come that `wait` has not told of."""
        return not self._seen and not select.select([self._come], [], [], 0)[0]

    def open(self, jobs: int = 1) -> None:
        os.write(self._go, b"\n" * jobs)

    def close(self) -> None:
        os.close(self._come)
        os.close(self._go)
