"""What waitress refuses before a request is whole: doubled headers, bodies too large for a path.

Both belong to the parser: the default takes any body up to one limit into a temporary file, and
joins doubled headers with a comma, after which nobody can tell.
"""

from __future__ import annotations

from dataclasses import dataclass

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError

LARGE_PATH = "/uploads/"
LARGE_BODY = 2 * 1024 * 1024 * 1024
"""Bytes of one artifact; a job's own limits are lower, this one guards the disk."""
BODY = 64 * 1024 * 1024
"""Bytes of any other body. Each route has its own, lower limit and answers 413 itself; above this
one the body is not even read, which many clients see as a broken connection."""
HEADERS = 64 * 1024
IN_MEMORY = 512 * 1024
"""Bytes of a body beyond which it waits in a temporary file."""

LISTS = frozenset({"ACCEPT", "CACHE_CONTROL", "COOKIE", "FORWARDED", "VIA", "X_FORWARDED_FOR"})
"""Headers that browsers and proxies may repeat (RFC 9110, section 5.3) and that nobody trusts."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The parser's view of waitress' settings, with a body limit that fits the path."""

    max_request_body_size: int
    max_request_header_size: int = HEADERS
    inbuf_overflow: int = IN_MEMORY
    url_scheme: str = "http"


SMALL = Limits(BODY)
LARGE = Limits(LARGE_BODY)


class _Once(dict[str, str]):
    """Headers while they are parsed: storing one twice is an error."""

    def __setitem__(self, name: str, value: str) -> None:
        if name in self and name not in LISTS:
            raise ParsingError("A header stands twice")
        super().__setitem__(name, value)


class Parser(HTTPRequestParser):  # type: ignore[misc]  # waitress has no types
    def parse_header(self, header_plus: bytes) -> None:
        self.adj = SMALL
        self.headers: dict[str, str] = _Once()
        super().parse_header(header_plus)
        self.headers = dict(self.headers)
        if self.path.startswith(LARGE_PATH):
            self.adj = LARGE


class Channel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    parser_class = Parser
