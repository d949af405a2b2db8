"""What must stand before a job's first step: language versions, services, variables, hosts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable of the whole job."""

    name: str
    value: str
    """Text as it stood in the file: `True` stays `True`, `3.10` stays `3.10`."""
    expand: bool = False
    """`$NAME` and `${NAME}` of variables that were set before it are replaced in it."""


@dataclass(frozen=True, slots=True)
class Service:
    """A server process of the job's own, reachable on its usual port."""

    name: str
    """`postgresql`, `mysql`, `redis`, `memcached`, …: the canonical name."""
    line: int = 0
    why: str = ""
    """What asked for it where no list of services did: a variable's value, a command."""


@dataclass(frozen=True, slots=True)
class Machine:
    """The environment that a job's steps find."""

    python: str = ""
    """Version as written (`3.12`, `3.10`, `latest`); empty where none was asked for."""
    node: str = ""
    others: tuple[tuple[str, str], ...] = ()
    """Versions of further languages: (`java`, `openjdk7`)."""
    virtualenv: bool = False
    """A virtual environment is made and active in every step."""
    image: str = ""
    """Container image that was asked for; a fleet without containers can not heed it."""
    timezone: str = ""
    """IANA name, set as `TZ`; empty for UTC."""
    services: tuple[Service, ...] = ()
    environment: tuple[Variable, ...] = ()
    hosts: tuple[tuple[str, str], ...] = ()
    """(host name, address)"""
    docker: bool = False
    """Its commands need a Docker daemon; where there is a choice, they run beside one."""
    memory: int = 0
    """Bytes that it asks for; 0 where it says nothing."""
