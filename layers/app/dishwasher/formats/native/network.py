"""The value of `network`: yes, no, or the hosts that a job reaches."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from dishwasher.core.host import PORTS, Host, host, kind
from dishwasher.formats.problems import show
from dishwasher.formats.reader import Reader
from dishwasher.formats.schema import Json
from dishwasher.formats.tree import Entry, Mapping, Scalar, Sequence
from dishwasher.formats.values import FALSE, TRUE

PATTERN = r"^((\*\.)?[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?$"
HOW = "Write a name such as `pypi.org`, `*.example.org` or `example.org:8443`."
_ALL = frozenset({"*", "*:*", "all", "any"})
_NOTHING = frozenset({"none", "nothing", "never"})


@dataclass(frozen=True, slots=True)
class Reach:
    """What stands below the key."""

    on: bool
    hosts: tuple[str, ...] = ()

    @property
    def is_nothing(self) -> bool:
        return not self.on and not self.hosts


@dataclass(frozen=True, slots=True)
class Reachable:
    """`true`, `false`, or one or a list of hosts."""

    def read(self, entry: Entry, reader: Reader) -> Reach | None:
        value = entry.value
        if isinstance(value, Scalar) and value.text.casefold() in TRUE | FALSE:
            return Reach(value.text.casefold() in TRUE)
        if isinstance(value, Sequence) and not value.items:
            message = f"{show(entry.key.text)} is an empty list"
            reader.note(entry.key, "empty", message, "Write `false` for no network.")
            return None
        if isinstance(value, Mapping):
            message = f"{show(entry.key.text)} must be `true`, `false` or hosts, and is a mapping"
            reader.note(entry.key, "wrong-type", message, HOW)
            return None
        read = [_host(scalar, reader) for scalar in reader.texts(entry)]
        return (
            Reach(False, tuple(dict.fromkeys(filter(None, read)))) if all(read) and read else None
        )

    def schema(self) -> Json:
        item = {"type": "string", "pattern": PATTERN}
        return {
            "anyOf": [{"type": "boolean"}, item, {"type": "array", "items": item, "minItems": 1}]
        }


def _host(scalar: Scalar, reader: Reader) -> str:
    """As it is kept; empty after noting what is wrong."""
    text = scalar.text.strip().removesuffix(".").lower()
    try:
        read = host("" if text in _NOTHING | _ALL else text)
    except ValueError:
        message, suggestion = _mistake(text)
        reader.note(scalar, "bad-host", f"{show(scalar.text)} {message}", suggestion)
        return ""
    if why := _unreachable(read):
        reader.note(scalar, "bad-host", f"{show(scalar.text)} is {why}, which no job reaches")
        return ""
    return text


def _unreachable(read: Host) -> str:
    if read.name == "localhost" or read.name.endswith(".localhost"):
        return "the machine itself"
    try:
        return kind(ipaddress.ip_address(read.name))
    except ValueError:
        return ""


def _mistake(text: str) -> tuple[str, str]:
    """What it is instead of a host, and what to write."""
    if text in _ALL:
        return "is no host", "Write `network: true`, without a list, for all hosts."
    if text in _NOTHING:
        return "is no host", "Write `network: false` for no network."
    if "://" in text:
        return "is a URL, and a host is wanted", _instead(text.partition("://")[2])
    if re.fullmatch(r"[0-9a-f.:\[\]]+/[0-9]{1,3}", text) or re.fullmatch(r"[0-9.]+-[0-9.]+", text):
        return "is a range of addresses", "Write the names of the hosts, each by itself."
    if "@" in text:
        user_at, _, path = text.rpartition("@")[2].partition(":")
        return "names a user, and a host is wanted", _instead(f"{user_at}:22" if path else user_at)
    if "/" in text:
        return "holds a path, and a host is wanted", _instead(text)
    name, colon, port = text.rpartition(":")
    if colon and _is_host(name) and not (port.isdecimal() and int(port) in PORTS):
        return "has a port that is none", f"Ports are 1 to {PORTS[-1]}."
    if text.count(":") > 1:
        return "is no host", "Write an address of IPv6 in brackets: `[2001:db8::1]`."
    if "*" in text:
        end = text.rpartition("*")[2].lstrip("-.")
        suggestion = f"Write {show('*.' + end)}." if _is_host(end) else HOW
        return "has a `*` that stands for more or less than the first names", suggestion
    if not text.isascii():
        return "is no host as the network knows it", _in_ascii(text)
    return "is not the name of a host", HOW


def _instead(text: str) -> str:
    """The host at the beginning of a text."""
    found = re.split(r"[/?#]", text.rpartition("@")[2], maxsplit=1)[0]
    return f"Write {show(found)}." if _is_host(found) else HOW


def _is_host(text: str) -> bool:
    try:
        return bool(host(text))
    except ValueError:
        return False


def _in_ascii(text: str) -> str:
    try:
        return f"Write {show(text.encode('idna').decode())}."
    except UnicodeError:
        return HOW
