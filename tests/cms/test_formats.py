"""The same project by each format's own rules, and what each makes of a lint error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cms.running import kept, run, steps


@pytest.fixture
def untidy(project: Path) -> Path:
    """The project with an import that nothing uses."""
    models = project / "app" / "pages" / "models.py"
    models.write_text(f"import os\n{models.read_text()}")
    return project


def ends(told: dict[str, Any]) -> dict[str, str]:
    return {job["name"]: job["reason"] for job in told["jobs"]}


def test_after_a_lint_error_circles_tests_still_run_and_nothing_is_deployed(untidy: Path) -> None:
    code, told, said = run(untidy, "circle.yml", "circle.yml", "--deploy", "--env", "STAGING_ROOT")
    assert code == 1, said
    assert steps(told, "build")["test"] == [1, 0, 0, 0, 0, 0]
    assert ends(told) == {"build": "failed", "staging": "need_failed"}
    assert not (untidy.parent / "staging").exists()


def test_after_a_lint_error_a_buildspec_goes_on_with_post_build_and_tells_it(untidy: Path) -> None:
    code, told, said = run(untidy, "buildspec.yml", "buildspec.yml")
    assert code == 1, said
    assert steps(told, "build") == {"install": [0] * 3, "build": [1, 0], "post_build": [0, 0, 1]}
    assert "would deploy\n" not in said.replace('echo "would deploy"\n', "")


def test_after_a_lint_error_a_native_file_starts_no_tests_and_no_deployment(untidy: Path) -> None:
    words = ("--deploy", "--env", "STAGING_ROOT")
    code, told, said = run(untidy, "dishwasher.yml", ".dishwasher.yml", *words)
    assert code == 1, said
    assert ends(told) == {
        "lint": "failed",
        "name": "ok",
        "tests": "need_failed",
        "docs": "ok",
        "staging": "need_failed",
    }
    (found,) = [job for job in told["jobs"] if job["name"] == "lint"]
    places = [(one["path"], one["start_line"], one["level"]) for one in found["findings"]]
    assert places == [("app/pages/models.py", 1, "failure")]


def test_a_buildspec(project: Path) -> None:
    code, told, said = run(project, "buildspec.yml", "buildspec.yml")
    assert code == 0, said
    assert steps(told, "build") == {"install": [0] * 3, "build": [0] * 5, "post_build": [0] * 3}
    assert kept(project) == ["docs.tar.gz"]
    assert "would deploy" in said


def test_a_native_file(project: Path) -> None:
    code, told, said = run(
        project, "dishwasher.yml", ".dishwasher.yml", "--deploy", "--env", "STAGING_ROOT"
    )
    assert code == 0, said
    assert [job["name"] for job in told["jobs"]] == ["lint", "name", "tests", "docs", "staging"]
    assert {job["conclusion"] for job in told["jobs"]} == {"success"}
    assert "docs.tar.gz" in kept(project)
