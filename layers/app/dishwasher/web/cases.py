"""The tests of a job: how many, and each that failed."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from dishwasher.core.outcome import TestCase, TestSummary
from dishwasher.core.rendering import duration


@dataclass(frozen=True, slots=True)
class CaseView:
    title: str
    place: str
    """`path:line` in the repository; empty where the report names none."""
    url: str
    message: str
    details: str
    time: str


@dataclass(frozen=True, slots=True)
class CasesView:
    words: str
    time: str
    failed: int
    shares: tuple[tuple[str, float], ...]
    """Tone and per cent of the failed, the passed and the skipped."""
    failing: tuple[CaseView, ...]


def cases(tests: TestSummary | None, sha: str, repository_url: str) -> CasesView | None:
    """None where no test has told anything."""
    if tests is None or not tests.total:
        return None
    counts = (("bad", tests.failed), ("good", tests.passed), ("stop", tests.skipped))
    return CasesView(
        words=tests.words,
        time=duration(tests.seconds) if tests.seconds else "",
        failed=tests.failed,
        shares=tuple((tone, round(100 * count / tests.total, 2)) for tone, count in counts),
        failing=tuple(_case(case, sha, repository_url) for case in tests.failing),
    )


def _case(case: TestCase, sha: str, repository_url: str) -> CaseView:
    line = f":{case.line}" if case.line else ""
    anchor = f"#L{case.line}" if case.line else ""
    # A report's path can be one of the machine's; only the repository's own have a page.
    inside = case.path and not case.path.startswith("/") and ".." not in case.path.split("/")
    return CaseView(
        title=case.title,
        place=f"{case.path}{line}",
        url=f"{repository_url}/blob/{quote(sha)}/{quote(case.path)}{anchor}" if inside else "",
        message=case.message,
        details=case.details,
        time=duration(case.seconds) if case.seconds else "",
    )
