"""One real Django project with PostgreSQL, by each format's own rules, as people run it.

The project is the article's large CMS site in small, its circle.yml the article's file. What is no
longer there is replaced: the version of Node, and the two tools of the deployment.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent

PROJECTS = "DISHWASHER_TEST_PROJECTS"
"""Set by `make test-projects`: each test installs a whole project from the package indexes."""

if not os.environ.get(PROJECTS):
    pytest.skip("installs from package indexes: make test-projects", allow_module_level=True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Beside it a link to a folder where pip keeps what it has fetched once."""
    root = tmp_path / "cms"
    pip = tmp_path.parent / "pip"
    pip.mkdir(exist_ok=True)
    (tmp_path / "pip").symlink_to(pip)
    shutil.copytree(HERE / "project", root)
    return root


def run(root: Path, config: str, name: str, *words: str) -> tuple[int, dict[str, Any], str]:
    """Exit code, results and output of `dishwasher run` with one of the configurations."""
    shutil.copyfile(HERE / config, root / name)
    git = ("git", "-c", "user.name=a", "-c", "user.email=a@b.c")
    for command in (("init", "-q", "-b", "master"), ("add", "-A"), ("commit", "-qm", "first")):
        subprocess.run((*git, *command), cwd=root, check=True, capture_output=True)
    told = root.parent / "told.json"
    kept = root.parent / "kept"
    pip = f"PIP_CACHE_DIR={(root.parent / 'pip').resolve()}"
    dishwasher = (sys.executable, "-m", "dishwasher", "run", "--env", pip)
    done = subprocess.run(
        (*dishwasher, "--artifacts", str(kept), "--json", str(told), *words),
        cwd=root,
        env={**os.environ, "STAGING_ROOT": str(root.parent / "staging")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, json.loads(told.read_text()), done.stdout


def kept(root: Path) -> list[str]:
    folder = root.parent / "kept"
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def steps(told: dict[str, Any], job: str) -> dict[str, list[int]]:
    """Exit codes by phase, those of what the runner itself does aside."""
    (found,) = [one for one in told["jobs"] if one["name"] == job]
    return {
        phase["name"]: [step["exit_code"] for step in phase["steps"]]
        for phase in found["phases"]
        if phase["steps"] and phase["name"] != "python"
    }


def test_the_articles_circle_file(project: Path) -> None:
    code, told, said = run(project, "circle.yml", "circle.yml", "--deploy", "--env", "STAGING_ROOT")
    assert code == 0, said
    assert steps(told, "build") == {"dependencies": [0] * 4, "test": [0] * 6}
    assert steps(told, "staging") == {"dependencies": [0] * 4, "deployment": [0]}
    assert [name for name in kept(project) if name.endswith(".tar.gz")] != []
    deployed = (project.parent / "staging" / "deployed").read_text()
    assert deployed.startswith("staging on ")
    assert "Ran 3 tests" in said


def test_with_a_lint_error_the_tests_still_run_and_nothing_is_deployed(project: Path) -> None:
    (project / "app" / "pages" / "models.py").write_text(
        "import os\n" + (project / "app" / "pages" / "models.py").read_text()
    )
    code, told, said = run(project, "circle.yml", "circle.yml", "--deploy", "--env", "STAGING_ROOT")
    assert code == 1, said
    assert steps(told, "build")["test"] == [1, 0, 0, 0, 0, 0]
    assert [(job["name"], job["reason"]) for job in told["jobs"]] == [
        ("build", "failed"),
        ("staging", "need_failed"),
    ]
    assert not (project.parent / "staging").exists()


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
