"""Which servers a circle.yml needs: those that it lists, and those that its values name.

CircleCI 1.0 ran PostgreSQL, MySQL, MongoDB and Redis for every build. Here only those start that
`machine.services`, a variable or a command asks for, each with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from dishwasher.core.machine import Service
from dishwasher.core.service import LOCAL, NAMES, STARTABLE
from dishwasher.core.step import Step
from dishwasher.formats.commands.shell import SCANNED
from dishwasher.formats.problems import show
from dishwasher.formats.reader import Reader, listing
from dishwasher.formats.services import ADDRESS, addresses, of_value, ports, started
from dishwasher.formats.tree import Scalar

DOCKER = "docker"
_WORD = re.compile(
    r"(?<![a-z])(postgresql|postgres|postgis|mysql|redis|mongodb|memcached|elasticsearch|rabbitmq)"
    r"(?![a-z])",
    re.IGNORECASE,
)
_SETTING = re.compile(
    r"(?:HOST|HOSTNAME|PORT|URL|URI|DB|DATABASE|NAME|USER|USERNAME|PASSWORD|SERVERS?|ADDRESS"
    r"|LOCATION)$"
)
_NAME_WORDS = {
    "PG": "postgresql",
    "PGHOST": "postgresql",
    "PGDATABASE": "postgresql",
    "PGUSER": "postgresql",
    "PGPORT": "postgresql",
    "MEMCACHIER": "memcached",
    "ELASTIC": "elasticsearch",
    **{alias.upper(): name for alias, name in NAMES.items()},
}
_DRIVER = re.compile(r"^django\.(?:contrib\.gis\.)?db\.backends\.|^(?:\w+\.)?cache\.backends\.")
_HOST = re.compile(r"(?<![\w.-])[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}(?![\w-])", re.IGNORECASE)

_PROGRAMS = {
    "postgresql": "psql createdb dropdb createuser pg_restore pg_dump pg_isready",
    "mysql": "mysql mysqladmin mysqlimport mysqldump",
    "redis": "redis-cli",
    "mongodb": "mongo mongoimport mongorestore",
    "rabbitmq": "rabbitmqctl rabbitmqadmin",
}
_TOOLS = {tool: name for name, tools in _PROGRAMS.items() for tool in tools.split()}
_TOOL = re.compile(
    r"(?:^|[\n;&|(])[ \t]*(?:sudo +(?:-[^\s;&|(]+ +(?:\w+ +)?)?)?(?:\w+=[^\s;&|(]* +)*"
    rf"({'|'.join(sorted(_TOOLS, key=len, reverse=True))})(?![\w./-])([^\n;&|]*)"
)
_ELSEWHERE = re.compile(r"(?:^|\s)(?:-h ?|--host[= ])[\"']?([^\s\"']+)")
_RESTART = re.compile(
    r"\bservice +([\w-]+) +(?:re)?start|/etc/init\.d/([\w-]+) +(?:re)?start"
    r"|\bsystemctl +(?:re)?start +([\w-]+)"
)


def listed(names: Iterable[Scalar], reader: Reader) -> tuple[Service, ...]:
    """What `machine.services` asks for; names that can not be started are warned of."""
    found = []
    for scalar in names:
        text = scalar.text.casefold()
        name = NAMES.get(text, "")
        if name in STARTABLE:
            found.append(Service(name, scalar.line))
        elif text == DOCKER:
            message = "Docker is there only where jobs run on AWS"
            reader.warn(
                scalar, "no-docker", message, "Elsewhere, commands that call `docker` will fail."
            )
        else:
            message = f"{show(scalar.text)} is not a service that can be started; there is "
            message += listing(sorted(STARTABLE))
            suggestion = "" if name else reader.problems.nearest(scalar.text, NAMES)
            reader.warn(scalar, "unknown-service", message, suggestion)
    return tuple(found)


def needed(
    asked: Iterable[Service],
    variables: Iterable[tuple[str, str, int]],
    steps: Iterable[Step],
    reader: Reader,
) -> tuple[Service, ...]:
    """Each service once, with why; `variables` are names, values and lines."""
    return started((*asked, *_named(variables, steps)), reader)


def _named(variables: Iterable[tuple[str, str, int]], steps: Iterable[Step]) -> Iterator[Service]:
    for name, value, line in variables:
        for service in _of_variable(name, value[:SCANNED]):
            yield Service(service, line, f"the variable {show(name)} on line {line} names it")
    for step in steps:
        where = f" on line {step.line}" if step.line else ""
        for service, word in _of_command(step.command[:SCANNED]):
            yield Service(service, step.line, f"the command{where} names it with {show(word)}")
        for name, value in step.environment:
            why = f"the variable {show(name)} of the command{where} names it"
            for service in _of_variable(name, value[:SCANNED]):
                yield Service(service, step.line, why)


def _of_variable(name: str, value: str) -> Iterator[str]:
    found = of_value(value)
    if found or ADDRESS.search(value):
        yield from found
        return
    host = _HOST.search(value)
    if _DRIVER.search(value) or not host:
        for word in _WORD.findall(value):
            yield NAMES[word.casefold()]
    if host or not _SETTING.search(name):
        return
    for word in name.split("_"):
        if word in _NAME_WORDS:
            yield _NAME_WORDS[word]


def _of_command(command: str) -> Iterator[tuple[str, str]]:
    """Services and the words that name them."""
    for tool, arguments in _TOOL.findall(command):
        host = _ELSEWHERE.search(arguments)
        remote = host is not None and host[1] not in LOCAL
        if not remote and not ADDRESS.search(arguments):
            yield _TOOLS[tool], tool
    yield from addresses(command)
    yield from ports(command)
    for names in _RESTART.findall(command):
        name = next(filter(None, names))
        if name in NAMES:
            yield NAMES[name], name
