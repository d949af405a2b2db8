"""A clock that a test can set, in a process of its own: libfaketime's idea in ten lines.

The folder goes first in PYTHONPATH, and Python runs its `sitecustomize` before anything else. The
product is not touched, and the runners that the process starts keep the machine's own clock.
"""

from __future__ import annotations

from pathlib import Path

SITECUSTOMIZE = """\
import os, time
real = time.time
def set_by_a_test():
    with open(os.environ["SKEW"]) as file:
        return real() + float(file.read())
time.time = set_by_a_test
"""


class Skew:
    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(SITECUSTOMIZE)
        self._file = folder / "skew"
        self._new = folder / "skew.new"
        self.environment = {"PYTHONPATH": str(folder), "SKEW": str(self._file)}
        self.set(0.0)

    def set(self, seconds: float) -> None:
        """Ahead of the machine's clock, from the next look on; negative for behind."""
        self._new.write_text(repr(seconds))
        self._new.replace(self._file)
