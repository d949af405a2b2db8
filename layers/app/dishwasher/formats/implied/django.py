"""A Django project in a repository: where it lies, and with which settings its tests run."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dishwasher.formats.implied.project import Project

_FOR_TESTS = ("testing", "tests", "test", "ci")
_OTHERS = ("development", "dev", "local", "base", "common")
"""Settings that will do where those that manage.py names are not in the repository."""
_DEFAULT = re.compile(r"""DJANGO_SETTINGS_MODULE["']\s*,\s*["'](\w+(?:\.\w+)*)["']""")


@dataclass(frozen=True, slots=True)
class Django:
    folder: str
    """Of its manage.py; empty for the root."""
    settings: str = ""
    """The module that tests are to use; empty for the one that manage.py names."""
    files: tuple[str, ...] = ()
    """Its settings files, as far as they matter for tests."""

    @property
    def manage(self) -> str:
        return f"{self.folder}/manage.py" if self.folder else "manage.py"


def django(project: Project) -> Django | None:
    """The project nearest to the root."""
    for path in project.matching(r"(?:[^/]+/){0,2}manage\.py"):
        text = project.text(path)
        if "django" in text:
            folder = path.rpartition("/")[0]
            found = _DEFAULT.search(text)
            return _with_settings(project, folder, found[1] if found else "")
    return None


def _with_settings(project: Project, folder: str, module: str) -> Django:
    prefix = f"{folder}/" if folder else ""
    place = module.replace(".", "/")
    parent = place.rpartition("/")[0]
    package = place if project.has(f"{prefix}{place}/__init__.py") else ""
    if not package and parent.rpartition("/")[2] == "settings":
        package = parent
    own = (f"{place}.py", f"{place}/__init__.py") if place else ()
    default = project.first(*(f"{prefix}{file}" for file in own))
    chosen = _named(project, prefix, package, parent, _FOR_TESTS)
    if not chosen and not default:
        chosen = _named(project, prefix, package, parent, _OTHERS)
    shared = [f"{prefix}{package}/{name}.py" for name in ("base", "common")] if package else []
    files = dict.fromkeys(file for file in (chosen, default, *shared) if project.has(file))
    settings = chosen.removeprefix(prefix).removesuffix(".py").replace("/", ".")
    return Django(folder, "" if settings == module else settings, tuple(files))


def _named(project: Project, prefix: str, package: str, parent: str, words: tuple[str, ...]) -> str:
    """The settings file that one of the words names, in the package or beside it."""
    beside = f"{parent}/" if parent else ""
    names = [f"{package}/{word}.py" for word in words] if package else []
    names += [f"{beside}{name}.py" for word in words for name in _spelled(word)]
    return project.first(*(f"{prefix}{name}" for name in names))


def _spelled(word: str) -> tuple[str, str]:
    return f"settings_{word}", f"{word}_settings"
