"""How a repository's Python tests are run, as its files tell."""

from __future__ import annotations

import re

from dishwasher.formats.implied.check import Check
from dishwasher.formats.implied.django import Django
from dishwasher.formats.implied.project import Project
from dishwasher.formats.implied.python import package_file

LOOKED_INTO = 5
"""Test files that are read where no configuration says what runs them."""

_PYTEST = ("pytest",)
"""The package, and its command."""
_RUNNER = "runtests.py"
"""What Django's own tests are started by, and those of many packages for it."""
_MATRIX = re.compile(r"py[\d{},\s]*-")
"""In tox's list: each Python with several versions of something else."""
_TEST_FILE = r"(?:[^/]+/)*(?:tests?|test_[^/]*|[^/]*_tests?)\.py"


def tests(project: Project, django: Django | None, installed: frozenset[str]) -> Check | None:
    """The one way that says the most; None where there are no tests."""
    if django is not None:
        return _of_package(project, django, installed) or _django(project, django, installed)
    configured = _pytest_file(project, "")
    pytest = Check("tests", _PYTEST, configured, _PYTEST) if configured else None
    # Who runs pytest by tox has its packages there, and mostly nowhere else.
    return (
        (pytest if "pytest" in installed else None)
        or _by_script(project)
        or _by_runner(project)
        or pytest
        or (_by_content(project, installed))
    )


def _of_package(project: Project, django: Django, installed: frozenset[str]) -> Check | None:
    """The package's tests where manage.py is an example's; None where it is all there is."""
    if not django.folder or not package_file(project):
        return None
    if "pytest-django" in installed and _pytest_file(project, django.folder):
        return None
    is_for_tests = django.folder.rpartition("/")[2] in ("test", "tests")
    return _by_script(project) or (None if is_for_tests else _by_tox(project))


def _django(project: Project, django: Django, installed: frozenset[str]) -> Check:
    inside = f"cd {django.folder} && " if django.folder else ""
    configured = _pytest_file(project, django.folder) if "pytest-django" in installed else ""
    if configured:
        folder = django.folder if configured.startswith(f"`{django.folder}/") else ""
        command = f"cd {folder} && pytest" if folder else "pytest"
        why = f"pytest-django is installed and {configured}"
        return Check("tests", (command,), why)
    prefix = f"{django.folder}/" if django.folder else ""
    # Django's own runner takes every test*.py.
    has_tests = project.matching(rf"{prefix}(?:[^/]+/)*test[^/]*\.py")
    word = "test" if has_tests else "check"
    settings = f" --settings={django.settings}" if django.settings else ""
    why = f"`{django.manage}` is a Django project's"
    why += "" if has_tests else " and has no tests"
    return Check("tests", (f"{inside}python manage.py {word}{settings}",), why, ("django",))


def _pytest_file(project: Project, folder: str) -> str:
    """What shows that pytest runs the tests, as a clause; nothing where nothing does."""
    pyproject = project.toml("pyproject.toml")
    prefixes = ("", f"{folder}/") if folder else ("",)
    for prefix in prefixes:
        file = project.first(f"{prefix}pytest.ini", f"{prefix}.pytest.ini", f"{prefix}pytest.toml")
        if file:
            return f"`{file}` configures pytest"
    if pyproject.has_table("tool", "pytest"):
        return "`pyproject.toml` configures pytest"
    for file, section in (("tox.ini", "pytest"), ("setup.cfg", "tool:pytest")):
        for prefix in prefixes:
            if project.ini(f"{prefix}{file}").has_table(section):
                return f"`{prefix}{file}` has a section `[{section}]`"
    for prefix in prefixes:
        names = ("conftest.py", "tests/conftest.py", "test/conftest.py")
        file = project.first(*(f"{prefix}{name}" for name in names))
        if file:
            return f"`{file}` is pytest's"
    return ""


def _by_script(project: Project) -> Check | None:
    text = project.text(_RUNNER)
    if not text:
        return None
    wants = tuple(package for package in ("django", "pytest") if f"import {package}" in text)
    return Check("tests", (f"python {_RUNNER}",), f"`{_RUNNER}` runs the tests", wants)


def _by_runner(project: Project) -> Check | None:
    if project.has("noxfile.py"):
        command = "nox --no-error-on-missing-interpreters"
        return Check("tests", (command,), "`noxfile.py` says how tests are run", ("nox",))
    return _by_tox(project)


def _by_tox(project: Project) -> Check | None:
    ini, setup = project.ini("tox.ini"), project.ini("setup.cfg")
    named = (
        ("tox.ini", ini.has_table("tox") or ini.has_table("testenv")),
        ("tox.toml", project.has("tox.toml")),
        ("setup.cfg", setup.has_table("tox:tox")),
        ("pyproject.toml", project.toml("pyproject.toml").has_table("tool", "tox")),
    )
    file = next((file for file, is_there in named if is_there), "")
    if not file:
        return None
    command = "tox --skip-missing-interpreters true"
    # A matrix has databases and versions that are not here; `py` is this Python with none of them.
    listed = ini.table("tox").text("envlist") or ini.table("tox").text("env_list")
    is_matrix = _MATRIX.search(listed[:2000])
    if is_matrix and ini.table("testenv").text("commands"):
        command = "tox -e py"
    return Check("tests", (command,), f"`{file}` says how tests are run", ("tox",))


def _by_content(project: Project, installed: frozenset[str]) -> Check | None:
    found = [file for file in project.matching(_TEST_FILE) if not file.startswith("docs/")]
    if not found:
        return None
    texts = {file: project.text(file) for file in found[:LOOKED_INTO]}
    for file, text in texts.items():
        if "import pytest" in text or "\ndef test_" in f"\n{text}":
            why = f"`{file}` holds tests for pytest"
            return Check("tests", _PYTEST, why, _PYTEST)
    file = next((file for file, text in texts.items() if "unittest" in text), "")
    if "pytest" in installed:
        why = f"`{found[0]}` holds tests and pytest is installed"
        return Check("tests", _PYTEST, why)
    if not file:
        return None
    folder = file.partition("/")[0] if "/" in file else ""
    # Without an __init__.py, unittest does not go down into a folder by itself.
    start = f" -s {folder}" if folder and not project.has(f"{folder}/__init__.py") else ""
    command = f"python -m unittest discover{start}"
    pattern = "" if file.rpartition("/")[2].startswith("test") else " -p '*test*.py'"
    return Check("tests", (command + pattern,), f"`{file}` holds tests for unittest")
