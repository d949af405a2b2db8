"""Servers and variables that a project's checks need, as its packages and settings tell."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from dishwasher.core.machine import Service, Variable
from dishwasher.core.service import NAMES, STARTABLE
from dishwasher.formats.implied.project import Project

SECRET = "only-for-checks"
"""What a site signs its cookies with while its tests run."""
DATABASE = "app_test"
"""Name of the database that is created."""
VARIABLES = 50
"""Of an example of the environment, the first; more than a site has servers."""
NAMED = 10
"""Variables that a note repeats."""

_DRIVERS = {
    **dict.fromkeys(("psycopg", "psycopg2", "psycopg2-binary", "asyncpg", "pg"), "postgresql"),
    **dict.fromkeys(("psycopg-binary", "pg-promise", "postgres"), "postgresql"),
    **dict.fromkeys(("mysqlclient", "pymysql", "mysql-connector-python", "mysql2"), "mysql"),
    **dict.fromkeys(("redis", "django-redis", "ioredis"), "redis"),
    **dict.fromkeys(("pylibmc", "pymemcache", "python-memcached", "memcached"), "memcached"),
}
_URLS = {
    "postgresql": f"postgres://localhost/{DATABASE}",
    "mysql": f"mysql://localhost/{DATABASE}",
    "redis": "redis://localhost:6379/0",
    "memcached": "memcached://localhost:11211",
}
_EXAMPLES = (".env.example", ".env.sample", ".env.dist", "env.example", ".env.template")
_EXAMPLE = re.compile(r"(?:export\s+)?([A-Z][A-Z0-9_]{0,60})\s*=\s*[\"']?(\w+)://")
_ASKED = re.compile(
    r"(?:\benviron\[\s*|\benv(?:\.\w{1,20})?\(\s*|\bconfig\(\s*)"
    r"[\"']([A-Z][A-Z0-9_]{0,60})[\"']\s*([\])]?)"
)
_DEFAULTED = re.compile(r"\b([A-Z][A-Z0-9_]{0,60})=\(")
_READS_URL = re.compile(r"\bdj_database_url\.config\(|\benv\.db(?:_url)?\(\s*\)")


@dataclass(frozen=True, slots=True)
class Surroundings:
    services: tuple[Service, ...] = ()
    environment: tuple[Variable, ...] = ()
    notes: tuple[str, ...] = ()


def surroundings(
    project: Project, folder: str, files: Iterable[str], installed: frozenset[str]
) -> Surroundings:
    """`files` are the settings that tests use, `installed` what is known to be installed."""
    reading = _Reading(project, folder, tuple(files), installed)
    return Surroundings(reading.services(), reading.environment(), reading.notes())


class _Reading:
    def __init__(
        self, project: Project, folder: str, files: tuple[str, ...], installed: frozenset[str]
    ) -> None:
        self._texts = {file: project.text(file) for file in files}
        self._asked = self._variables()
        self._examples = self._of_examples(project, folder)
        self._services = self._found(installed)

    def services(self) -> tuple[Service, ...]:
        return tuple(Service(name, why=why) for name, why in sorted(self._services.items()))

    def _found(self, installed: frozenset[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for variable, (scheme, file) in self._examples.items():
            service = NAMES.get(scheme, "")
            if service in STARTABLE:
                found.setdefault(service, f"`{file}` gives `{variable}` a {scheme} address")
        for package in sorted(installed & _DRIVERS.keys()):
            found.setdefault(_DRIVERS[package], f"the project uses the package `{package}`")
        is_sqlite = self._uses_sqlite() or self._examples.get("DATABASE_URL", ("",))[0] == "sqlite"
        for service in ("postgresql", "mysql") if is_sqlite else ():
            found.pop(service, None)
        for file, text in self._texts.items():
            if "celery" in installed and "redis://" in text:
                found.setdefault("redis", f"`{file}` has Celery use it")
        return found

    def _uses_sqlite(self) -> bool:
        """Whether the settings that tests use name SQLite and no server besides."""
        first = next(iter(self._texts.values()), "")
        if "DATABASES" not in first:
            first = "\n".join(self._texts.values())
        names_server = any(word in first for word in ("postgresql", "postgis", "mysql", "_URL"))
        return "sqlite3" in first and not names_server

    def _variables(self) -> dict[str, tuple[str, bool]]:
        """Variables that the settings read: the file, and whether there is no default."""
        found: dict[str, tuple[str, bool]] = {}
        for file, text in self._texts.items():
            # environ.Env(DEBUG=(bool, False)) gives defaults in one place.
            defaults = frozenset(_DEFAULTED.findall(text))
            for name, closing in _ASKED.findall(text):
                found.setdefault(name, (file, bool(closing) and name not in defaults))
            if _READS_URL.search(text):
                found.setdefault("DATABASE_URL", (file, True))
        return found

    @staticmethod
    def _of_examples(project: Project, folder: str) -> dict[str, tuple[str, str]]:
        """Variable → (scheme of the address that an example gives it, the file)."""
        names = [*_EXAMPLES, *(f"{folder}/{name}" for name in _EXAMPLES)]
        file = project.first(*names)
        lines = project.text(file).splitlines() if file else ()
        matches = (_EXAMPLE.match(line.strip()[:300]) for line in lines)
        found = {match[1]: (match[2], file) for match in matches if match}
        return dict(islice(found.items(), VARIABLES))

    def environment(self) -> tuple[Variable, ...]:
        values = {name: value for name in self._names() if (value := self._value(name))}
        return tuple(Variable(name, value) for name, value in sorted(values.items()))

    def _names(self) -> set[str]:
        return {*self._asked, *self._examples}

    def _value(self, name: str) -> str:
        """Of a variable that names a server which is started, or a key that has to be there."""
        service = NAMES.get(self._examples.get(name, ("", ""))[0], "")
        if name == "DATABASE_URL" and not service:
            databases = (one for one in ("postgresql", "mysql") if one in self._services)
            service = next(databases, "")
        elif name in ("REDIS_URL", "CELERY_BROKER_URL", "BROKER_URL") and not service:
            service = "redis"
        if service in self._services:
            return _URLS[service]
        is_needed = self._asked.get(name, ("", False))[1]
        return SECRET if is_needed and name.endswith("SECRET_KEY") else ""

    def notes(self) -> tuple[str, ...]:
        """What the settings can not do without and nothing here gives."""
        lacking: dict[str, list[str]] = {}
        for name, (file, is_needed) in sorted(self._asked.items()):
            if is_needed and not self._value(name):
                lacking.setdefault(file, []).append(f"`{name}`")
        return tuple(
            f"`{file}` reads {_listed(names)} from the environment, and nothing here gives "
            f"{'them values' if len(names) > 1 else 'it a value'}."
            for file, names in lacking.items()
        )


def _listed(names: list[str]) -> str:
    beyond = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {beyond} more" if beyond > 0 else "")
