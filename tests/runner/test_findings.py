"""Findings of a job: what its output and its reports both say is said once."""

from __future__ import annotations

from pathlib import Path

import pytest
from dishwasher.core.findings import Finding, Level
from dishwasher.core.result import FINDINGS_KEPT
from dishwasher.runner.findings import Findings

OUTPUT = (
    "____ test_total ____",
    "test_cart.py:2: in test_total",
    "    assert 1 == 2",
    "E   assert 1 == 2",
    "test_cart.py:5: in test_other",
    "    assert 3 == 4",
    "E   assert 3 == 4",
)


@pytest.fixture
def findings(tmp_path: Path) -> Findings:
    (tmp_path / "test_cart.py").write_text("def test_total():\n    assert 1 == 2\n")
    found = Findings(("pytest",), tmp_path)
    found.feed("".join(f"{line}\n" for line in OUTPUT).encode())
    return found


def _reported(line: int, message: str, name: str) -> Finding:
    return Finding("test_cart.py", line, line, Level.FAILURE, message, name)


def test_a_failure_of_output_and_report_is_the_report_s(findings: Findings) -> None:
    assert [finding.title for finding in findings.kept] == ["pytest", "pytest"]
    findings.report((_reported(2, "assert 1 == 2", "test_cart.test_total"),))
    said = [(finding.start_line, finding.title) for finding in findings.kept]
    assert said == [(5, "pytest"), (2, "test_cart.test_total")]
    assert findings.total == 2


def test_tests_that_fail_alike_are_all_told(findings: Findings) -> None:
    names = [f"test_total[{number}]" for number in range(3)]
    findings.report(tuple(_reported(2, "assert 1 == 2", name) for name in names))
    assert [finding.title for finding in findings.kept] == ["pytest", *names]
    assert findings.total == 4


def test_what_is_not_kept_is_counted(findings: Findings) -> None:
    findings.report(tuple(_reported(9, "no", f"t{number}") for number in range(FINDINGS_KEPT)))
    assert len(findings.kept) == FINDINGS_KEPT
    assert findings.total == FINDINGS_KEPT + 2
