"""What `machine`, `dependencies` and `cache` of `.dishwasher.yml` mean for a job with `run`."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from dishwasher.core.environment import RESERVED
from dishwasher.core.machine import Machine, Service, Variable
from dishwasher.core.outputs import Cache
from dishwasher.core.service import NAMES, STARTABLE
from dishwasher.core.step import Step
from dishwasher.core.ticket import GIBIBYTE
from dishwasher.formats.commands.shell import SCANNED
from dishwasher.formats.native import keys, parts
from dishwasher.formats.native.network import Reach
from dishwasher.formats.problems import show
from dishwasher.formats.reader import Reader
from dishwasher.formats.schema import Fields, Key
from dishwasher.formats.services import addresses
from dishwasher.formats.tree import Scalar, Style

Written = tuple[tuple[Scalar, Scalar], ...]
"""Variables and their values as they stand in the file."""

# A tool that installs Python packages, as the word of a command that it is.
_INSTALLS_PYTHON = re.compile(r"(?:^|[\s;&|(/])(?:pip3?|pipenv|poetry|uv)\s")
ON = Reach(True)


@dataclass(frozen=True, slots=True)
class Setup:
    """What stands before the steps of a job with `run`."""

    python: str = ""
    node: str = ""
    timezone: str = ""
    services: tuple[Service, ...] = ()
    docker: bool = False
    memory: int = 0
    environment: tuple[Variable, ...] = ()
    written: Written = ()
    dependencies: tuple[Step, ...] = ()
    installs_python: bool = False
    """The dependencies ask for a virtual environment."""
    caches: tuple[Cache, ...] = ()
    reach: Reach = ON
    """What jobs reach that say nothing of it."""

    @property
    def can_be_skipped(self) -> bool:
        return bool(self.services or self.dependencies or self.caches)

    def machine(self, environment: tuple[Variable, ...], *, is_set_up: bool) -> Machine:
        return Machine(
            python=self.python,
            node=self.node,
            virtualenv=bool(self.python) or (is_set_up and self.installs_python),
            timezone=self.timezone,
            services=self.services if is_set_up else (),
            environment=(*self.environment, *environment),
            docker=self.docker,
            memory=self.memory,
        )


def read(top: Fields, reader: Reader) -> Setup:
    """The set-up of the whole file, whatever its jobs are."""
    fields = top.get(keys.MACHINE)
    dependencies = steps(top.get(keys.DEPENDENCIES))
    installs_python = any(_INSTALLS_PYTHON.search(step.command) for step in dependencies)
    cached = caches(top, keys.CACHE, reader)
    reach = top.or_else(keys.FILE_NETWORK, ON)
    if dependencies and reach.is_nothing:
        warn_of_no_network(top, keys.FILE_NETWORK, reader)
    setup = Setup(
        dependencies=dependencies,
        installs_python=installs_python,
        caches=cached,
        reach=reach,
    )
    if fields is None:
        return setup
    if fields.says_nothing:
        reader.warn(fields.place, "empty", "`machine` says nothing", "Delete it.")
    written = variables(fields, keys.MACHINE_ENVIRONMENT, reader)
    services = _services(fields)
    warn_of_servers(written, services, reader)
    return replace(
        setup,
        python=text(fields.get(keys.PYTHON)),
        node=text(fields.get(keys.NODE)),
        timezone=text(fields.get(keys.TIMEZONE)),
        services=services,
        docker=fields.or_else(keys.DOCKER, False),
        memory=_bytes(text(fields.get(keys.MEMORY))),
        environment=environment(written),
        written=written,
    )


def text(scalar: Scalar | None) -> str:
    return "" if scalar is None else scalar.text


def _bytes(written: str) -> int:
    """`8 GB` as a machine counts it; 0 for nothing."""
    return int(written.removesuffix("GB") or 0) * GIBIBYTE


def steps(commands: tuple[Scalar, ...] | None) -> tuple[Step, ...]:
    return tuple(Step(command.text, command.line) for command in commands or ())


def _services(fields: Fields) -> tuple[Service, ...]:
    found: dict[str, Service] = {}
    for scalar in fields.or_else(keys.SERVICES_KEY, ()):
        name = NAMES[scalar.text]
        found.setdefault(name, Service(name, scalar.line))
    return tuple(found.values())


def variables(fields: Fields, key: Key[Written], reader: Reader) -> Written:
    """The variables below a key whose names are the user's to choose."""
    kept = []
    for name, value in fields.or_else(key, ()):
        if name.text.startswith(RESERVED):
            message = f"variables that begin with `{RESERVED}` are set by Dishwasher"
            reader.note(name, "reserved", message, "Choose another name.")
        else:
            kept.append((name, value))
    return tuple(kept)


def environment(written: Written) -> tuple[Variable, ...]:
    """As in a shell, what stands in single quotes is taken as it is."""
    return tuple(
        Variable(name.text, value.text, "$" in value.text and value.style is not Style.SINGLE)
        for name, value in written
    )


def warn_of_servers(written: Written, services: tuple[Service, ...], reader: Reader) -> None:
    """A variable that names a server on this machine, which nothing starts."""
    started = {service.name for service in services}
    for _, value in written:
        named = (service for service, _ in addresses(value.text[:SCANNED]))
        service = next((one for one in named if one in STARTABLE and one not in started), "")
        if not service:
            continue
        word = next(word for word in keys.SERVICES if NAMES[word] == service)
        message = f"{show(value.text)} is a server on this machine, and no service starts it"
        suggestion = f"Add `{word}` to `services` of `machine`."
        reader.warn(value, "missing-service", message, suggestion)


def warn_of_no_network(fields: Fields, key: Key[Reach], reader: Reader) -> None:
    """Steps that install, where nothing is to be had."""
    message = "the steps of `dependencies` have no network either"
    suggestion = "List the hosts that they install from, such as `pypi.org` and "
    suggestion += "`files.pythonhosted.org`."
    reader.warn(fields.entry(key).key, "no-network", message, suggestion)


def caches(fields: Fields, key: Key[tuple[str, ...] | Fields], reader: Reader) -> tuple[Cache, ...]:
    """The one cache below a key: its paths alone, or with more of it."""
    value = fields.get(key)
    if not isinstance(value, Fields):
        return (Cache(value),) if value else ()
    fallbacks = tuple(scalar.text for scalar in value.or_else(parts.FALLBACKS, ()))
    if fallbacks and parts.KEY not in value and parts.FALLBACKS in value:
        message = "`fallbacks` are beginnings of keys, and this cache has no `key`"
        reader.note(value.entry(parts.FALLBACKS).key, "conflict", message, "Add `key: pip-`.")
    paths = value.get(parts.PATHS)
    if not paths:
        return ()
    cache = Cache(paths, text(value.get(parts.KEY)), value.or_else(parts.FILES, ()), fallbacks)
    return (cache,)
