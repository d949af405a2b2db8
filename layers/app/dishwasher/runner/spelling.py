"""The built-in spelling check, made to stop when the job must."""

from __future__ import annotations

import os
import selectors
import threading
import time
from collections.abc import Callable

from dishwasher.checks.spelling import SpellingReport, check
from dishwasher.runner import orphans
from dishwasher.runner.stop import Cause, Stop, Stopped

__all__ = ["check", "check_until"]


def check_until(stop: Stop, deadline: float, work: Callable[[], SpellingReport]) -> SpellingReport:
    """The report of `work`, which runs in a thread; raises what it raises, or Stopped."""
    reports: list[SpellingReport] = []
    errors: list[Exception] = []
    done = os.eventfd(0, os.EFD_CLOEXEC)

    def run() -> None:
        try:
            reports.append(work())
        except Exception as error:
            errors.append(error)
        os.eventfd_write(done, 1)

    others = orphans.children()
    thread = threading.Thread(target=run, name="spelling", daemon=True)
    thread.start()
    with selectors.DefaultSelector() as selector:
        selector.register(done, selectors.EVENT_READ)
        selector.register(stop.fd, selectors.EVENT_READ)
        if not selector.select(max(0.0, deadline - time.monotonic())):
            stop.request(Cause.TIMED_OUT)
    if stop.cause is not None and not reports:
        # The programs that it waits for are ended, so that it comes to an end too.
        orphans.sweep(keep=others)
        thread.join()
        os.close(done)
        raise Stopped
    thread.join()
    os.close(done)
    if errors:
        raise errors[0]
    return reports[0]
