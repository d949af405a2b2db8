"""The process that a job's proxy runs in: it gives up all that it does not need, and serves.

It runs without `site`. On its standard input come its settings, and an end when the job is over;
what it prints is for the job's log, one line each.
"""

from __future__ import annotations

import marshal
import os
import resource
import socket
from typing import Any

from dishwasher.core.network import Network, Scope
from dishwasher.runner import orphans
from dishwasher.runner.egress.machine import Machine, Upstream
from dishwasher.runner.egress.proxy import CONNECTIONS, Proxy
from dishwasher.runner.egress.rules import Route, Rules, resolve
from dishwasher.runner.sandbox import landlock

NOBODY = 65534
SPARE = 64
"""Descriptors besides two for each connection."""
NAMES = ("/etc", "/usr", "/lib", "/lib64", "/run")
"""What is read to resolve names."""


def main() -> None:
    size = int.from_bytes(_exactly(4), "big")
    listeners, network, machine = marshal.loads(_exactly(size))
    _restrict()
    proxy = Proxy(_rules(network, machine), resolve, _tell)
    for descriptor, door in listeners:
        route = Route(("127.0.0.1",), door) if door else None
        proxy.listen(socket.socket(fileno=descriptor), route)
    try:
        proxy.run(0)
    except Exception as error:
        _tell(f"The way out of this job's network has failed: {error!r}")
        raise
    finally:
        # Threads may wait for names, and nobody for them.
        os._exit(0)


def _rules(network: tuple[str, tuple[str, ...]], machine: tuple[Any, ...]) -> Rules:
    indexes, doors, *proxies, direct, unusable = machine
    http, https = (Upstream(*one) if one else None for one in proxies)
    known = Machine(indexes, doors, http, https, direct, unusable)
    return Rules(Network(Scope(network[0]), network[1]), known)


def _restrict() -> None:
    """What it reads was written by the job: a hole in it shall lead nowhere."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * CONNECTIONS + SPARE
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, most), most))
    if landlock.version():
        landlock.restrict(list(NAMES), [])
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    landlock.forbid_new_privileges()
    orphans.shut_memory()


def _tell(line: str) -> None:
    os.write(1, f"{line}\n".encode("utf-8", "replace"))


def _exactly(size: int) -> bytes:
    parts = b""
    while len(parts) < size:
        part = os.read(0, size - len(parts))
        if not part:
            # The job has ended before it began.
            os._exit(0)
        parts += part
    return parts
