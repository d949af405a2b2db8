"""Linters and type checkers for Python: only those that a repository's files say its team uses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dishwasher.formats.implied.check import Check
from dishwasher.formats.implied.project import Project


@dataclass(frozen=True, slots=True)
class _Linter:
    name: str
    command: str
    files: tuple[str, ...]
    """Files of its own."""
    sections: tuple[tuple[str, str], ...] = ()
    """(INI file, section) that configure it too."""
    tool: str = ""
    """Its table below `tool` in pyproject.toml; empty where it reads none."""


_SETUP, _TOX = "setup.cfg", "tox.ini"
_LINTERS = (
    _Linter("flake8", "flake8", (".flake8",), ((_SETUP, "flake8"), (_TOX, "flake8"))),
    _Linter("ruff", "ruff check .", ("ruff.toml", ".ruff.toml"), tool="ruff"),
    _Linter("black", "black --check .", (), tool="black"),
    _Linter("isort", "isort --check-only .", (".isort.cfg",), ((_SETUP, "isort"),), tool="isort"),
    _Linter(
        "pylint",
        "pylint --recursive=y .",
        (".pylintrc", "pylintrc", ".pylintrc.toml"),
        ((_SETUP, "pylint"), (_SETUP, "pylint.main"), (_SETUP, "pylint.master")),
        tool="pylint",
    ),
    _Linter("mypy", "mypy .", ("mypy.ini", ".mypy.ini"), ((_SETUP, "mypy"),), tool="mypy"),
)


def linters(project: Project) -> Iterable[Check]:
    """One check for each that is configured, in a fixed order."""
    for linter in _LINTERS:
        why = _why(project, linter)
        if why:
            commands = (_own_words(project, linter), *_formatting(project, linter))
            yield Check(linter.name, commands, why, (linter.name,), is_early=True)


def _why(project: Project, linter: _Linter) -> str:
    file = project.first(*linter.files)
    if file:
        return f"`{file}` configures {linter.name}"
    for file, section in linter.sections:
        if project.ini(file).has_table(section):
            return f"`{file}` has a section `[{section}]`"
    if linter.tool and project.toml("pyproject.toml").has_table("tool", linter.tool):
        return f"`pyproject.toml` has a table `[tool.{linter.tool}]`"
    return ""


def _own_words(project: Project, linter: _Linter) -> str:
    """mypy's own settings can name the files, and a path on its command line replaces them."""
    if linter.name != "mypy":
        return linter.command
    ini = project.first(*linter.files)
    tables = (
        project.ini(ini).table("mypy"),
        project.ini(_SETUP).table("mypy"),
        project.toml("pyproject.toml").table("tool", "mypy"),
    )
    named = any(key in table for table in tables for key in ("files", "packages", "modules"))
    return "mypy" if named else linter.command


def _formatting(project: Project, linter: _Linter) -> tuple[str, ...]:
    """ruff formats too, for those who have set how."""
    if linter.name != "ruff":
        return ()
    file = project.first(*linter.files)
    own = project.toml(file) if file else project.toml("pyproject.toml").table("tool", "ruff")
    return ("ruff format --check .",) if own.has_table("format") else ()
