"""Findings of a job: what its output and its reports both say is said once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from dishwasher.core.findings import Finding, Level
from dishwasher.core.result import FINDINGS_KEPT
from dishwasher.errors import UserError
from dishwasher.runner.findings import Findings

from tests.runner.job import Jobs, phase

MATCHER = """{"problemMatcher": [{"owner": "own", "pattern": [
    {"regexp": "^(.+)#([0-9]+) (.*)$", "file": 1, "line": 2, "message": 3}
]}]}"""

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
    found = Findings()
    found.ready(("pytest",), tmp_path, print)
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


def test_a_job_brings_its_own_matcher_and_it_is_the_commits(job: Jobs) -> None:
    job.files = {"m/own.json": MATCHER, "a.py": "x"}
    done = job(phase("build", "rm -r m", "echo a.py#7 no; false"), annotate=("m/own.json",))
    (found,) = done.build.findings.kept
    assert (found.path, found.start_line, found.message, found.title) == ("a.py", 7, "no", "own")
    assert done.ran == ["build 0 1"]


def test_a_matcher_that_is_switched_off_is_told_in_the_log_and_the_result(job: Jobs) -> None:
    job.files = {"own.json": MATCHER.replace("^(.+)#([0-9]+) (.*)$", "(.*)(:).*:.*:.*(:)x")}
    command = "head -c 3000 /dev/zero | tr '\\0' :; echo; echo done"
    done = job(phase("build", command), annotate=("own.json",))
    said = "The problem matcher `own` is switched off: one line took it too long."
    assert done.notes == [said] and f"[dishwasher] {said}\n" in done.log
    assert done.verdict.fine


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({}, "is not in the repository"),
        ({"m/own.json/x": ""}, "is not in the repository"),
        ({"m/own.json": "[]"}, "can not be used: it has no list `problemMatcher`"),
        ({"m/own.json": " " * 99_999}, "can not be used: it has 65,537 bytes or more"),
    ],
)
def test_a_matcher_that_can_not_be_used_fails_the_job_before_its_steps(
    job: Jobs, files: dict[str, str], why: str
) -> None:
    job.files = files
    done = job(phase("build", "echo begun"), annotate=("m/own.json",))
    assert done.ran == ["annotate"] and done.printed == []
    assert done.verdict.detail.startswith(f"The problem matcher file m/own.json {why}")


def test_links_and_pipes_are_no_matchers(tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    (checkout / "m").mkdir(parents=True)
    (tmp_path / "own.json").write_text(MATCHER)
    (checkout / "link.json").symlink_to("../own.json")
    (checkout / "folder").symlink_to("..")
    os.mkfifo(checkout / "pipe.json")
    for path in ("link.json", "folder/own.json", "pipe.json", "../own.json", "m"):
        with pytest.raises(UserError, match=r"in the repository|can not be read"):
            Findings().ready((path,), checkout, print)
