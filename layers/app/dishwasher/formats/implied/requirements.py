"""Lists of packages for pip: which of a repository's requirements files its checks need."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dishwasher.core.step import Step
from dishwasher.formats.implied.project import Project

EXTRAS = ("test", "tests", "testing", "dev", "develop", "development", "lint", "ci")
"""What people call the packages that checks need and production does not."""
FOLLOWED = 20
"""Files that are followed through `-r`."""

_BASE = (
    "requirements.txt",
    "requirements/base.txt",
    "requirements/common.txt",
    "requirements/main.txt",
    "requirements/requirements.txt",
)
_SPELLINGS = (
    "requirements/{}.txt",
    "requirements-{}.txt",
    "requirements_{}.txt",
    "requirements.{}.txt",
    "{}-requirements.txt",
    "{}_requirements.txt",
    "requirements/requirements-{}.txt",
)
_INCLUDE = re.compile(r"(?:-r|--requirement)[\s=]*([^\s#]+)")
_NAME = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?=$|[\[=<>!~;@# (,])")
_PROJECT = re.compile(r"(?:-e\s+|--editable[\s=]+)?\.(?:\[[^\]]*\])?(?:\s|$)")


def steps(project: Project, folder: str) -> tuple[tuple[Step, ...], set[str]]:
    """How pip installs what the files list, and the normalised names of it."""
    chosen = files(project, folder)
    if not chosen:
        return (), set()
    lines = [line for file in _closure(project, chosen) for line in _lines(project, file)]
    command = "pip install " + " ".join(f"-r {file}" for file in chosen)
    listed = " and ".join(f"`{file}`" for file in chosen)
    why = f"{listed} {'list' if len(chosen) > 1 else 'lists'} packages"
    return (Step(command, why=why),), names_of(lines)


def files(project: Project, folder: str) -> tuple[str, ...]:
    """The base file and those for checks, in the root or else in the folder; none twice."""
    for prefix in dict.fromkeys(("", f"{folder}/" if folder else "")):
        found = _files(project, prefix)
        if found:
            return found
    return ()


def _files(project: Project, prefix: str) -> tuple[str, ...]:
    def first(names: Iterable[str]) -> str:
        return project.first(*(f"{prefix}{name}" for name in names))

    extras = [first(spelling.format(name) for spelling in _SPELLINGS) for name in EXTRAS]
    if not any(extras):
        extras = [first(spelling.format("local") for spelling in _SPELLINGS)]
    found = [file for file in (first(_BASE), *extras) if file]
    if not found:
        found = [first(spelling.format("production") for spelling in _SPELLINGS)]
    included = {
        other
        for file in found
        for other in _closure(project, (file,))
        # Two files that include each other would both be left out.
        if other != file and file not in _closure(project, (other,))
    }
    return tuple(file for file in dict.fromkeys(found) if file and file not in included)


def holds_project(project: Project, command: str) -> bool:
    """Whether the files of this `pip install` have the project itself among them."""
    named = tuple(_INCLUDE.findall(command))
    lines = (line for file in _closure(project, named) for line in _lines(project, file))
    return any(_PROJECT.match(line) for line in lines)


def names_of(lines: Iterable[str]) -> set[str]:
    """The normalised names that requirement lines begin with."""
    found = (_NAME.match(line.strip()[:200]) for line in lines)
    return {normalised(match[1]) for match in found if match}


def normalised(name: str) -> str:
    """https://packaging.python.org/en/latest/specifications/name-normalization/"""
    return re.sub(r"[-_.]+", "-", name).lower()


def _closure(project: Project, files: tuple[str, ...]) -> tuple[str, ...]:
    """The files and what they include, each once."""
    found = list(files)
    for file in found:
        folder = file.rpartition("/")[0]
        for line in _lines(project, file):
            included = _INCLUDE.match(line)
            path = _joined(folder, included[1]) if included else ""
            if path and project.has(path) and path not in found and len(found) < FOLLOWED:
                found.append(path)
    return tuple(found)


def _lines(project: Project, file: str) -> tuple[str, ...]:
    stripped = (line.strip() for line in project.text(file).splitlines())
    return tuple(line for line in stripped if line and line[0] != "#")


def _joined(folder: str, path: str) -> str:
    parts = folder.split("/") if folder else []
    for part in path.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)
