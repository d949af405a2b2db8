"""Buildspec files for tests, and what comes of them."""

from __future__ import annotations

from textwrap import dedent, indent

from dishwasher.core.config import Config, JobSpec
from dishwasher.errors import ConfigError, Problem
from dishwasher.formats.buildspec import parse
from dishwasher.formats.repository import Repository

PATH = "buildspec.yml"


def config(text: str, **files: str) -> Config:
    """`files` are those of the repository, `__` in their names a slash, `_yml` their end."""
    contents = {
        name.replace("__", "/").replace("_yml", ".yml"): dedent(content)
        for name, content in files.items()
    }
    repository = Repository(frozenset({PATH, *contents}), contents.get)
    return parse(PATH, dedent(text).encode(), repository)


def job(text: str, **files: str) -> JobSpec:
    """Of a file that has one."""
    (only,) = config(text, **files).jobs
    return only


def phases(text: str) -> str:
    """A file of 0.2 with these phases, written from the left margin."""
    return f"version: 0.2\nphases:\n{indent(dedent(text), '  ')}"


def with_build(text: str) -> str:
    """A file of 0.2 that runs `make`, and has these sections besides."""
    return f"version: 0.2\nphases: {{build: {{commands: [make]}}}}\n{dedent(text)}"


def mistakes(text: str, **files: str) -> list[str]:
    """`line code` of each error."""
    try:
        config(text, **files)
    except ConfigError as error:
        return _short(error.problems, "error")
    return []


def warnings(text: str, **files: str) -> list[str]:
    """`line code` of each warning of a valid file."""
    return _short(config(text, **files).warnings, "warning")


def _short(problems: tuple[Problem, ...], severity: str) -> list[str]:
    return [f"{one.line} {one.code}" for one in problems if one.severity == severity]
