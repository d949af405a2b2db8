"""An HTTP request and its answer as values, whoever received the one and sends the other."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, TypeVar
from urllib.parse import parse_qsl

from dishwasher.core.codec import decode, encode
from dishwasher.errors import Refused, UserError

T = TypeVar("T")

QUERY_FIELDS = 32
"""More query fields than any route knows are a mistake or an attack."""


class TooLarge(UserError):
    """The body is longer than the route takes."""


class Unreadable(UserError):
    """The body is not what its length, checksum or type promise; sending it again may help."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request; the path is decoded, header names are in lower case and each stands once."""

    method: str
    path: str
    stream: BinaryIO
    """The body, which may be too large for memory; it ends where the body ends."""
    length: int = 0
    """Bytes of the body."""
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self, limit: int) -> bytes:
        """The whole body; raises TooLarge above the limit and Unreadable when it is cut short."""
        if self.length > limit:
            raise TooLarge(f"the body has {self.length} bytes; at most {limit} are taken")
        data = self.stream.read(self.length) if self.length else b""
        if len(data) != self.length:
            raise Unreadable(f"the body ended after {len(data)} of {self.length} bytes")
        return data

    def bearer(self) -> str:
        """The bearer token; raises Refused where there is none."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Refused("this needs an Authorization header with a bearer token")
        return token.strip()

    def number(self, name: str, default: int | None = None) -> int:
        """A query field as a natural number; raises UserError."""
        text = self.query.get(name, "")
        if not text and default is not None:
            return default
        # isascii: "²".isdigit() is true and int("²") raises; 18 digits stay below 2**63.
        if not (text.isascii() and text.isdigit() and len(text) <= 18):
            raise UserError(f"the query field {name!r} must be a number of at most 18 digits")
        return int(text)


@dataclass(frozen=True, slots=True)
class Response:
    """An answer; an iterable body is streamed and must know its length by a header."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | Iterable[bytes] = b""


def query_from(text: str) -> dict[str, str]:
    """The query string; of a repeated field the first is kept. Raises UserError."""
    if not text:
        return {}
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=QUERY_FIELDS)
    except ValueError as error:
        raise UserError(f"the query has more than {QUERY_FIELDS} fields") from error
    query: dict[str, str] = {}
    for name, value in pairs:
        query.setdefault(name, value)
    return query


def text(status: int, message: str, *headers: tuple[str, str]) -> Response:
    """A line of plain text for people with curl."""
    kind = ("content-type", "text/plain; charset=utf-8")
    return Response(status, (kind, *headers), (message + "\n").encode())


def reply(value: object, status: int = 200) -> Response:
    """A dataclass, or JSON values, as a JSON body."""
    body = json.dumps(encode(value), separators=(",", ":")).encode()
    return Response(status, (("content-type", "application/json"),), body)


def parse(request: Request, kind: type[T], limit: int) -> T:
    """The body as a value of this dataclass; raises UserError that names the place."""
    try:
        data: Any = json.loads(request.body(limit))
        return decode(kind, data)
    # RecursionError: 100,000 nested arrays; ValueError: bad UTF-8, huge integers, wrong shapes.
    except (ValueError, RecursionError) as error:
        reason = str(error) or type(error).__name__
        raise UserError(f"the body is not the JSON that this route takes: {reason}") from error
