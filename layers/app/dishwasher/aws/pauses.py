"""Pauses before a call is tried again that met somebody else's."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

TRIES = 6
"""Of a write that met another transaction, and of what was seen in the middle of one."""
FIRST = 0.01
"""Seconds, doubled each time: a transaction takes some ten milliseconds."""


@dataclass(frozen=True, slots=True)
class Pauses:
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random

    def __call__(self, number: int) -> None:
        """The pause after try `number`, from 0."""
        self.sleep(FIRST * 2**number * (0.5 + self.chance()))
