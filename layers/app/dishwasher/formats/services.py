"""Which servers of this machine the text of a configuration names, and which it starts itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from dishwasher.core.machine import Service
from dishwasher.core.service import LOCAL, NAMES, PORTS, STARTABLE
from dishwasher.formats.commands.programs import called, name, unwrapped
from dishwasher.formats.commands.shell import SCANNED
from dishwasher.formats.reader import Reader
from dishwasher.formats.tree import Scalar

ADDRESS = re.compile(r"(?<![\w+.-])([a-z][a-z0-9]{2,15})(?:\+[a-z0-9_]+)?://([^\s/?#\"'`]{0,300})")
"""Scheme, and what stands before the path."""
_PORT = re.compile(r"(?<![\w.])(?:localhost|127\.0\.0\.1|0\.0\.0\.0):(\d{4,5})(?!\d)")
_SERVERS = {
    "redis-server": "redis",
    "valkey-server": "redis",
    **dict.fromkeys(("pg_ctl", "pg_ctlcluster", "postgres", "postmaster"), "postgresql"),
    **dict.fromkeys(("mysqld", "mysqld_safe", "mariadbd", "mariadbd-safe"), "mysql"),
    "memcached": "memcached",
}
_CONTAINERS = frozenset({"docker", "docker-compose", "podman", "podman-compose", "finch"})
_OF_SYSTEM = frozenset({"service", "systemctl"})
_WORD = re.compile(r"[a-z][a-z0-9-]*")


def of_value(value: str) -> tuple[str, ...]:
    """Those whose address or port on this machine stands in a variable's value."""
    if ADDRESS.search(value):
        return tuple(service for service, _ in addresses(value))
    return tuple(service for service, _ in ports(value))


def addresses(text: str) -> Iterator[tuple[str, str]]:
    """Services whose address on this machine stands in the text, with what was found."""
    for found in ADDRESS.finditer(text):
        authority = found[2].rpartition("@")[2]
        host = authority if authority.endswith("]") else re.sub(r":[^:\]]*$", "", authority)
        if found[1] in NAMES and host in LOCAL:
            yield NAMES[found[1]], f"{found[1]}://"


def ports(text: str) -> Iterator[tuple[str, str]]:
    """Services whose port on this machine stands in the text, with what was found."""
    for found in _PORT.finditer(text):
        if found[1] in PORTS:
            yield PORTS[found[1]], found[0]


def started(asked: Iterable[Service], reader: Reader) -> tuple[Service, ...]:
    """Each once, as first asked for; one that can not be started is warned of and left out."""
    found: dict[str, Service] = {}
    for service in asked:
        if service.name in found:
            continue
        found[service.name] = service
        if service.name not in STARTABLE:
            message = f"{service.name} can not be started, and {service.why}"
            place = Scalar("", max(1, service.line), 1)
            reader.warn(place, "unknown-service", message, "Commands that need it will fail.")
    return tuple(service for service in found.values() if service.name in STARTABLE)


def own(commands: Iterable[str]) -> frozenset[str]:
    """Services that commands start themselves, whose ports are theirs."""
    found: set[str] = set()
    for command in commands:
        for statement in unwrapped(command[:SCANNED]):
            found.update(_of_statement(called(statement.words)))
    return frozenset(found)


def _of_statement(words: tuple[str, ...]) -> Iterable[str]:
    program = name(words)
    if program in _SERVERS:
        return (_SERVERS[program],)
    if program in _CONTAINERS:
        # What a Compose file starts stands in that file.
        return STARTABLE if "up" in words else _named(words[1:]) if "run" in words else ()
    if program in _OF_SYSTEM or words[:1] == (f"/etc/init.d/{program}",):
        return _named(words)
    return ()


def _named(words: Iterable[str]) -> Iterable[str]:
    """`postgres:16`, `bitnami/redis`, `mysql@8`"""
    parts = (part for word in words for part in _WORD.findall(word[:200]))
    return [NAMES[part] for part in parts if part in NAMES]
