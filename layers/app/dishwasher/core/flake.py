"""Tests that failed in one run of a commit and not in a later one of the same files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dishwasher.core.markdown import inert
from dishwasher.core.result import Result

NAMED = 10
"""Tests that are named; the rest is counted."""


def flaky(earlier: Iterable[Result | None], latest: Result | None) -> tuple[str, ...]:
    """Titles of tests that failed earlier and do not any more, although nothing has changed.

    Nothing where the latest run has not run as many tests, or fails in more than are named: nobody
    knows then that one has passed.
    """
    now = latest.tests if latest else None
    if now is None or now.failed > len(now.failing):
        return ()
    still = {case.title for case in now.failing}
    ran = now.passed + now.failed
    found: dict[str, None] = {}
    for result in earlier:
        before = result.tests if result else None
        if before is not None and before.passed + before.failed <= ran:
            found.update((case.title, None) for case in before.failing if case.title not in still)
    return tuple(found)


def said(titles: Sequence[str]) -> str:
    """One sentence for the comment; empty where there is none."""
    if not titles:
        return ""
    named = ", ".join(f"**{inert(title, 120)}**" for title in titles[:NAMED])
    more = f" and {len(titles) - NAMED} more" if len(titles) > NAMED else ""
    one = len(titles) == 1
    passed = "it passed" if one else "they passed"
    return f"Flaky: {named}{more} failed at first, and {passed} when run again on the same files."
