"""Reports of a job: read where they are, and nothing followed out of its folders."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from dishwasher.core.findings import Finding, Level
from dishwasher.core.outcome import FAILING_KEPT
from dishwasher.core.outputs import REPORTS_FOLDER, ReportFormat, ReportSet
from dishwasher.runner import reports
from dishwasher.runner.mask import Mask
from dishwasher.runner.reports import DETAILS, read

CASE = '<testcase classname="app.T" name="%s" file="app/tests.py" line="3"><failure message="no"/>'
FAILING = f'<testsuite name="s">{CASE % "test_a"}</testcase></testsuite>'
NONE = Mask()
JUNIT = (ReportSet(ReportFormat.JUNIT, ("out/*.xml",)),)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    (root / "app").mkdir(parents=True)
    (root / "out").mkdir()
    (root / "app" / "tests.py").write_text("x\n")
    return root


def test_failing_tests_are_findings_where_their_file_is(checkout: Path, tmp_path: Path) -> None:
    (checkout / "out" / "a.xml").write_text(FAILING)
    (checkout / "out" / "b.xml").write_text(FAILING.replace("app/tests.py", "gone.py"))
    found = read(JUNIT, checkout, tmp_path, "", NONE)
    assert found.tests is not None
    assert (found.tests.failed, found.notes) == (2, ())
    assert found.findings == (Finding("app/tests.py", 3, 3, Level.FAILURE, "no", "app.T.test_a"),)


@pytest.mark.parametrize(("start", "written"), [("app", "tests.py"), ("app", "app/tests.py")])
def test_paths_count_from_where_the_steps_started(
    checkout: Path, tmp_path: Path, start: str, written: str
) -> None:
    (checkout / "out" / "a.xml").write_text(FAILING.replace("app/tests.py", written))
    (finding,) = read(JUNIT, checkout, tmp_path, start, NONE).findings
    assert finding.path == "app/tests.py"


@pytest.mark.parametrize("written", ["../outside.py", "/etc/passwd", "app", "app/\ufffd.py"])
def test_a_path_that_leads_out_is_no_finding(checkout: Path, tmp_path: Path, written: str) -> None:
    (tmp_path / "outside.py").write_text("x\n")
    (checkout / "out" / "a.xml").write_text(FAILING.replace("app/tests.py", written))
    found = read(JUNIT, checkout, tmp_path, "", NONE)
    assert found.findings == ()
    assert found.tests is not None


def test_the_folder_of_reports(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "reports" / "django").mkdir(parents=True)
    (tmp_path / "reports" / "django" / "a.xml").write_text(FAILING)
    wanted = (ReportSet(ReportFormat.JUNIT, ("**/*.xml",), base=REPORTS_FOLDER),)
    found = read(wanted, checkout, tmp_path / "reports", "", NONE)
    assert found.tests is not None
    assert found.tests.failed == 1


def test_what_can_not_be_read_is_noted(checkout: Path, tmp_path: Path) -> None:
    (checkout / "out" / "a.xml").write_text("<html/>")
    (tmp_path / "secret.xml").write_text(FAILING)
    (checkout / "out" / "b.xml").symlink_to(tmp_path / "secret.xml")
    os.mkfifo(checkout / "out" / "c.xml")
    found = read(JUNIT, checkout, tmp_path, "", NONE)
    assert found.tests is None
    assert found.notes == (
        "out/a.xml: The test report holds no <testsuite>; it is not JUnit XML.",
        "out/b.xml can not be read: Too many levels of symbolic links.",
        "out/c.xml: The test report holds no <testsuite>; it is not JUnit XML.",
    )


def test_other_formats_are_left_alone(checkout: Path, tmp_path: Path) -> None:
    (checkout / "out" / "a.xml").write_text("<coverage/>")
    wanted = (ReportSet(ReportFormat.COBERTURA, ("out/*.xml",)),)
    assert read(wanted, checkout, tmp_path, "", NONE) == reports.Read(None, (), ())


def test_a_result_stays_small(checkout: Path, tmp_path: Path) -> None:
    details = "x" * 5000
    cases = "".join(
        f'<testcase name="t{n}"><failure>{details}</failure></testcase>' for n in range(200)
    )
    (checkout / "out" / "a.xml").write_text(f"<testsuite>{cases}</testsuite>")
    tests = read(JUNIT, checkout, tmp_path, "", NONE).tests
    assert tests is not None
    assert (tests.failed, len(tests.failing)) == (200, FAILING_KEPT)
    assert {len(case.details) for case in tests.failing} == {DETAILS}


@pytest.mark.parametrize(
    ("attributes", "path"),
    [
        ('classname="app.tests.A" name="t"', "app/tests.py"),
        ('classname="tests.A" name="t"', None),
        ('classname="app" name="t"', None),
        ('classname="..app.tests" name="t"', None),
        ('classname="example.com/m/go" name="T"', "go/x_test.go"),
    ],
)
def test_a_place_is_found_by_the_name_of_a_module_or_package(
    checkout: Path, tmp_path: Path, attributes: str, path: str | None
) -> None:
    (checkout / "go").mkdir()
    (checkout / "go/x_test.go").write_text("package x\n")
    failure = "<failure>    x_test.go:4: no</failure>" if "go" in attributes else "<error/>"
    case = f"<testcase {attributes}>{failure}</testcase>"
    (checkout / "out" / "a.xml").write_text(f"<testsuite>{case}</testsuite>")
    found = read(JUNIT, checkout, tmp_path, "", NONE).findings
    assert [finding.path for finding in found] == ([path] if path else [])
