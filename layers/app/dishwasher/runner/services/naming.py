"""Which databases, users and ports the variables of a job name for one of its servers.

In addresses (`DATABASE_URL`), in what clients read themselves (`PGDATABASE`), and in the names
that settings of Django look up one by one (`DB_NAME`, `POSTGRES_USER`, `SQL_HOST`, …).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from dishwasher.core.service import LOCAL, NAMES, PORTS

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_$-]{0,62}")
"""Of a database or a role: PostgreSQL and MySQL cut or refuse more than 63 characters."""
PASSWORD = re.compile(r"[^\0\r\n]{1,256}")
DATABASES = frozenset({"postgresql", "mysql"})
_PART = re.compile(
    r"(?P<of>(?:\w+_)?(?:(?P<engine>PG|POSTGRES|POSTGRESQL|POSTGIS|MYSQL|MARIADB)"
    r"|DB|DATABASE|SQL|RDS))_?"
    r"(?P<what>ENGINE|DB_NAME|DATABASE_NAME|DB|NAME|DATABASE|USERNAME|USER|PASSWORD|PASSWD|PASS|PWD"
    r"|ROOT_PASSWORD|HOSTNAME|HOST|TCP_PORT|PORT)",
    re.ASCII | re.IGNORECASE,
)
_WHAT = {
    **dict.fromkeys(("DB_NAME", "DATABASE_NAME", "DB", "NAME", "DATABASE"), "database"),
    **dict.fromkeys(("USERNAME", "USER"), "user"),
    **dict.fromkeys(("PASSWORD", "PASSWD", "PASS", "PWD"), "password"),
    **dict.fromkeys(("HOSTNAME", "HOST"), "host"),
    **dict.fromkeys(("TCP_PORT", "PORT"), "port"),
    "ENGINE": "engine",
    "ROOT_PASSWORD": "root",
}
_ENGINES = (
    *(("mysql", "mysql"), ("maria", "mysql")),
    *(("postg", "postgresql"), ("psycopg", "postgresql")),
)
"""What stands in an engine's name, such as `django.contrib.gis.db.backends.postgis`."""
_CLIENTS = frozenset({"PG"})
"""Whoever sets these variables leaves the rest to the client's library too."""


@dataclass(slots=True)
class Named:
    """What is named for one server."""

    users: dict[str, str] = field(default_factory=dict)
    """With their passwords, empty for none."""
    databases: set[str] = field(default_factory=set)
    ports: set[int] = field(default_factory=set)
    is_found: bool = False
    """Something leaves the port to the client's library, which finds another one too."""

    def add(self, user: str, password: str, database: str, port: int | None) -> None:
        if NAME.fullmatch(user):
            fine = PASSWORD.fullmatch(password)
            self.users[user] = password if fine else self.users.get(user, "")
        if NAME.fullmatch(database):
            self.databases.add(database)
        if port:
            self.ports.add(port)


def named(server: str, environment: Mapping[str, str], *, alone: bool = True) -> Named:
    """For the server of this name; `alone`: the job has no other database server.

    What is not said to be of one or the other is then of this one.
    """
    found = Named()
    for value in environment.values():
        _address(server, value, found)
    for name, parts in _groups(environment) if server in DATABASES else ():
        if _server(name, parts, server if alone else "") != server or not _is_here(parts):
            continue
        port = parts.get("port", "")
        number = int(port) if port.isascii() and port.isdigit() and len(port) < 6 else None
        database, user = parts.get("database", ""), parts.get("user", "")
        found.add(user, parts.get("password", ""), database, number)
        if "root" in parts:
            found.add("root", parts["root"], "", None)
        found.is_found |= name.upper() in _CLIENTS and bool(database or user)
    return found


def _address(server: str, value: str, found: Named) -> None:
    scheme, colon, _ = value.partition("://")
    if not colon or NAMES.get(scheme.partition("+")[0].lower()) != server:
        return
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        # No address that any client could use.
        return
    if parts.hostname not in (None, "", "localhost", "127.0.0.1", "::1"):
        return
    user, database = unquote(parts.username or ""), unquote(parts.path[1:])
    found.add(user, unquote(parts.password or ""), database, port)
    found.is_found |= bool(NAME.fullmatch(user) or NAME.fullmatch(database))


def _groups(environment: Mapping[str, str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Variables that belong together: what their names begin with, and what each of them is."""
    groups: dict[str, dict[str, str]] = {}
    for name, value in environment.items():
        part = _PART.fullmatch(name)
        if part is not None and value:
            groups.setdefault(part["of"], {})[_WHAT[part["what"].upper()]] = value
    yield from groups.items()


def _server(group: str, parts: Mapping[str, str], otherwise: str) -> str:
    """Whose variables these are, by our names; empty where nothing tells."""
    part = _PART.fullmatch(f"{group}_NAME")
    told = f"{part['engine'] or '' if part else ''} {parts.get('engine', '')}".lower()
    if "sqlite" in told or "oracle" in told:
        return ""
    told = "postgresql" if told.startswith("pg ") else told
    for text, server in _ENGINES:
        if text in told:
            return server
    return PORTS.get(parts.get("port", ""), otherwise)


def _is_here(parts: Mapping[str, str]) -> bool:
    host = parts.get("host", "")
    # A folder is where a socket is, as libpq has it.
    return host in LOCAL or host == "::1" or host.startswith("/")
