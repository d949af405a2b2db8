"""How many tests ran and which failed, from the last words of unittest, Django's runner and pytest.

For jobs without a report. Nothing is claimed where the words leave room for doubt.
"""

from __future__ import annotations

import re

from dishwasher.checks import printed
from dishwasher.core.outcome import TestSummary

# unittest.runner.TextTestRunner.run, the same since Python 2.7.
_UNITTEST = re.compile(
    r"^-{70}\nRan (\d{1,7}) tests? in (\d{1,7}\.\d{3})s\n\n"
    r"(?:OK|FAILED|NO TESTS RAN)(?: \(([a-z0-9=, ]{1,200})\))?$",
    re.MULTILINE,
)
# django.test.runner.DiscoverRunner.log, since 4.0.
_FOUND = re.compile(r"^Found (\d{1,7}) test\(s\)\.$", re.MULTILINE)
_HEADING = re.compile(r"^={70}\n(?:FAIL|ERROR): (\S{1,500}) \((\S{1,500})\)", re.MULTILINE)
_AROUND = ("setUpClass", "tearDownClass", "setUpModule", "tearDownModule")
"""What `Ran` leaves out: docs.python.org/3/library/unittest.html#class-and-module-fixtures"""
_PART = re.compile(r"([a-z][a-z ]{0,30})=(\d{1,7})")
# _pytest.terminal.TerminalReporter.summary_stats: with a rule around it or, under `-q`, without.
_PYTEST = re.compile(
    r"^(?:=+ )?(\d{1,7} [a-z]+(?:, \d{1,7} [a-z ]{1,30})*) in (\d{1,7}\.\d{2})s"
    r"(?: \([^()\n]{1,30}\))?(?: =+)?$",
    re.MULTILINE,
)
_COUNT = re.compile(r"(\d{1,7}) ([a-z ]{1,30})")
_ASIDE = frozenset({"warning", "warnings", "deselected", "rerun", "subtests passed"})
_KNOWN = frozenset({"passed", "failed", "skipped", "xfailed", "xpassed", "error", "errors"})


def read(text: str) -> TestSummary | None:
    """The counts at the end of one command's output, given without colours."""
    unittest, pytest = list(_UNITTEST.finditer(text)), list(_PYTEST.finditer(text))
    # Of two nobody can say whether they add up, or whether one is a test of the other.
    if len(unittest) + len(pytest) != 1:
        return None
    return _of_unittest(unittest[0], text) if unittest else _of_pytest(pytest[0])


def _of_unittest(found: re.Match[str], text: str) -> TestSummary | None:
    ran = int(found[1])
    parts = {name.strip(): int(count) for name, count in _PART.findall(found[3] or "")}
    bad = parts.get("failures", 0) + parts.get("errors", 0)
    surprises = parts.get("unexpected successes", 0)
    skipped = parts.get("skipped", 0)
    # Python 3.12.1 alone leaves skipped tests out of `Ran`; Django has counted them before.
    # https://github.com/python/cpython/issues/113267
    known = _FOUND.search(text)
    if known and ran < int(known[1]) <= ran + skipped:
        ran = int(known[1])
    skipped += parts.get("expected failures", 0)
    passed = ran - _failing(text, bad) - surprises - skipped
    if passed < 0:
        return None
    return TestSummary(passed, bad + surprises, skipped, float(found[2]), printed.failing(text))


def _failing(text: str, bad: int) -> int:
    """How many of the tests that ran are bad: parts of one test fail each, classes beside them."""
    headings = _HEADING.findall(text)
    if len(headings) != bad:
        return bad
    return len({heading for heading in headings if heading[0] not in _AROUND})


def _of_pytest(found: re.Match[str]) -> TestSummary | None:
    counts = {word: int(count) for count, word in _COUNT.findall(found[1])}
    if counts.keys() - _KNOWN - _ASIDE or not counts.keys() & _KNOWN:
        return None
    passed, failed, skipped = (
        sum(counts.get(word, 0) for word in words)
        for words in (("passed", "xpassed"), ("failed", "error", "errors"), ("skipped", "xfailed"))
    )
    return TestSummary(passed, failed, skipped, float(found[2]))
