"""A machine whose runners share mirrors, in this process."""

from __future__ import annotations

import os
import time
from pathlib import Path

from dishwasher.core.ticket import Source
from dishwasher.runner.command import Commands, Grace
from dishwasher.runner.mirror import Mirror, Mirrors
from dishwasher.runner.mirrored_checkout import MirroredCheckout
from dishwasher.runner.stop import Stop

from tests.runner.forge import Forge
from tests.runner.test_checkout import git

GIGABYTE = 10**9


class Machine:
    """Checks out as the runners of one machine do, each time in a new folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.stop = folder, Stop()
        self.mirrors = Mirrors(folder / "mirrors", GIGABYTE)
        self.said: list[str] = []
        self.pauses: list[float] = []
        self.path = os.environ["PATH"]
        self._count = 0

    def mirror(self, trusted: bool = True, history: bool = False) -> Mirror:
        return self.mirrors.of(7, trusted, history)

    def __call__(
        self,
        source: Source,
        *,
        trusted: bool = True,
        history: bool = False,
        wait: float = 30.0,
    ) -> Path:
        """The checkout; `said` and `pauses` are of this one alone."""
        self._count += 1
        checkout = self.folder / f"checkout-{self._count}"
        for folder in (self.folder / "home", checkout):
            folder.mkdir(exist_ok=True)
        self.said.clear()
        self.pauses.clear()
        commands = Commands(self.stop, time.monotonic() + 60, Grace())
        environment = {"PATH": self.path, "HOME": str(self.folder / "home")}
        MirroredCheckout(
            *(commands, checkout, environment, self.pauses.append),
            *(self.mirrors, self.mirror(trusted, history), self.said.append, wait),
        ).run(source, history)
        assert git(checkout, "rev-parse", "HEAD") == source.sha
        assert git(checkout, "status", "--porcelain") == ""
        git(checkout, "fsck", "--full")
        return checkout


def at_head(forge: Forge) -> Source:
    return Source(forge.url, forge.git("rev-parse", "HEAD"), repository=7)


def fetches(forge: Forge) -> int:
    return sum(path.endswith("/info/refs") for path in forge.paths)


def packs(mirror: Mirror) -> list[Path]:
    return sorted((mirror.place / "objects/pack").glob("*.pack"))
