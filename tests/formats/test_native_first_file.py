"""The file that `dishwasher init` writes plans exactly what the repository implies."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import yaml
from dishwasher.core.config import Config, JobSpec, Uses
from dishwasher.core.machine import Machine
from dishwasher.core.step import Phase, Step
from dishwasher.formats import native
from dishwasher.formats.implied import implied
from dishwasher.formats.native.first_file import first_file, scalar
from hypothesis import given
from hypothesis import strategies as st

from tests.formats.projects import MANAGE, Files, plan, repository
from tests.formats.test_implied import DJANGO

NODE = {
    "scripts": {"lint": "eslint .", "test": "jest", "build": "vite build"},
    "engines": {"node": "22"},
    "devDependencies": {"jest": "29", "pg": "8"},
}
PACKAGE = """\
[build-system]
requires = ["hatchling"]
[project]
name = "ledger"
requires-python = ">=3.10,<3.13"
[project.optional-dependencies]
test = ["pytest"]
docs = ["sphinx"]
[tool.mypy]
[tool.ruff.format]
"""
PROJECTS: dict[str, Files] = {
    "django": DJANGO,
    "django in a folder": {f"app/{path}": text for path, text in DJANGO.items()},
    "django with settings": {
        "app/manage.py": MANAGE.format("settings.local"),
        "app/settings/testing.py": "SECRET_KEY = env('SECRET_KEY')\nD = env.db()\n",
        "app/shop/tests.py": "",
        "requirements/base.txt": "django\npsycopg\nredis\n",
        "requirements/test.txt": "-r base.txt\n",
        "runtime.txt": "python-3.11.9\n",
    },
    "django by pytest": {
        **DJANGO,
        "pytest.ini": "[pytest]\n",
        "requirements.txt": "pytest-django\nmysqlclient\n",
        ".env.example": "DATABASE_URL=mysql://db/shop\nREDIS_URL=redis://cache\n",
    },
    "django without tests": {"manage.py": MANAGE.format("s")},
    "django and node": {**DJANGO, "web/package.json": json.dumps(NODE), "web/yarn.lock": ""},
    "package": {"pyproject.toml": PACKAGE, "tests/test_a.py": "import pytest\n"},
    "package with documentation": {"pyproject.toml": PACKAGE, "docs/conf.py": "html_theme = 'x'\n"},
    "setup.py": {"setup.py": "setup(extras_require={'dev': []})\n", "tox.ini": "[tox]\n"},
    "setup.cfg": {"setup.cfg": "[metadata]\nname = x\n[flake8]\n[mypy]\n[tool:pytest]\n"},
    "groups": {"pyproject.toml": "[dependency-groups]\ndev = ['nox']\n", "noxfile.py": ""},
    "uv": {"pyproject.toml": PACKAGE, "uv.lock": "", ".python-version": "3.12\n"},
    "poetry": {"pyproject.toml": "[tool.poetry]\nname = 'x'\n[tool.black]\n", "poetry.lock": ""},
    "pipenv": {"Pipfile": "[requires]\npython_version = '3.10'\n", "pytest.ini": ""},
    "unittest": {"tests/a_test.py": "import unittest\n"},
    "mkdocs": {"mkdocs.yml": "theme: {name: material}\n"},
    "npm": {"package.json": json.dumps(NODE), "package-lock.json": "", ".nvmrc": "20\n"},
    "yarn": {"package.json": json.dumps(NODE), "yarn.lock": "", ".yarnrc.yml": ""},
    "pnpm": {
        "package.json": json.dumps({**NODE, "packageManager": "pnpm@9.12.0"}),
        "pnpm-lock.yaml": "",
    },
    "node tools": {
        "package.json": json.dumps({"devDependencies": {"stylelint": "1", "typescript": "5"}}),
        ".stylelintrc": "",
        "tsconfig.json": "",
    },
}


def bare(job: JobSpec) -> JobSpec:
    """Without what only a written or only an implied job has: lines, and reasons."""
    phases = tuple(
        replace(phase, steps=tuple(replace(step, line=0, why="") for step in phase.steps))
        for phase in job.phases
    )
    services = tuple(replace(service, line=0, why="") for service in job.machine.services)
    return replace(job, line=0, phases=phases, machine=replace(job.machine, services=services))


@pytest.mark.parametrize("name", PROJECTS)
def test_the_file_plans_what_the_repository_implies(name: str) -> None:
    config = implied(repository(PROJECTS[name]))
    written = native.parse(".dishwasher.yml", first_file(config).encode())
    assert config.jobs
    assert [bare(job) for job in written.jobs] == [bare(job) for job in config.jobs]
    assert written.warnings == ()


@pytest.mark.parametrize("name", PROJECTS)
def test_what_people_read_fits_a_window_and_says_why(name: str) -> None:
    text = first_file(plan(PROJECTS[name]))
    comments = [line for line in text.splitlines() if line.lstrip().startswith("#")]
    assert all(len(line) <= 80 for line in comments)
    assert all(line == line.rstrip() for line in text.splitlines())
    assert "\n\n\n" not in text
    joined = " ".join(line.strip(" #") for line in comments)
    for job in plan(PROJECTS[name]).jobs:
        assert all(step.why[1:] in joined for step in job.steps)


def test_the_deployment_that_is_shown_is_valid_once_its_marks_are_gone() -> None:
    text = first_file(plan(DJANGO), branch="yes")
    head, _, tail = text.partition("# deployments:\n")
    shown = "deployments:\n" + "".join(line.removeprefix("# ") for line in tail.splitlines(True))
    config = native.parse("x", (head + shown).encode())
    (deployment,) = (job for job in config.jobs if job.name == "staging")
    assert [step.command for step in deployment.steps][-1] == "./deploy.sh staging"


def test_the_brands_that_are_shown_are_valid_once_their_marks_are_gone() -> None:
    text = first_file(plan(DJANGO))
    for line in ("with:", "  brands:", "    GitHub: [Git-Hub]"):
        assert f"    # {line}\n" in text
        text = text.replace(f"    # {line}\n", f"    {line}\n")
    config = native.parse("x", text.encode())
    spelling = next(job for job in config.jobs if job.uses is Uses.SPELLING)
    assert dict(spelling.spelling.brands).keys() == {"GitHub"}


def test_without_anything_known_the_file_checks_spelling_and_shows_how_to_begin() -> None:
    text = first_file(plan({"README.md": "# Hi\n"}))
    (job,) = native.parse("x", text.encode()).jobs
    assert job.uses is Uses.SPELLING
    assert "run: make test" in text


@given(st.text(max_size=40))
def test_any_text_is_one_scalar_in_one_line(text: str) -> None:
    written = scalar(text)
    assert "\n" not in written
    # A mapping's value, as every scalar of the file is.
    assert yaml.load(f"key: {written}\n", yaml.BaseLoader) == {"key": text}


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("pip install -e '.[test]'", "pip install -e '.[test]'"),
        ("a: b", "'a: b'"),
        ("echo 'a' #b", "'echo ''a'' #b'"),
        ("postgres://localhost/app", "postgres://localhost/app"),
        ("true", "'true'"),
        ("3.10", "'3.10'"),
        ("a\nb", '"a\\x0ab"'),
        ("", "''"),
    ],
)
def test_quotes_stand_only_where_yaml_needs_them(text: str, written: str) -> None:
    assert scalar(text) == written


def test_a_config_of_any_commands_is_written_so_that_it_reads_back() -> None:
    command = "echo \"a: b\" | sed 's/#/x/' && test $X = 'y'"
    steps = (Step(command), Step("# nothing"), Step("- a"))
    job = JobSpec("a: b", plan(DJANGO).jobs[0].kind, 0, phases=(Phase("build", steps),))
    text = first_file(Config("", (replace(job, machine=Machine(python="3.10")),)))
    (read,) = native.parse("x", text.encode()).jobs
    assert read.name == "a: b"
    assert [step.command for step in read.steps] == [command, "# nothing", "- a"]
    assert read.machine.python == "3.10"
