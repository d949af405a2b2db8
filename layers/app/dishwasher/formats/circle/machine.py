"""`machine` of circle.yml: versions, variables, services, hosts."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from dishwasher.core.machine import Machine, Service, Variable
from dishwasher.core.step import Step
from dishwasher.formats.circle import services, warnings
from dishwasher.formats.circle.commands import Commands
from dishwasher.formats.circle.values import Names, Version
from dishwasher.formats.problems import show
from dishwasher.formats.reader import Reader
from dishwasher.formats.schema import Fields, Key, Record
from dishwasher.formats.tree import Scalar
from dishwasher.formats.values import MapOf, Text, Variables

_HOME = "~"
"""Where the commands of this section run."""

PYTHON = Key("python", Version(), "The version of Python.", {"version": "3.4.2"})
NODE = Key("node", Version(), "The version of Node.", {"version": "6.1.0"})
OTHERS = tuple(
    Key(name, Version(), f"The version of {name}.", {"version": example})
    for name, example in (
        ("ruby", "2.3.1"),
        ("java", "openjdk7"),
        ("php", "7.0.7"),
        ("ghc", "7.8.3"),
        ("go", "1.6"),
        ("xcode", "8.0"),
    )
)
TIMEZONE = Key("timezone", Text(), "Name of the time zone.", "America/New_York")
ENVIRONMENT = Key(
    "environment",
    Variables(),
    "Variables of all commands; values may hold other variables.",
    {"DATABASE_URL": "postgres://localhost/circle_test"},
)
SERVICES = Key("services", Names(), "Servers that are started first.", ["redis"])
HOSTS = Key(
    "hosts",
    MapOf(Text(), "host names to addresses", "`name: 127.0.0.1` below it"),
    "Host names and their addresses.",
    {"dev.example.com": "127.0.0.1"},
)
PRE = Key("pre", Commands(pwd=_HOME), "Commands before the languages are set up.", ["true"])
POST = Key("post", Commands(pwd=_HOME), "Commands after the languages are set up.", ["true"])
MACHINE = Record(
    "of `machine`",
    (PYTHON, NODE, *OTHERS, TIMEZONE, ENVIRONMENT, SERVICES, HOSTS, PRE, POST),
    lenient=True,
)

# https://www.iana.org/time-zones: areas and places, or POSIX rules such as EST5EDT.
_ZONE = re.compile(r"[A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+)*")
_HOST = re.compile(r"[A-Za-z0-9.-]+")
_ADDRESS = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*")


@dataclass(frozen=True, slots=True)
class Section:
    """What the section says."""

    machine: Machine = Machine()
    lines: tuple[int, ...] = ()
    """Of each variable in `machine.environment`."""
    steps: tuple[Step, ...] = ()


def section(fields: Fields | None, reader: Reader) -> Section:
    """The section's machine, without the services that others name; `fields` of MACHINE."""
    if fields is None:
        return Section()
    pairs = fields.or_else(ENVIRONMENT, ())
    for _, value in pairs:
        warnings.path(value, reader)
    names = fields.or_else(SERVICES, ())
    listed = services.listed(names, reader)
    machine = Machine(
        python=_version(PYTHON, fields, reader),
        node=_version(NODE, fields, reader),
        others=tuple((key.name, text) for key in OTHERS if (text := _version(key, fields, reader))),
        timezone=_timezone(fields, reader),
        services=tuple(dict.fromkeys(listed)),
        environment=tuple(Variable(name.text, value.text, expand=True) for name, value in pairs),
        hosts=_hosts(fields, reader),
        docker=any(name.text.casefold() == services.DOCKER for name in names),
    )
    lines = tuple(name.line for name, _ in pairs)
    steps = (*fields.or_else(PRE, ()), *fields.or_else(POST, ()))
    return Section(machine, lines, steps)


_OWN_PROGRAMS = re.compile(r"(?:~|\$HOME|\$\{HOME\}|/home/ubuntu)/bin(?![\w-])")


def with_own_programs(machine: Machine, steps: tuple[Step, ...]) -> Machine:
    """`~/bin` stood in CircleCI's PATH; here it does for files that put something there."""
    if not any(_OWN_PROGRAMS.search(step.command) for step in steps):
        return machine
    path = Variable("PATH", "$HOME/bin:$PATH", expand=True)
    return replace(machine, environment=(path, *machine.environment))


def needed(found: Section, steps: tuple[Step, ...], reader: Reader) -> tuple[Service, ...]:
    """All that the section lists, its variables name, or commands name."""
    variables = [
        (variable.name, variable.value, line)
        for variable, line in zip(found.machine.environment, found.lines, strict=True)
    ]
    return services.needed(found.machine.services, variables, steps, reader)


def _version(key: Key[Scalar], fields: Fields, reader: Reader) -> str:
    scalar = fields.get(key)
    if scalar is None:
        return ""
    warnings.version(key.name, scalar, reader)
    return scalar.text


def _timezone(fields: Fields, reader: Reader) -> str:
    scalar = fields.get(TIMEZONE)
    if scalar is None:
        return ""
    if not _ZONE.fullmatch(scalar.text):
        message = f"{show(scalar.text)} is not the name of a time zone"
        reader.note(scalar, "bad-value", message, "Write one such as `America/New_York`.")
    return scalar.text


def _hosts(fields: Fields, reader: Reader) -> tuple[tuple[str, str], ...]:
    pairs = fields.or_else(HOSTS, ())
    for entry, address in pairs:
        if not _HOST.fullmatch(entry.key.text):
            message = f"{show(entry.key.text)} can not be the name of a host"
            reader.note(entry.key, "bad-name", message, "Letters, digits, `-` and `.`.")
        if not _ADDRESS.fullmatch(address.text):
            message = f"{show(address.text)} is not an IP address"
            reader.note(address, "bad-value", message, "Write one such as `127.0.0.1`.")
    if pairs:
        message = (
            "`/etc/hosts` can not be written without root: a job that asks for names in it is "
        )
        message += "not started"
        suggestion = "Delete them, and use `localhost`."
        reader.warn(fields.entry(HOSTS).key, "needs-root", message, suggestion)
    return tuple((entry.key.text, address.text) for entry, address in pairs)
