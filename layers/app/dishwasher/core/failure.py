"""One job that failed, as the comment shows it: what of it is new, mended, and where it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dishwasher.core.job import Job
from dishwasher.core.markdown import folded, inert
from dishwasher.core.outcome import TestCase
from dishwasher.core.rendering import duration, verdict
from dishwasher.core.result import Result

ROWS, FOLDED = 10, 20
"""Rows of one job that are seen at once, and after a click; the job's page has all."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The latest job of a name, with what is known of it."""

    job: Job
    page: str
    result: Result | None = None
    base: frozenset[str] | None = None
    """Tests that fail on the base branch as well; None where this job does not fail there."""

    @property
    def failing(self) -> tuple[TestCase, ...]:
        return self.result.tests.failing if self.result and self.result.tests else ()

    @property
    def is_new(self) -> bool:
        return self.base is None or any(case.title not in self.base for case in self.failing)


def what(one: Shown, base: str) -> str:
    """How it failed, in a heading; `base` names the branch to merge into."""
    tests = one.result.tests if one.result else None
    assert one.job.reason is not None
    if tests is not None and tests.failed:
        said = f"{tests.failed:,} of {tests.total:,} tests failed{_mended(one, base)}"
    else:
        said = verdict(one.job, one.job.reason).lower()
        if one.job.started:
            said += f", in {duration(one.job.ended - one.job.started)}"
    return f"{said} (on {inert(base)}, too)" if base and not one.is_new else said


def _mended(one: Shown, base: str) -> str:
    """What fails on the base branch and does not here, where all that fails here is named."""
    tests = one.result.tests if one.result else None
    if one.base is None or tests is None or tests.failed > len(one.failing):
        return ""
    count = len(one.base - {case.title for case in one.failing})
    does = "does" if count == 1 else "do"
    return f"; {count} that fail{'s' * (count == 1)} on {_named(base)} {does} not" if count else ""


def _named(base: str) -> str:
    return inert(base) if base else "the base branch"


def rows(one: Shown, base: str) -> list[str]:
    """The tests that failed, or the findings where there are no tests."""
    return _tests(one, base) or _findings(one.result)


def _tests(one: Shown, base: str) -> list[str]:
    known = one.base or frozenset()
    new = [case for case in one.failing if case.title not in known]
    old = [case for case in one.failing if case.title in known]
    tests = one.result.tests if one.result else None
    more = tests.failed - len(one.failing) if tests else 0
    parts = ["\n".join(map(_test, new[:ROWS]))] if new else []
    if rest := new[ROWS:]:
        parts.append(_folded(f"{len(rest) + more} more", [_test(case) for case in rest], more))
    elif more > 0 and one.failing:
        parts.append(f"and {more} more")
    if old:
        title = f"{len(old)} on {base or 'the base branch'}, too"
        parts.append(_folded(title, [_test(case) for case in old]))
    return parts


def _test(case: TestCase) -> str:
    place = f" ({inert(case.path, 100)}{f':{case.line}' if case.line else ''})" if case.path else ""
    message = f": {inert(case.message, 150)}" if case.message else ""
    return f"- **{inert(case.title, 120)}**{message}{place}"


def _findings(result: Result | None) -> list[str]:
    if result is None or not result.findings:
        return []
    rows = [
        f"- {inert(one.path, 100)}:{one.start_line} {inert(one.message, 150)}"
        for one in result.findings[: ROWS + FOLDED]
    ]
    rest = max(result.findings_total, len(result.findings)) - ROWS
    parts = ["\n".join(rows[:ROWS])]
    if rest > 0:
        parts.append(_folded(f"{rest:,} more", rows[ROWS:], rest - len(rows[ROWS:])))
    return parts


def _folded(title: str, rows: Sequence[str], more: int = 0) -> str:
    """Rows that are seen after a click."""
    left = max(0, len(rows) - FOLDED) + more
    kept = [*rows[:FOLDED], *([f"- and {left:,} more, on the job's page"] if left > 0 else [])]
    return folded(title, "\n".join(kept))
