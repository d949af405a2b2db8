"""Documentation is built into the artifacts."""

from __future__ import annotations

import pytest

from tests.formats.projects import Files, commands, job, plan, setup


@pytest.mark.parametrize("folder", ["docs", "doc", "docs/source"])
def test_sphinx_builds_the_folder_of_its_settings(folder: str) -> None:
    files = {f"{folder}/conf.py": "project = 'Shop'\n"}
    assert commands(files, "docs") == [f"sphinx-build -b html {folder} $DISHWASHER_ARTIFACTS/docs"]
    assert setup(files) == ["pip install sphinx"]
    assert job(files, "docs").needs == ()


def test_a_theme_that_no_list_names_is_installed() -> None:
    conf = "extensions = ['myst_parser']\nhtml_theme = 'furo'\n"
    assert setup({"docs/conf.py": conf}) == ["pip install sphinx myst-parser furo"]


@pytest.mark.parametrize("listed", ["docs/requirements.txt", "requirements/docs.txt"])
def test_a_list_for_documentation_is_installed_for_it_alone(listed: str) -> None:
    files = {"docs/conf.py": "html_theme = 'furo'\n", listed: "sphinx\nfuro\n"}
    assert commands(files, "docs")[0] == f"pip install -r {listed}"
    assert "furo" not in " ".join(setup(files))


EXTRA = "[project]\n[project.optional-dependencies]\ndocs = ['furo']\n[build-system]\n"


@pytest.mark.parametrize("path", ["docs/conf.py", "mkdocs.yml"])
def test_an_extra_for_documentation_is_installed_for_it_alone(path: str) -> None:
    assert commands({path: "", "pyproject.toml": EXTRA}, "docs")[0] == "pip install -e '.[docs]'"


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ({"mkdocs.yml": "site_name: x\n"}, "pip install mkdocs"),
        ({"mkdocs.yaml": "theme:\n  name: material\n"}, "pip install mkdocs mkdocs-material"),
    ],
)
def test_mkdocs_builds_into_the_artifacts(files: Files, wanted: str) -> None:
    assert commands(files, "docs") == ["mkdocs build --site-dir $DISHWASHER_ARTIFACTS/docs"]
    assert setup(files) == [wanted]


def test_a_folder_of_texts_is_no_documentation_to_build() -> None:
    assert plan({"docs/index.md": "# Hi\n"}).jobs == ()
