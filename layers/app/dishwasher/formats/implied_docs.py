"""Documentation that a repository's files can be built into."""

from __future__ import annotations

from dishwasher.formats.implied_check import Check
from dishwasher.formats.project import Project

_FOLDERS = ("docs", "doc", "docs/source", "doc/source")
_EXTENSIONS = (
    ("myst_parser", "myst-parser"),
    ("furo", "furo"),
    ("sphinx_rtd_theme", "sphinx-rtd-theme"),
    ("sphinx_copybutton", "sphinx-copybutton"),
    ("sphinx_design", "sphinx-design"),
    ("pydata_sphinx_theme", "pydata-sphinx-theme"),
)
"""(what conf.py calls a theme or an extension, its package)"""


def documentation(project: Project) -> Check | None:
    """Sphinx or MkDocs into the artifacts; None where there is neither."""
    return _sphinx(project) or _mkdocs(project)


def _sphinx(project: Project) -> Check | None:
    folder = next((one for one in _FOLDERS if project.has(f"{one}/conf.py")), "")
    if not folder:
        return None
    build = f"sphinx-build -b html {folder} $DISHWASHER_ARTIFACTS/docs"
    listed = project.first(
        f"{folder}/requirements.txt", "docs/requirements.txt", "requirements/docs.txt"
    )
    why = f"`{folder}/conf.py` is Sphinx's"
    if listed:
        return Check("docs", (f"pip install -r {listed}", build), why, ("sphinx",), ("sphinx",))
    conf = project.text(f"{folder}/conf.py")
    wants = [package for name, package in _EXTENSIONS if name in conf]
    return Check("docs", (build,), why, ("sphinx", *wants), ("sphinx",))


def _mkdocs(project: Project) -> Check | None:
    file = project.first("mkdocs.yml", "mkdocs.yaml")
    if not file:
        return None
    build = "mkdocs build --site-dir $DISHWASHER_ARTIFACTS/docs"
    listed = project.first("docs/requirements.txt", "requirements/docs.txt")
    commands = (f"pip install -r {listed}", build) if listed else (build,)
    is_material = "name: material" in project.text(file)
    wants = ("mkdocs", "mkdocs-material") if is_material else ("mkdocs",)
    return Check("docs", commands, f"`{file}` is MkDocs'", wants)
