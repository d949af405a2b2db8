"""Whose output becomes annotations, told by the commands."""

from __future__ import annotations

from pathlib import Path

import pytest
from dishwasher.core.config import MATCHERS
from dishwasher.formats import circle
from dishwasher.formats.commands.annotating import matchers

from tests.formats import buildspec_files


@pytest.mark.parametrize(
    ("command", "tools"),
    [
        ("flake8 shop tests", ["flake8"]),
        ("python -m flake8", ["flake8"]),
        ("python3.12 -W error -m mypy --strict .", ["mypy"]),
        ("cd app && PYTHONPATH=. ../venv/bin/pylint shop", ["pylint"]),
        ("ruff check .; ruff format --check .", ["ruff"]),
        ("poetry run pytest -q | tee out.txt", ["pytest"]),
        ("py.test", ["pytest"]),
        ("coverage run -m pytest", ["pytest"]),
        ("npx eslint . && npx tsc --noEmit", ["eslint", "tsc"]),
        ("yarn eslint src", ["eslint"]),
        ("npm exec eslint src", ["eslint"]),
        ("git ls-files '*.py' | xargs -n 20 flake8", ["flake8"]),
        ("timeout 600 sphinx-build -W docs site", ["sphinx"]),
        ("bash -c 'mypy . && pytest'", ["mypy", "pytest"]),
        ("g++ -Wall main.cc", ["gcc"]),
        ("pip install flake8 pytest", []),
        ("echo pytest", []),
        ("cat mypy.ini", []),
        ("python manage.py test", []),
        ("python -m", []),
        ("coverage report", []),
        ("yarn", []),
        ("make lint", []),
        ("", []),
    ],
)
def test_a_tool_is_told_where_it_is_run(command: str, tools: list[str]) -> None:
    assert matchers((command,)) == tuple(tools)


@pytest.mark.parametrize("tool", MATCHERS)
def test_every_matcher_is_told_by_its_own_name(tool: str) -> None:
    program = "sphinx-build" if tool == "sphinx" else tool
    assert matchers((f"{program} .",)) == (tool,)


def test_tools_of_several_commands_stand_in_one_order() -> None:
    assert matchers(("pytest", "flake8", "pytest")) == ("flake8", "pytest")


def test_a_circle_file_is_annotated_by_what_it_runs() -> None:
    text = "test: {override: [flake8, pytest]}\n"
    (job,) = circle.parse("circle.yml", text.encode()).jobs
    assert job.annotate == ("flake8", "pytest")


def test_a_buildspec_is_annotated_by_what_any_phase_runs() -> None:
    text = "pre_build: {commands: [ruff check .]}\nbuild: {commands: [make], finally: [pytest]}"
    job = buildspec_files.job(buildspec_files.phases(text))
    assert job.annotate == ("ruff", "pytest")


@pytest.mark.parametrize("page", ["circle.md", "buildspec.md"])
def test_the_pages_of_files_that_people_bring_name_every_tool(page: str) -> None:
    text = (Path(__file__).parents[2] / "docs" / page).read_text(encoding="utf-8")
    said = next(line for line in text.split("\n- ") if line.startswith("What flake8"))
    assert all(tool in said.casefold() for tool in MATCHERS)
