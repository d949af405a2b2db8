"""A linter runs only where a file says that the team uses it."""

from __future__ import annotations

import pytest

from tests.formats.projects import Files, commands, plan, setup


@pytest.mark.parametrize(
    ("path", "text", "name", "command"),
    [
        (".flake8", "[flake8]\n", "flake8", "flake8"),
        ("setup.cfg", "[flake8]\nmax-line-length = 99\n", "flake8", "flake8"),
        ("tox.ini", "[flake8]\n", "flake8", "flake8"),
        ("ruff.toml", "line-length = 99\n", "ruff", "ruff check ."),
        (".ruff.toml", "", "ruff", "ruff check ."),
        ("pyproject.toml", "[tool.ruff]\n", "ruff", "ruff check ."),
        ("pyproject.toml", "[tool.ruff.lint]\n", "ruff", "ruff check ."),
        ("pyproject.toml", "[tool.black]\n", "black", "black --check ."),
        ("pyproject.toml", "[tool.isort]\n", "isort", "isort --check-only ."),
        (".isort.cfg", "[settings]\n", "isort", "isort --check-only ."),
        (".pylintrc", "[MAIN]\n", "pylint", "pylint --recursive=y ."),
        ("pyproject.toml", "[tool.pylint.main]\n", "pylint", "pylint --recursive=y ."),
        ("mypy.ini", "[mypy]\n", "mypy", "mypy ."),
        ("setup.cfg", "[mypy]\nstrict = True\n", "mypy", "mypy ."),
        ("pyproject.toml", "[tool.mypy]\n", "mypy", "mypy ."),
        ("pyproject.toml", "[tool.mypy]\nfiles = ['src']\n", "mypy", "mypy"),
        ("mypy.ini", "[mypy]\npackages = shop\n", "mypy", "mypy"),
    ],
)
def test_settings_of_a_linter_make_it_a_check(
    path: str, text: str, name: str, command: str
) -> None:
    files = {path: text}
    assert [job.name for job in plan(files).jobs] == [name, "spelling"]
    assert commands(files, name) == [command]
    assert setup(files) == [f"pip install {name}"]


@pytest.mark.parametrize("text", ["[tool.ruff.format]\nquote-style = 'single'\n"])
def test_ruff_checks_the_format_where_one_is_set(text: str) -> None:
    assert commands({"pyproject.toml": text}, "ruff") == ["ruff check .", "ruff format --check ."]
    assert commands({"ruff.toml": "[format]\n"}, "ruff")[1:] == ["ruff format --check ."]


@pytest.mark.parametrize(
    "files",
    [
        {"a.py": "import os\n"},
        {"setup.cfg": "[bdist_wheel]\nuniversal = 1\n"},
        {"pyproject.toml": "[tool.coverage.run]\nbranch = true\n"},
        {"requirements.txt": "flake8\nmypy\n"},
    ],
)
def test_without_settings_no_linter_runs(files: Files) -> None:
    assert plan(files).jobs == ()


def test_linters_stand_in_a_fixed_order() -> None:
    files = {"mypy.ini": "[mypy]\n", "pyproject.toml": "[tool.black]\n[tool.ruff]\n", ".flake8": ""}
    names = [job.name for job in plan(files).jobs]
    assert names == ["flake8", "ruff", "black", "mypy", "spelling"]
