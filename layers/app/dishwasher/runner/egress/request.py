"""The head of what a client asks a proxy for: `CONNECT host:port`, or a URL in whole.

https://www.rfc-editor.org/rfc/rfc9112#section-3.2; strict, for two readers of one request must
not see two requests.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv6Address

from dishwasher.core.host import LONGEST, NAME, PORTS
from dishwasher.errors import UserError

END = b"\r\n\r\n"
MOST = 64 * 1024
"""Bytes of a head: more than any server takes; cookies and tokens fill some."""
ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
_NAMES = {
    400: "Bad Request",
    403: "Forbidden",
    408: "Request Timeout",
    431: "Request Header Fields Too Large",
    502: "Bad Gateway",
    504: "Gateway Timeout",
}
# Of one connection alone, and those that would keep it: https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1
_HOP = frozenset(b"connection keep-alive proxy-connection proxy-authorization te upgrade".split())
_LINE = re.compile(rb"([A-Z]{1,20}) ([\x21-\x7e]+) HTTP/1\.[01]")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)")
_URL = re.compile(rb"(?i:http)://(?:[^@/?#]*@)?([^/?#]+)(/[^#]*|\?[^#]*|)(?:#.*)?")
_AUTHORITY = re.compile(rf"({NAME}\.?|\[[0-9a-f:.]+\])(?::([0-9]{{1,5}}))?")


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom a client wants to reach, and for HTTP what it says."""

    name: str
    """In lower case; of an IPv6 address without brackets."""
    port: int
    method: bytes = b""
    """Empty for a tunnel, to which all else belongs not."""
    path: bytes = b""
    fields: bytes = b""
    """Header lines for the next one, with their ends."""
    body: int | None = 0
    """Bytes that follow; None when only they themselves tell."""

    @property
    def authority(self) -> str:
        return f"[{self.name}]:{self.port}" if ":" in self.name else f"{self.name}:{self.port}"

    def head(self, target: str = "", more: bytes = b"") -> bytes:
        """For the server; with a `target` (host and port), for a proxy on the way to it."""
        url = b"http://" + target.encode() if target else b""
        return b"%s %s%s HTTP/1.1\r\n%s%sConnection: close\r\n\r\n" % (
            *(self.method, url, self.path, self.fields, more),
        )


def read(head: bytes) -> Asked:
    """All up to END, that included; raises UserError for what is no request to a proxy."""
    line, *rest = head[: -len(END)].split(b"\r\n")
    found = _LINE.fullmatch(line)
    if found is None:
        raise UserError("This is no request of HTTP/1.")
    method, target = found[1], found[2]
    fields = [_field(one) for one in rest]
    if method == b"CONNECT":
        name, port = _authority(target, 0)
        return Asked(name, port)
    url = _URL.fullmatch(target)
    if url is None:
        raise UserError("This is the proxy of a job: ask it for http:// and for CONNECT only.")
    name, port = _authority(url[1], 80)
    path = url[2] if url[2].startswith(b"/") else b"/" + url[2]
    return Asked(name, port, method, path, _kept(fields, url[1]), _body(fields))


def _field(line: bytes) -> tuple[bytes, bytes]:
    found = _FIELD.fullmatch(line)
    if found is None:
        raise UserError("A header of this request is none.")
    return found[1], found[2].rstrip()


def _authority(data: bytes, usual: int) -> tuple[str, int]:
    text = data.decode("ascii", "replace").lower()
    found = _AUTHORITY.fullmatch(text)
    port = int(found[2] or usual) if found else 0
    if found is None or port not in PORTS or len(text) > LONGEST:
        raise UserError("The host of this request is none.")
    name = found[1].removesuffix(".")
    if name.startswith("["):
        try:
            name = str(IPv6Address(name[1:-1]))
        except ValueError as error:
            raise UserError("The address of this request is none.") from error
    return name, port


def _kept(fields: list[tuple[bytes, bytes]], authority: bytes) -> bytes:
    named = {
        one.strip().lower()
        for name, value in fields
        if name.lower() == b"connection"
        for one in value.split(b",")
    }
    dropped = _HOP | named | {b"host"}
    kept = [(b"Host", authority), *(one for one in fields if one[0].lower() not in dropped)]
    return b"".join(b"%s: %s\r\n" % one for one in kept)


def _body(fields: list[tuple[bytes, bytes]]) -> int | None:
    lengths = {value for name, value in fields if name.lower() == b"content-length"}
    if any(name.lower() == b"transfer-encoding" for name, _ in fields):
        if lengths:
            raise UserError("This request has two lengths.")
        return None
    if not lengths:
        return 0
    length = lengths.pop()
    if lengths or not re.fullmatch(rb"[0-9]{1,18}", length):
        raise UserError("The length of this request is none.")
    return int(length)


def answer(status: int, words: str) -> bytes:
    """Of our own, with a sentence for who looks at it."""
    body = f"{words}\n".encode("utf-8", "replace")
    head = f"HTTP/1.1 {status} {_NAMES[status]}\r\nContent-Type: text/plain; charset=utf-8\r\n"
    return f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body
