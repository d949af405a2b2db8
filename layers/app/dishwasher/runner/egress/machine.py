"""What the machine's own variables say of the way out: its proxies, and where packages are."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from dishwasher.core.environment import INDEXES

LOOPBACK = ("localhost", "127.0.0.1", "::1")
USUAL = {"http": 80, "https": 443}
_URL = re.compile(r"https?://[^\s,|]+")


@dataclass(frozen=True, slots=True)
class Upstream:
    """The machine's own proxy."""

    name: str
    port: int
    authorization: str = ""
    """Value of its header, which no job sees."""

    @property
    def field(self) -> bytes:
        said = f"Proxy-Authorization: {self.authorization}\r\n" if self.authorization else ""
        return said.encode()


@dataclass(frozen=True, slots=True)
class Machine:
    """What there is before any job."""

    indexes: tuple[tuple[str, int], ...] = ()
    """Hosts of packages with their ports, which every job with a proxy may reach."""
    doors: tuple[int, ...] = ()
    """Ports of those on the machine's own loopback: a job finds them on its own."""
    http: Upstream | None = None
    https: Upstream | None = None
    direct: tuple[str, ...] = ()
    """Names and ends of names that are reached without a proxy; `*` for all."""
    unusable: str = ""
    """A proxy of the machine's that is not of HTTP."""

    def upstream(self, name: str, *, tunnel: bool) -> Upstream | None:
        """The proxy on the way to that host."""
        if name in LOOPBACK or any(_covers(one, name) for one in self.direct):
            return None
        return self.https if tunnel else self.http


def machine(host: Mapping[str, str]) -> Machine:
    """As curl, pip and git read these variables: small letters first."""
    found = dict.fromkeys(_indexes(host))
    direct = _said(host, "no_proxy").replace(" ", ",").split(",")
    proxies = [_upstream(host, name) for name in ("http_proxy", "https_proxy")]
    said = (_said(host, name) for name in ("http_proxy", "https_proxy", "all_proxy"))
    unusable = next((one for one in said if one and _proxy(one) is None), "")
    return Machine(
        tuple(one for one in found if one[0] not in LOOPBACK),
        tuple(sorted({port for name, port in found if name in LOOPBACK})),
        *(proxies[0], proxies[1]),
        tuple(one.strip().lower() for one in direct if one.strip()),
        (unusable.rpartition("://")[0] or "another kind") if unusable else "",
    )


def _said(host: Mapping[str, str], name: str) -> str:
    return host.get(name) or host.get(name.upper(), "")


def _upstream(host: Mapping[str, str], name: str) -> Upstream | None:
    return _proxy(_said(host, name) or _said(host, "all_proxy"))


def _proxy(text: str) -> Upstream | None:
    """None for none, and for one that is not reached by plain HTTP."""
    url = _split(text if "://" in text else f"http://{text}")
    if not text or url is None or url.scheme != "http" or not url.hostname:
        return None
    words = ""
    if url.username:
        pair = f"{unquote(url.username)}:{unquote(url.password or '')}"
        words = f"Basic {b64encode(pair.encode()).decode()}"
    return Upstream(url.hostname, url.port or USUAL["http"], words)


def _indexes(host: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    for name in sorted(INDEXES & set(host)):
        # A proxy's place is told by variables of this kind too, and is none of packages.
        if "proxy" in name.lower() and name != "GOPROXY":
            continue
        for text in _URL.findall(host[name]):
            url = _split(text)
            if url is not None and url.hostname:
                yield url.hostname, url.port or USUAL[url.scheme]


def _split(text: str) -> SplitResult | None:
    try:
        url = urlsplit(text)
        # Read here, for it raises too.
        _ = url.port
    except ValueError:
        return None
    return url


def _covers(one: str, name: str) -> bool:
    end = one.removeprefix("*").removeprefix(".").partition(":")[0]
    return one == "*" or name == end or (bool(end) and name.endswith(f".{end}"))
