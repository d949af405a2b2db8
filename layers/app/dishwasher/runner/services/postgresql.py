"""PostgreSQL, without the safety of a disk that nobody will read again."""

from __future__ import annotations

import re
import signal
from pathlib import Path

from dishwasher.runner.services.recipe import Place, Recipe

_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
"""https://www.postgresql.org/docs/current/non-durability.html"""
_DEBIAN = "/usr/lib/postgresql"
"""Debian keeps the servers of several versions apart, none of them on PATH."""


_NO_EXTENSION = re.compile(
    r'extension "([\w-]{1,63})" is not available'
    r'|extension control file "[^"]*/([\w-]{1,63})\.control"'
)
"""src/backend/commands/extension.c, since PostgreSQL 16 and before."""
_PACKAGES = {"postgis": "postgresql-{version}-postgis-3", "vector": "postgresql-{version}-pgvector"}
_CONTRIB = frozenset(
    """
    adminpack amcheck bloom btree_gin btree_gist citext cube dblink dict_int dict_xsyn earthdistance
    file_fdw fuzzystrmatch hstore intarray isn lo ltree pageinspect pg_buffercache pgcrypto
    pg_freespacemap pgrowlocks pg_stat_statements pgstattuple pg_trgm pg_visibility pg_walinspect
    postgres_fdw seg sslinfo tablefunc tcn tsm_system_rows tsm_system_time unaccent uuid-ossp xml2
    """.split()  # noqa: SIM905
)
"""https://www.postgresql.org/docs/current/contrib.html"""


class PostgreSQL(Recipe):
    name = "postgresql"
    port = 5432
    package = "postgresql"
    accounts = ("postgres",)
    # Its children have sessions of their own and outlive a parent that is killed for a while.
    leave = signal.SIGQUIT
    movable = True

    def path(self) -> str:
        versions = sorted(Path(_DEBIAN).glob("*/bin"), key=_version, reverse=True)
        return ":".join([*map(str, versions), super().path()])

    def programs(self) -> tuple[tuple[str, ...], ...]:
        return (("initdb",), ("postgres",))

    def prepare(self, place: Place) -> tuple[tuple[str, ...], bytes]:
        # trust: whoever reaches the port on this machine may come in, as on CircleCI 1.0.
        argv = (self.find(("initdb",)), "-D", str(_data(place)), "-U", "dishwasher", "-A", "trust")
        return (*argv, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"), b""

    def seed(self, place: Place) -> tuple[tuple[str, ...], bytes]:
        # In single-user mode, before it serves: no client is needed, and nobody comes too early.
        argv = (self.find(("postgres",)), "--single", "-j", "-D", str(_data(place)))
        roles = [f'CREATE ROLE "{user}" SUPERUSER LOGIN' for user, _ in place.users]
        databases = [f'CREATE DATABASE "{name}"' for name in place.databases]
        statements = ";\n\n".join([*roles, *databases])
        return (*argv, *_settings(), "postgres"), f"{statements};\n\n".encode()

    def start(self, place: Place) -> tuple[str, ...]:
        argv = (self.find(("postgres",)), "-D", str(_data(place)), "-p", str(place.port))
        sockets = ("-k", str(place.folder), "-c", "listen_addresses=localhost")
        return (*argv, *sockets, *_settings())

    def is_ready(self, place: Place) -> bool:
        # The eighth line is its state, padded: src/include/utils/pidfile.h
        try:
            lines = (_data(place) / "postmaster.pid").read_text().split("\n")
        except OSError:
            return False
        return len(lines) > 7 and lines[7].strip() == "ready"

    def advice(self, place: Place, log: str) -> str:
        missing = sorted({first or second for first, second in _NO_EXTENSION.findall(log)})
        if not missing:
            return ""
        version = (_data(place) / "PG_VERSION").read_text().strip()
        packages = sorted({_package(name).format(version=version) for name in missing})
        return (
            f"PostgreSQL {version} of this machine lacks what `CREATE EXTENSION` asked for: "
            f"{', '.join(missing)}. Install the package {' and '.join(packages)}."
        )

    def environment(self, place: Place) -> dict[str, str]:
        return {"PGHOST": "localhost", "PGPORT": str(place.port)}


def _data(place: Place) -> Path:
    return place.folder / "data"


def _settings() -> tuple[str, ...]:
    return tuple(word for setting in _FAST for word in ("-c", setting))


def _version(folder: Path) -> tuple[int, str]:
    name = folder.parent.name
    return (int(name) if name.isdigit() else 0, name)


def _package(extension: str) -> str:
    """Debian's name of the package, `{version}` in it; its relatives have similar ones."""
    if extension in _CONTRIB:
        return "postgresql-contrib"
    first = extension.partition("_")[0]
    return _PACKAGES.get(first, f"postgresql-{{version}}-{extension.replace('_', '-')}")
