"""Several threads doing something at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def race(threads: int, act: Callable[[int], T]) -> list[T]:
    """What `act` answers to each thread's number; an exception in any of them is raised."""
    gate = threading.Barrier(threads)

    def run(number: int) -> T:
        gate.wait(timeout=30)
        return act(number)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(threads)))
