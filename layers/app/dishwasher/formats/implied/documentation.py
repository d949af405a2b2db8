"""Documentation that a repository's files can be built into."""

from __future__ import annotations

from dishwasher.formats.implied.check import Check
from dishwasher.formats.implied.project import Project

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
    own = _own(project, f"{folder}/requirements.txt")
    conf = "" if own else project.text(f"{folder}/conf.py")
    wants = ("sphinx", *(package for name, package in _EXTENSIONS if name in conf))
    why = f"`{folder}/conf.py` is Sphinx's"
    return Check("docs", (*own, build), why, wants)


def _mkdocs(project: Project) -> Check | None:
    file = project.first("mkdocs.yml", "mkdocs.yaml")
    if not file:
        return None
    build = "mkdocs build --site-dir $DISHWASHER_ARTIFACTS/docs"
    own = _own(project)
    is_material = not own and "name: material" in project.text(file)
    wants = ("mkdocs", "mkdocs-material") if is_material else ("mkdocs",)
    return Check("docs", (*own, build), f"`{file}` is MkDocs'", wants)


def _own(project: Project, *lists: str) -> tuple[str, ...]:
    """What installs the packages that the project lists for its documentation, if it does."""
    listed = project.first(*lists, "docs/requirements.txt", "requirements/docs.txt")
    if listed:
        return (f"pip install -r {listed}",)
    extras = project.toml("pyproject.toml").table("project", "optional-dependencies")
    name = next((name for name in ("docs", "doc") if name in extras), "")
    return (f"pip install -e '.[{name}]'",) if name else ()
