"""Which Python, and how its packages are installed: one test for each rule."""

from __future__ import annotations

import pytest

from tests.formats.projects import Files, job, plan, setup

TESTS = {"tests/test_a.py": "import pytest\n", "pytest.ini": "[pytest]\n"}
PACKAGE = """\
[build-system]
requires = ["hatchling"]
[project]
name = "ledger"
dependencies = ["attrs"]
"""


def version(files: Files) -> str:
    return job({**TESTS, **files}, "tests").machine.python


@pytest.mark.parametrize(
    ("path", "text", "wanted"),
    [
        (".python-version", "3.11.4\n", "3.11"),
        (".python-version", "# ours\n\n3.10\n3.9\n", "3.10"),
        (".python-version", "pypy3.10-7.3.12\n", "3.10"),
        (".python-version", "shop-env\n", ""),
        (".python-version", "", ""),
        ("runtime.txt", "python-3.8.19\n", "3.8"),
        ("Pipfile", '[requires]\npython_version = "3.10"\n', "3.10"),
        ("setup.cfg", "[options]\npython_requires = >=3.8, <3.12\n", "3.11"),
        ("setup.py", "setup(name='x', python_requires='==3.9.*')\n", "3.9"),
        ("tox.ini", "[tox]\nenvlist = py{312}-django, py312-flask, lint\n", "3.12"),
        ("tox.ini", "[tox]\nenvlist = py38, py{39,310,311}-django, lint\n", ""),
        ("tox.ini", "[tox]\nenvlist = lint, docs\n", ""),
        ("tox.ini", "[tox]\nenvlist = py27\n", ""),
    ],
)
def test_a_file_of_its_own_says_the_version(path: str, text: str, wanted: str) -> None:
    assert version({path: text}) == wanted


@pytest.mark.parametrize(
    ("specifier", "wanted"),
    [
        (">=3.9", ""),
        (">3.8", ""),
        (">=3.9,<4", ""),
        (">=3.9,<4.0", ""),
        (">=3.9,<3.12", "3.11"),
        (">=3.9, <= 3.11", "3.11"),
        ("<3.12.1", "3.12"),
        ("==3.11.*", "3.11"),
        ("==3.11.4", "3.11"),
        ("~=3.11.2", "3.11"),
        ("~=3.11", ""),
        ("!=3.9.1", ""),
        ("3.11", "3.11"),
        ("===3.10", "3.10"),
        ("nonsense", ""),
        (">=3.9,<3.12,!=3.11.0", "3.11"),
    ],
)
def test_a_specifier_with_an_end_says_the_newest(specifier: str, wanted: str) -> None:
    assert version({"pyproject.toml": f'[project]\nrequires-python = "{specifier}"\n'}) == wanted


@pytest.mark.parametrize(
    ("constraint", "wanted"),
    [("^3.9", ""), ("~3.9", "3.9"), ("3.9.*", "3.9"), (">=3.8,<3.11", "3.10")],
)
def test_poetry_has_its_own_words_for_versions(constraint: str, wanted: str) -> None:
    text = f'[tool.poetry]\nname = "x"\n[tool.poetry.dependencies]\npython = "{constraint}"\n'
    assert version({"pyproject.toml": text}) == wanted


def test_a_file_for_the_version_comes_before_a_range() -> None:
    text = '[project]\nrequires-python = "==3.9.*"\n'
    files = {**TESTS, ".python-version": "3.12\n", "pyproject.toml": text}
    assert version(files) == "3.12"
    assert "`.python-version` asks for Python 3.12." in plan(files).notes


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        (("requirements.txt",), "-r requirements.txt"),
        (
            ("requirements.txt", "requirements-dev.txt"),
            "-r requirements.txt -r requirements-dev.txt",
        ),
        (
            ("requirements.txt", "dev-requirements.txt"),
            "-r requirements.txt -r dev-requirements.txt",
        ),
        (
            ("requirements.txt", "requirements_test.txt"),
            "-r requirements.txt -r requirements_test.txt",
        ),
        (
            ("requirements/base.txt", "requirements/test.txt", "requirements/production.txt"),
            "-r requirements/base.txt -r requirements/test.txt",
        ),
        (("requirements/local.txt", "requirements/production.txt"), "-r requirements/local.txt"),
        (("requirements/production.txt",), "-r requirements/production.txt"),
        (("requirements/local.txt", "requirements/dev.txt"), "-r requirements/dev.txt"),
    ],
)
def test_the_base_list_and_those_for_checks_are_installed(
    files: tuple[str, ...], wanted: str
) -> None:
    listed = dict.fromkeys(files, "pytest\n")
    assert setup({**TESTS, **listed}) == [f"pip install {wanted}"]


@pytest.mark.parametrize(
    "line", ["-r base.txt", "--requirement=base.txt", "-r ../requirements/base.txt"]
)
def test_a_list_that_another_includes_is_not_named(line: str) -> None:
    files = {"requirements/base.txt": "django\n", "requirements/dev.txt": f"{line}\npytest\n"}
    assert setup({**TESTS, **files}) == ["pip install -r requirements/dev.txt"]


def test_what_an_included_list_names_counts_as_installed() -> None:
    files = {"requirements.txt": "-r all.txt\n", "all.txt": "PyTest==8  # runs tests\n"}
    assert setup({**TESTS, **files}) == ["pip install -r requirements.txt"]


def test_lists_beside_a_django_project_below_the_root_are_found() -> None:
    files = {"site/manage.py": "import django\n", "site/requirements.txt": "django\n"}
    assert setup(files) == ["pip install -r site/requirements.txt"]


@pytest.mark.parametrize(
    ("extras", "wanted"),
    [
        ("", "pip install -e ."),
        ('test = ["pytest"]\n', "pip install -e '.[test]'"),
        ('dev = ["pytest"]\ntest = ["x"]\nfancy = ["y"]\n', "pip install -e '.[test,dev]'"),
    ],
)
def test_a_package_is_installed_with_the_extras_for_developers(extras: str, wanted: str) -> None:
    text = PACKAGE + (f"[project.optional-dependencies]\n{extras}" if extras else "")
    assert setup({**TESTS, "pyproject.toml": text})[0] == wanted


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ({"setup.py": "setup(install_requires=['pytest'])\n"}, "pip install -e ."),
        ({"setup.py": "setup(extras_require={'test': ['pytest']})\n"}, "pip install -e '.[test]'"),
        ({"setup.py": "setup(extras_require=dict(dev=['pytest']))\n"}, "pip install -e '.[dev]'"),
        (
            {"setup.cfg": "[metadata]\nname = x\n[options.extras_require]\ntests =\n  pytest\n"},
            "pip install -e '.[tests]'",
        ),
        (
            {"pyproject.toml": '[project]\nname = "x"\ndependencies = ["pytest"]\n'},
            "pip install -e .",
        ),
    ],
)
def test_older_ways_to_describe_a_package_are_installed_too(files: Files, wanted: str) -> None:
    assert setup({**TESTS, **files}) == [wanted]


def test_a_list_of_packages_comes_before_the_package_itself() -> None:
    files = {"requirements.txt": "pytest\n", "setup.py": "setup()\n"}
    assert setup({**TESTS, **files}) == ["pip install -r requirements.txt", "pip install -e ."]


@pytest.mark.parametrize("line", ["-e .", ".", ".[test]", "-e .[dev]", "--editable=."])
def test_a_list_that_holds_the_project_is_enough(line: str) -> None:
    files = {"requirements.txt": f"pytest\n{line}\n", "setup.py": "setup()\n"}
    assert setup({**TESTS, **files}) == ["pip install -r requirements.txt"]


def test_a_project_table_beside_a_list_is_no_package_without_a_build_system() -> None:
    files = {"requirements.txt": "pytest\n", "pyproject.toml": '[project]\nname = "site"\n'}
    assert setup({**TESTS, **files}) == ["pip install -r requirements.txt"]


def test_dependency_groups_need_a_pip_that_knows_them() -> None:
    text = '[dependency-groups]\ntest = ["pytest"]\nlint = ["ruff"]\nprod = ["gunicorn"]\n'
    assert setup({**TESTS, "pyproject.toml": text}) == [
        "pip install --upgrade 'pip>=25.1'",
        "pip install --group test --group lint",
    ]


def test_uv_installs_what_its_lock_file_says_into_the_jobs_environment() -> None:
    text = f'{PACKAGE}[dependency-groups]\ndev = ["pytest"]\nlint = ["ruff"]\n'
    assert setup({**TESTS, "pyproject.toml": text, "uv.lock": "", "requirements.txt": "x\n"}) == [
        "pip install uv",
        "uv sync --active --locked --inexact --group lint",
    ]


@pytest.mark.parametrize(
    ("code", "options"),
    [("ledger/__init__.py", ""), ("src/ledger.py", ""), ("app.py", " --no-root")],
)
def test_poetry_installs_the_project_only_where_it_has_code(code: str, options: str) -> None:
    text = '[tool.poetry]\nname = "Ledger"\n[tool.poetry.group.dev.dependencies]\npytest = "*"\n'
    files = {**TESTS, "pyproject.toml": text, "poetry.lock": "", code: ""}
    assert setup(files) == ["pip install poetry", f"poetry install --no-interaction{options}"]


@pytest.mark.parametrize(
    ("files", "command"),
    [
        (("Pipfile", "Pipfile.lock"), "pipenv sync --dev"),
        (("Pipfile",), "pipenv install --dev"),
    ],
)
def test_pipenv_keeps_to_its_lock_file(files: tuple[str, ...], command: str) -> None:
    listed = dict.fromkeys(files, "[dev-packages]\npytest = '*'\n")
    assert setup({**TESTS, **listed}) == ["pip install pipenv", command]
