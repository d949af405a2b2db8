"""How Python's tests run: Django's own runner, pytest, nox, tox, unittest."""

from __future__ import annotations

import pytest

from tests.formats.projects import MANAGE, Files, commands, job, plan, setup

PYTEST = {"requirements.txt": "pytest\n"}


def site(settings: str, *files: str, folder: str = "") -> dict[str, str]:
    there = {"manage.py": MANAGE.format(settings), **dict.fromkeys((*files, "shop/tests.py"), "")}
    return {f"{folder}{path}": text for path, text in there.items()}


@pytest.mark.parametrize(
    ("files", "command"),
    [
        (site("shop.settings", "shop/settings.py"), "python manage.py test"),
        (site("settings", "settings.py"), "python manage.py test"),
        (
            site("shop.settings", "shop/settings.py", folder="app/"),
            "cd app && python manage.py test",
        ),
        (
            site("settings.base", "settings/base.py", "settings/testing.py", folder="app/"),
            "cd app && python manage.py test --settings=settings.testing",
        ),
        (
            site("shop.settings", "shop/settings/__init__.py", "shop/settings/test.py"),
            "python manage.py test --settings=shop.settings.test",
        ),
        (
            site("shop.settings", "shop/settings.py", "shop/test_settings.py"),
            "python manage.py test --settings=shop.test_settings",
        ),
        (
            site("shop.settings", "shop/settings.py", "shop/settings_ci.py"),
            "python manage.py test --settings=shop.settings_ci",
        ),
        (site("settings.testing", "settings/testing.py"), "python manage.py test"),
        (
            site("settings.local", "settings/base.py", "settings/production.py"),
            "python manage.py test --settings=settings.base",
        ),
        (site("settings.local", "settings/production.py"), "python manage.py test"),
    ],
)
def test_django_runs_its_tests_with_settings_for_tests(files: Files, command: str) -> None:
    assert commands(files, "tests") == [command]


def test_a_django_project_without_tests_is_checked() -> None:
    files = {
        "manage.py": MANAGE.format("settings"),
        "settings.py": "",
        "requirements.txt": "django",
    }
    assert commands(files, "tests") == ["python manage.py check"]
    assert "`manage.py` is a Django project's and has no tests" in plan(files).notes[1]


def test_django_is_installed_where_no_list_names_it() -> None:
    assert setup(site("settings")) == ["pip install django"]


def test_the_manage_py_of_something_else_is_no_django_project() -> None:
    assert plan({"manage.py": "from flask_script import Manager\n"}).jobs == ()


def test_the_django_project_nearest_to_the_root_is_taken() -> None:
    files = {**site("a", folder="deep/er/"), **site("b", folder="web/")}
    assert commands(files, "tests") == ["cd web && python manage.py test"]


PACKAGE = {"pyproject.toml": "[build-system]\n[project]\nname = 'shop'\n"}
MATRIX = "[tox]\nenvlist = py{312,313}-dj{52,60}-{sqlite,postgresql}\n[testenv]\ncommands = x\n"


@pytest.mark.parametrize(
    ("folder", "files", "command"),
    [
        ("example/", {**PACKAGE, "tox.ini": MATRIX}, "tox -e py"),
        ("shop/test/", {**PACKAGE, "runtests.py": "import django\n"}, "python runtests.py"),
        ("tests/", {**PACKAGE, "tox.ini": MATRIX}, "cd tests && python manage.py test"),
        ("backend/", {"tox.ini": MATRIX}, "cd backend && python manage.py test"),
        ("backend/", PACKAGE, "cd backend && python manage.py test"),
        ("", {**PACKAGE, "tox.ini": MATRIX}, "python manage.py test"),
        (
            "sandbox/",
            {"setup.py": "setup(install_requires=['pytest-django'])", "pytest.ini": "", **PACKAGE},
            "pytest",
        ),
    ],
)
def test_a_package_is_tested_and_not_the_example_in_it(
    folder: str, files: Files, command: str
) -> None:
    assert commands({**site("settings", folder=folder), **files}, "tests") == [command]


@pytest.mark.parametrize(
    ("folder", "config", "command"),
    [
        ("", "pytest.ini", "pytest"),
        ("app/", "app/pytest.ini", "cd app && pytest"),
        ("app/", "pytest.ini", "pytest"),
        ("app/", "app/conftest.py", "cd app && pytest"),
    ],
)
def test_pytest_django_with_settings_runs_django_tests(
    folder: str, config: str, command: str
) -> None:
    files = {**site("settings", folder=folder), "requirements.txt": "pytest-django\ndjango\n"}
    assert commands(files, "tests")[0].endswith("python manage.py test")
    assert commands({**files, config: ""}, "tests") == [command]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("pytest.ini", "[pytest]\n"),
        ("pyproject.toml", "[tool.pytest.ini_options]\n"),
        ("tox.ini", "[pytest]\n"),
        ("setup.cfg", "[tool:pytest]\n"),
        ("tests/conftest.py", ""),
        ("tests/test_a.py", "import pytest\n"),
        ("tests/test_a.py", "def test_a():\n    assert True\n"),
        ("test_a.py", "async def x(): ...\n\ndef test_a(): ...\n"),
    ],
)
def test_settings_or_tests_for_pytest_make_it_run(path: str, text: str) -> None:
    assert commands({path: text}, "tests") == ["pytest"]
    assert setup({path: text}) == ["pip install pytest"]
    assert setup({path: text, **PYTEST}) == ["pip install -r requirements.txt"]


def test_tests_run_by_pytest_where_it_is_installed() -> None:
    files = {"tests/test_a.py": "from unittest import TestCase\n"}
    assert commands({**files, **PYTEST}, "tests") == ["pytest"]


TOX = "tox --skip-missing-interpreters true"


@pytest.mark.parametrize(
    ("path", "text", "command"),
    [
        ("tox.ini", "[tox]\n", TOX),
        ("tox.ini", "[testenv]\ncommands = pytest\n", TOX),
        ("tox.ini", "[tox]\nenvlist = py312,lint\n[testenv]\ncommands = pytest\n", TOX),
        ("tox.ini", MATRIX, "tox -e py"),
        ("tox.ini", MATRIX.replace("commands", "deps"), TOX),
        ("runtests.py", "import pytest\n", "python runtests.py"),
        ("tox.toml", "", TOX),
        ("setup.cfg", "[tox:tox]\n", TOX),
        ("pyproject.toml", "[tool.tox]\n", TOX),
        ("noxfile.py", "import nox\n", "nox --no-error-on-missing-interpreters"),
    ],
)
def test_who_runs_tests_by_tox_or_nox_has_their_packages_there(
    path: str, text: str, command: str
) -> None:
    files = {path: text, "tests/test_a.py": "import pytest\n", "tests/conftest.py": ""}
    assert commands(files, "tests") == [command]
    assert commands({**files, **PYTEST}, "tests") == ["pytest"]


def test_a_tox_ini_with_settings_of_linters_runs_no_tox() -> None:
    files = {"tox.ini": "[flake8]\nmax-line-length = 99\n"}
    assert [job.name for job in plan(files).jobs] == ["flake8", "spelling"]


@pytest.mark.parametrize(
    ("paths", "command"),
    [
        (("tests/__init__.py", "tests/test_a.py"), "python -m unittest discover"),
        (("tests/test_a.py",), "python -m unittest discover -s tests"),
        (("test_a.py",), "python -m unittest discover"),
        (("tests/__init__.py", "tests/a_test.py"), "python -m unittest discover -p '*test*.py'"),
    ],
)
def test_tests_for_unittest_need_nothing_installed(paths: tuple[str, ...], command: str) -> None:
    files = dict.fromkeys(paths, "import unittest\n")
    assert commands(files, "tests") == [command]
    assert [phase.name for phase in job(files, "tests").phases] == ["build"]


@pytest.mark.parametrize("path", ["tests/test_data.py", "docs/test_a.py"])
def test_a_file_that_only_looks_like_tests_is_none(path: str) -> None:
    assert plan({path: "" if path.startswith("tests") else "import pytest\n"}).jobs == ()
