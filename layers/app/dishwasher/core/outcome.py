"""How the tests of a job went, whatever tool ran them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

FAILING_KEPT = 100
"""Failing tests that a result carries in words; the counts are of all."""


class Status(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    """It broke before or after its own assertions: in set-up, or at import."""
    SKIPPED = "skipped"
    XFAILED = "xfailed"
    """It failed, as it was expected to."""
    FLAKY = "flaky"
    """It failed and then passed within the same run."""


BAD = frozenset({Status.FAILED, Status.ERROR})


@dataclass(frozen=True, slots=True)
class TestCase:
    """One test, once."""

    __test__ = False

    suite: str
    class_name: str
    name: str
    status: Status
    seconds: float = 0.0
    path: str = ""
    """As the report writes it; empty where it says none."""
    line: int = 0
    """1-based; 0 for unknown."""
    message: str = ""
    """One line."""
    details: str = ""
    """What the tool printed of the failure."""

    @property
    def title(self) -> str:
        # jest-junit writes the same for both.
        return ".".join(filter(None, dict.fromkeys((self.class_name, self.name)))) or self.suite


@dataclass(frozen=True, slots=True)
class TestSummary:
    """Counts of all tests, and the failing ones themselves as far as they are kept."""

    __test__ = False

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    failing: tuple[TestCase, ...] = ()

    @property
    def total(self) -> int:
        return self.passed + self.failed + self.skipped

    @property
    def words(self) -> str:
        """`2 failed, 1,200 passed`; what did not happen is not said."""
        counts = ((self.failed, "failed"), (self.passed, "passed"), (self.skipped, "skipped"))
        return ", ".join(f"{count:,} {word}" for count, word in counts if count)


def summarise(cases: Iterable[TestCase]) -> TestSummary:
    """Flaky tests passed; expected failures count as skipped, for they prove nothing."""
    passed = failed = skipped = 0
    seconds = 0.0
    failing: list[TestCase] = []
    for case in cases:
        seconds += case.seconds
        if case.status in BAD:
            failed += 1
            if len(failing) < FAILING_KEPT:
                failing.append(case)
        elif case.status in (Status.PASSED, Status.FLAKY):
            passed += 1
        else:
            skipped += 1
    return TestSummary(passed, failed, skipped, seconds, tuple(failing))


def together(parts: Iterable[TestSummary]) -> TestSummary | None:
    """Of several runs of tests; None of none."""
    told = tuple(parts)
    if not told:
        return None
    return TestSummary(
        sum(one.passed for one in told),
        sum(one.failed for one in told),
        sum(one.skipped for one in told),
        sum(one.seconds for one in told),
        tuple(case for one in told for case in one.failing)[:FAILING_KEPT],
    )
