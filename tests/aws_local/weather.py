"""What may become of a message or an asynchronous invocation on its way: it arrives, or worse."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum


class Fate(StrEnum):
    WELL = "well"
    TWICE = "twice"
    """Both SQS and asynchronous invocations promise at least once, and no more:
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html"""
    LATE = "late"
    LOST = "lost"


class Weather:
    """Chances of each fate, from one seed; safe for several threads."""

    def __init__(self, chances: Mapping[Fate, float], seed: int = 0, longest: int = 1) -> None:
        """`longest`: seconds of what comes late."""
        self._chances, self._chance, self._longest = dict(chances), random.Random(seed), longest
        self._lock = threading.Lock()
        self.seen: Counter[Fate] = Counter()

    def fate(self) -> Fate:
        with self._lock:
            number, found = self._chance.random(), Fate.WELL
            for fate, share in self._chances.items():
                if number < share:
                    found = fate
                    break
                number -= share
            self.seen[found] += 1
            return found

    def delay(self) -> int:
        with self._lock:
            return self._chance.randint(1, self._longest)

    def clear(self) -> None:
        """From now on everything arrives."""
        with self._lock:
            self._chances.clear()


CALM = Weather({})
