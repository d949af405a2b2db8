"""A host as people list it, and addresses that nobody gets to from within a job."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

WEB = (80, 443)
"""Ports of a listed host that names none."""
MAIL = 25
"""The port that strangers' jobs never get: what sends spam ruins the name of the address."""
# https://www.rfc-editor.org/rfc/rfc1123#section-2.1, and the underscore that people do use.
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
NAME = rf"{_LABEL}(?:\.{_LABEL})*"
_HOST = re.compile(rf"((?:\*\.)?{NAME}|\[[0-9a-f:.]+\])(?::([0-9]{{1,5}}))?")
LONGEST = 253
"""Characters of a name: https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4"""
PORTS = range(1, 65_536)
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# https://www.iana.org/assignments/iana-ipv4-special-registry and …ipv6-special-registry; not
# those for documentation, where nobody is. `is_global` of Python changes with its versions.
# Of Azure: https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
_KINDS = (
    ("an address of this machine", ("127.0.0.0/8", "0.0.0.0/8", "::1/128", "::/128")),
    (
        "a link-local address, where machines of a cloud keep their keys",
        ("169.254.0.0/16", "fe80::/10", "fd00:ec2::/32"),
    ),
    ("the address where Azure keeps what a machine is told", ("168.63.129.16/32",)),
    (
        "a private address",
        (
            *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "192.0.0.0/24"),
            *("198.18.0.0/15", "fc00::/7", "fec0::/10", "64:ff9b:1::/48", "100::/64"),
        ),
    ),
    ("an address of no one machine", ("224.0.0.0/4", "240.0.0.0/4", "ff00::/8")),
)
_REFUSED = tuple(
    (ipaddress.ip_network(network), kind) for kind, networks in _KINDS for network in networks
)
_TRANSLATED = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "::/96", "::ffff:0:0:0/96")))
"""Whose last four bytes are an IPv4 address: NAT64, the compatible ones of old, and RFC 2765's."""


@dataclass(frozen=True, slots=True)
class Host:
    """One line of a list: a name, `*.` and a name, or an address; port 0 for those of the web."""

    name: str
    port: int = 0

    def admits(self, name: str, port: int) -> bool:
        """`name` is in lower case, without brackets and without a dot at its end."""
        if port not in ((self.port,) if self.port else WEB):
            return False
        return name.endswith(self.name[1:]) if self.name[:2] == "*." else name == self.name


def host(text: str) -> Host:
    """Raises ValueError for what is none."""
    found = _HOST.fullmatch(text.lower())
    if found is None or len(text) > LONGEST:
        raise ValueError(text)
    name, port = found[1], found[2]
    if port is not None and int(port) not in PORTS:
        raise ValueError(text)
    if name.startswith("["):
        name = str(ipaddress.IPv6Address(name[1:-1]))
    elif name.rpartition(".")[2].isdigit():
        # No name ends so: https://url.spec.whatwg.org/#ends-in-a-number-checker
        name = str(ipaddress.IPv4Address(name))
    return Host(name, int(port or 0))


def kind(address: Address) -> str:
    """What an address is that no job is let through to; empty for a public one."""
    for network, words in _REFUSED:
        if address in network:
            return words
    inner = _inner(address)
    return kind(inner) if inner is not None else ""


def _inner(address: Address) -> Address | None:
    """The IPv4 address that stands in one of version 6."""
    if not isinstance(address, ipaddress.IPv6Address):
        return None
    if any(address in network for network in _TRANSLATED):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)
