"""Which servers a circle.yml needs: those that it lists, and those that its values name.

CircleCI 1.0 ran PostgreSQL, MySQL, MongoDB and Redis for every build. Here only those start that
`machine.services`, a variable or a command asks for, each with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from dishwasher.core.machine import Service
from dishwasher.core.step import Step
from dishwasher.formats.problems import show
from dishwasher.formats.reader import Reader, listing
from dishwasher.formats.tree import Scalar

SCANNED = 20_000
"""Characters of one value or command that are looked at."""

_ALIASES = {
    "postgresql": "postgresql postgres postgis pgsql postgresql-server",
    "mysql": "mysql mysqld mariadb mysql2 mysqlgis mysql-server",
    "redis": "redis redis-server rediss",
    "mongodb": "mongodb mongo mongod",
    "memcached": "memcached memcache pylibmc",
    "elasticsearch": "elasticsearch",
    "rabbitmq": "rabbitmq rabbitmq-server amqp",
}
NAMES = {alias: name for name, aliases in _ALIASES.items() for alias in aliases.split()}
"""What circle.yml, addresses and system services call them → our name."""
STARTED = frozenset({"postgresql", "mysql", "redis", "memcached"})
"""Those that a runner can start; of the others a file is told, and its build goes on."""
_PORTS = {
    "5432": "postgresql",
    "3306": "mysql",
    "6379": "redis",
    "27017": "mongodb",
    "11211": "memcached",
    "9200": "elasticsearch",
    "5672": "rabbitmq",
}
_LOCAL = frozenset({"", "localhost", "127.0.0.1", "0.0.0.0", "[::1]"})

_ADDRESS = re.compile(r"(?<![\w+.-])([a-z][a-z0-9]{2,15})(?:\+[a-z0-9]+)?://([^\s/?#\"'`]{0,300})")
_PORT = re.compile(r"(?<![\w.])(?:localhost|127\.0\.0\.1|0\.0\.0\.0):(\d{4,5})(?!\d)")
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
        if name in STARTED:
            found.append(Service(name, scalar.line))
        elif text == "docker":
            message = "there is no Docker on a runner"
            reader.warn(scalar, "no-docker", message, "Commands that call `docker` will fail.")
        else:
            message = f"{show(scalar.text)} is not a service that can be started; there is "
            message += listing(sorted(STARTED))
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
    found: dict[str, Service] = {}
    for service in (*asked, *_named(variables, steps)):
        if service.name in found:
            continue
        found[service.name] = service
        if service.name not in STARTED:
            message = f"{service.name} can not be started, and {service.why}"
            place = Scalar("", max(1, service.line), 1)
            reader.warn(place, "unknown-service", message, "Commands that need it will fail.")
    return tuple(service for service in found.values() if service.name in STARTED)


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
    if _ADDRESS.search(value):
        yield from (service for service, _ in _addresses(value))
        return
    ports = [_PORTS[port] for port in _PORT.findall(value) if port in _PORTS]
    if ports:
        yield from ports
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
        remote = host is not None and host[1] not in _LOCAL
        addresses = _ADDRESS.search(arguments)
        if not remote and not addresses:
            yield _TOOLS[tool], tool
    yield from _addresses(command)
    for port in _PORT.finditer(command):
        if port[1] in _PORTS:
            yield _PORTS[port[1]], port[0]
    for names in _RESTART.findall(command):
        name = next(filter(None, names))
        if name in NAMES:
            yield NAMES[name], name


def _addresses(text: str) -> Iterator[tuple[str, str]]:
    """Services whose address on this machine stands in the text."""
    for found in _ADDRESS.finditer(text):
        authority = found[2].rpartition("@")[2]
        host = authority if authority.endswith("]") else re.sub(r":[^:\]]*$", "", authority)
        if found[1] in NAMES and host in _LOCAL:
            yield NAMES[found[1]], f"{found[1]}://"
