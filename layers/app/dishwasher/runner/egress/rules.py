"""Who may be reached by a job's way out, and at which of its addresses."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from dataclasses import dataclass

from dishwasher.core.host import MAIL, Address, host, kind
from dishwasher.core.network import Network, Scope
from dishwasher.errors import InfraError, Refused
from dishwasher.runner.egress.machine import Machine, Upstream
from dishwasher.runner.egress.request import Asked

FILE = ".dishwasher.yml"
Resolve = Callable[[str, int], list[str]]
"""A name and a port to addresses as text; raises OSError."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where a connection goes."""

    addresses: tuple[str, ...]
    """As text, to try in this order."""
    port: int
    upstream: Upstream | None = None
    target: str = ""
    """What the upstream is asked for, with its port."""


class Rules:
    """Of one job."""

    def __init__(self, network: Network, machine: Machine) -> None:
        self._scope = network.scope
        self._hosts = tuple(map(host, network.hosts))
        self._machine = machine

    def route(self, asked: Asked, resolve: Resolve) -> Route:
        """Raises Refused with what the user can do, or InfraError for what is not there."""
        is_index = (asked.name, asked.port) in self._machine.indexes
        if not is_index:
            self._check_listed(asked)
        upstream = self._machine.upstream(asked.name, tunnel=not asked.method)
        try:
            found = resolve(asked.name, asked.port)
        except OSError as error:
            # Behind a proxy a machine may know no names; a stranger's is asked for by address.
            if upstream is None or not (is_index or self._scope is Scope.LISTED):
                raise InfraError(f"{asked.name} has no address: {error}") from error
            found = []
        addresses = tuple(found) if is_index else _public(asked, found)
        if upstream is None:
            return Route(addresses, asked.port)
        target = asked.authority
        if self._scope is Scope.PUBLIC and not is_index:
            # By its name, the proxy could be told another address than we were.
            target = f"[{addresses[0]}]" if ":" in addresses[0] else addresses[0]
            target = f"{target}:{asked.port}"
        try:
            on_the_way = resolve(upstream.name, upstream.port)
        except OSError as error:
            raise InfraError(f"The machine's proxy {upstream.name} has no address.") from error
        return Route(tuple(on_the_way), upstream.port, upstream, target)

    def _check_listed(self, asked: Asked) -> None:
        if self._scope is Scope.PUBLIC:
            if asked.port == MAIL:
                raise Refused(f"{asked.authority} is a mail server, which no untrusted job gets.")
        elif not any(one.admits(asked.name, asked.port) for one in self._hosts):
            raise Refused(
                f"{asked.authority} is not in this job's network list; "
                f"add it under `network:` in {FILE}."
            )


def _public(asked: Asked, found: Iterable[str]) -> tuple[str, ...]:
    """Those that may be connected to; raises Refused where there are others only."""
    whys = {text: why(text) for text in found}
    kept = tuple(text for text, words in whys.items() if not words)
    if whys and not kept:
        text, words = next(iter(whys.items()))
        at = "" if text == asked.name else f" is at {text}, which"
        raise Refused(f"{asked.authority}{at} is {words}; jobs reach public addresses only.")
    return kept


def why(text: str) -> str:
    """What keeps everybody from this address; empty for nothing."""
    # A zone of an interface comes after a percent sign.
    address: Address = ipaddress.ip_address(text.partition("%")[0])
    return kind(address) or ("an address of this machine" if _is_own(address) else "")


def _is_own(address: Address) -> bool:
    """Whether it is one of this machine's, asked of the kernel: what it sends from to there."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    # Nothing is sent; without a route to there, it is not ours.
    with suppress(OSError), closing(socket.socket(family, socket.SOCK_DGRAM)) as one:
        one.connect((str(address), 9))
        return bool(ipaddress.ip_address(one.getsockname()[0]) == address)
    return False


def resolve(name: str, port: int) -> list[str]:
    """By the machine's own means; raises OSError."""
    try:
        # Bytes: of text Python would make an international name, by a module that takes long.
        found = socket.getaddrinfo(name.encode(), port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        raise OSError(error.strerror or "unknown") from error
    return list(dict.fromkeys(str(one[4][0]) for one in found))
