"""What files imply as a whole: order, reasons, the limits of hostile repositories."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from dishwasher.core.config import Kind, Uses
from dishwasher.formats.implied import implied
from dishwasher.formats.implied.project import CHARACTERS, READS
from dishwasher.formats.repository import Repository

from tests.formats.projects import MANAGE, Files, job, plan, setup

DJANGO = {
    ".flake8": "[flake8]\nmax-line-length = 99\n",
    "manage.py": MANAGE.format("site.settings"),
    "site/settings.py": "DATABASES = {}\n",
    "shop/tests.py": "from django.test import TestCase\n",
    "requirements.txt": "Django==5.2\nflake8\nsphinx\n",
    "docs/conf.py": "project = 'Shop'\n",
}


def test_linters_and_spelling_come_before_tests_and_documentation_waits_for_nobody() -> None:
    config = plan(DJANGO)
    assert [job.name for job in config.jobs] == ["flake8", "spelling", "tests", "docs"]
    needs = {job.name: job.needs for job in config.jobs}
    assert needs == {"flake8": (), "spelling": (), "tests": ("flake8", "spelling"), "docs": ()}


def test_every_check_with_commands_has_the_same_surroundings() -> None:
    jobs = [job for job in plan(DJANGO).jobs if job.uses is Uses.RUN]
    assert {job.machine for job in jobs} == {jobs[0].machine}
    assert setup(DJANGO) == ["pip install -r requirements.txt"]


def test_spelling_is_advisory() -> None:
    spelling = job(DJANGO, "spelling")
    assert spelling.uses is Uses.SPELLING
    assert not spelling.spelling.fail
    assert spelling.phases == ()


def test_every_reason_names_the_file_that_is_the_reason() -> None:
    config = plan(DJANGO)
    assert config.notes == (
        "`requirements.txt` lists packages, so `pip install -r requirements.txt` runs first.",
        "`.flake8` configures flake8, so the check `flake8` runs `flake8`.",
        "`manage.py` is a Django project's, so the check `tests` runs `python manage.py test`.",
        "`docs/conf.py` is Sphinx's, so the check `docs` runs "
        "`sphinx-build -b html docs $DISHWASHER_ARTIFACTS/docs`.",
        "Misspelt words are looked for in every project; they fail nothing.",
    )
    assert all(step.why for job in config.jobs for step in job.steps)


def test_tools_that_no_list_names_are_installed_after_those_that_one_does() -> None:
    files = {**DJANGO, "requirements.txt": "Django==5.2\n"}
    assert setup(files) == ["pip install -r requirements.txt", "pip install flake8 sphinx"]
    note = "`flake8` and `sphinx` are in no list of packages that was found"
    assert any(text.startswith(note) for text in plan(files).notes)


def test_nothing_is_ever_deployed() -> None:
    files = {**DJANGO, "Procfile": "release: ./deploy\n", "deploy.sh": "rsync\n", "fabfile.py": ""}
    assert {job.kind for job in plan(files).jobs} == {Kind.CHECK}


@pytest.mark.parametrize("files", [{}, {"README.md": "# Hi\n"}, {"Makefile": "test:\n\tgo test\n"}])
def test_without_anything_known_there_is_no_job_and_it_is_said(files: Files) -> None:
    config = plan(files)
    assert config.jobs == ()
    (note,) = config.notes
    assert note.startswith("No tests, linter's settings or documentation were found")


def test_files_of_other_languages_are_said_not_to_be_looked_into() -> None:
    (note,) = plan({"go.mod": "module x\n", "Gemfile": ""}).notes
    assert note.endswith("`Gemfile` (Ruby) and `go.mod` (Go) are there, and not looked into.")


def test_checks_of_python_and_node_with_the_same_name_are_kept_apart() -> None:
    package = {"scripts": {"test": "jest", "lint": "eslint ."}, "devDependencies": {"jest": "1"}}
    config = plan({**DJANGO, "package.json": json.dumps(package)})
    names = [job.name for job in config.jobs]
    assert names == ["flake8", "lint", "spelling", "tests", "node-tests", "docs"]
    by_name = {job.name: job for job in config.jobs}
    assert by_name["node-tests"].needs == ("flake8", "lint", "spelling")


def test_output_of_tools_that_are_understood_becomes_annotations() -> None:
    assert {job.name: job.annotate for job in plan(DJANGO).jobs} == {
        "flake8": ("flake8",),
        "spelling": (),
        "tests": (),
        "docs": ("sphinx",),
    }
    assert job({"pytest.ini": "[pytest]\n"}, "tests").annotate == ("pytest",)
    package = {"scripts": {"lint": "eslint src && tsc", "test": "jest"}}
    assert job({"package.json": json.dumps(package)}, "lint").annotate == ("eslint", "tsc")


def test_only_python_with_packages_has_a_virtual_environment() -> None:
    plain = {"tests/__init__.py": "", "tests/test_a.py": "import unittest\n"}
    assert not job(plain, "tests").machine.virtualenv
    assert job(DJANGO, "tests").machine.virtualenv
    assert job({**plain, ".python-version": "3.12\n"}, "tests").machine.virtualenv


def test_a_file_that_can_not_be_read_is_noted_and_says_nothing() -> None:
    files = {**DJANGO, "pyproject.toml": "[tool.ruff\n"}
    config = plan(files)
    assert [job.name for job in config.jobs] == ["flake8", "spelling", "tests", "docs"]
    assert "`pyproject.toml` says nothing here: it is no valid TOML." in config.notes


def _nested(opening: str, closing: str) -> str:
    return opening * 20_000 + closing * 20_000


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("pyproject.toml", f"a = {_nested('[', ']')}\n"),
        ("pyproject.toml", f"a = {_nested('{a = ', '}')}\n"),
        ("pyproject.toml", "a = " + "9" * 10_000),
        ("pyproject.toml", "x" * (CHARACTERS + 1)),
        ("pyproject.toml", "[project]\n[project]\n"),
        # tomllib takes memory with the square of a key's parts, and this one all there is.
        ("pyproject.toml", "a." * 50_000 + "a = 1\n"),
        ("package.json", _nested("[", "]")),
        ("package.json", _nested('{"a":', "}")),
        ("package.json", '{"scripts": ' + "9" * 10_000 + "}"),
        ("package.json", "{"),
        ("setup.cfg", "flake8 = 1\n"),
        ("setup.cfg", "[flake8\n"),
        ("tox.ini", "\0"),
        ("Pipfile", "\0"),
    ],
)
def test_a_hostile_file_is_noted(path: str, text: str) -> None:
    notes = plan({**DJANGO, path: text}).notes
    said = [note for note in notes if note.startswith((f"`{path}` says", f"`{path}` was not"))]
    assert len(said) == 1


@pytest.mark.parametrize(
    "text",
    [
        "[project]\nname = 3\nrequires-python = []\ndependencies = {a = 1}\n",
        "project = 3\ntool = 'x'\ndependency-groups = 4\n",
        "[tool]\nruff = 1\npoetry = []\npytest = ''\nmypy = 2\n",
        "[project]\noptional-dependencies = [1]\n[tool.poetry]\ngroup = {a = 1}\n",
        "[dependency-groups]\ntest = [{include-group = 'x'}, 1]\n",
    ],
)
def test_values_of_an_unexpected_kind_say_nothing(text: str) -> None:
    files = {**DJANGO, "pyproject.toml": text}
    assert [job.name for job in plan(files).jobs][-3:] == ["spelling", "tests", "docs"]


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "3",
        '{"scripts": [], "dependencies": 4}',
        '{"scripts": {"test": 3, "lint": {}}, "engines": "x", "volta": []}',
        '{"scripts": {"test": "jest"}, "engines": {"node": []}, "packageManager": 3}',
    ],
)
def test_a_package_of_an_unexpected_kind_raises_nothing(text: str) -> None:
    assert plan({**DJANGO, "package.json": text}).jobs


def test_names_that_a_shell_would_take_apart_are_not_looked_at() -> None:
    files = {
        "a b/manage.py": MANAGE.format("x"),
        "$(id)/manage.py": MANAGE.format("x"),
        "-x/manage.py": MANAGE.format("x"),
        "tests/test_;id.py": "import pytest\n",
    }
    assert plan(files).jobs == ()


def test_only_so_many_files_are_read() -> None:
    asked: list[str] = []

    def read(path: str) -> str:
        asked.append(path)
        return f"-r r{len(asked)}.txt\n-r s{len(asked)}.txt\n"

    names = {"requirements.txt", "manage.py", "package.json", "pyproject.toml", "tox.ini"}
    many = {f"{letter}{number}.txt" for number in range(500) for letter in "rs"}
    tests = {f"tests/test_{number}.py" for number in range(500)}
    notes = implied(Repository(frozenset(names | many | tests), read)).notes
    assert len(asked) == len(set(asked)) == READS
    assert f"{READS} files were looked into, and no more." in notes


def _endless(path: str) -> str:
    return {
        "requirements.txt": "-r requirements.txt\n-r requirements/test.txt\n",
        "requirements/test.txt": "-r ../requirements.txt\n",
    }.get(path, "")


def test_requirements_that_include_each_other_end() -> None:
    paths = frozenset({"requirements.txt", "requirements/test.txt", ".flake8"})
    config = implied(Repository(paths, _endless))
    first = config.jobs[0].phases[0].steps[0].command
    assert first == "pip install -r requirements.txt -r requirements/test.txt"


@pytest.mark.parametrize(
    "make",
    [
        lambda number: {"setup.py": "'" * number},
        lambda number: {"setup.py": "python_requires=" * number},
        lambda number: {"requirements.txt": "a" * number},
        lambda number: {"manage.py": "django" + "DJANGO_SETTINGS_MODULE'," * number},
        lambda number: {"tox.ini": "[tox]\nenvlist = " + "py{" * number},
        lambda number: {"a" * (number // 2) + "/" + "b" * (number // 2) + ".py": "x"},
        lambda number: {"manage.py": MANAGE.format("s"), "s.py": "env('A')\n" * (number // 2)},
        lambda number: {
            "setup.cfg": "[DEFAULT]\n"
            + "".join(f"x{n} = 1\n" for n in range(number // 20))
            + "".join(f"[x{n}]\n" for n in range(number // 20))
        },
        lambda number: {".env.example": "A" * number, "manage.py": MANAGE.format("s")},
        lambda number: {
            "manage.py": MANAGE.format("s"),
            "s.py": "env.aaaaaaaaaaaa" * number + " environ[" * number,
        },
    ],
)
def test_no_text_takes_long(make: Callable[[int], Files]) -> None:
    # A regex that goes back over the text for each character would take minutes.
    plan(make(20_000))
