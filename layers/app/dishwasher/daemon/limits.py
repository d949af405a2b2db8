"""What waitress refuses before a request is whole: doubled headers, bodies too large for a path.

Both belong to the parser: the default takes any body up to one limit into a temporary file, and
joins doubled headers with a comma, after which nobody can tell. And whom it hangs up on when too
many are connected: by default it takes no one new, so that a few hundred silent connections shut
out GitHub and the runners.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError

BODY = 32 * 1024 * 1024
"""Bytes of a body, unless its path is promised more. Each route has its own, lower limit and
answers 413 itself; above this one the body is not even read, which many clients see as a broken
connection. Whoever sends it is not known yet, and it takes room on the disk."""
HEADERS = 64 * 1024
IN_MEMORY = 512 * 1024
"""Bytes of a body beyond which it waits in a temporary file."""

SPARE = 64
"""Connections below waitress' own limit from which on a new one takes the place of an old one."""

LISTS = frozenset({"ACCEPT", "CACHE_CONTROL", "COOKIE", "FORWARDED", "VIA", "X_FORWARDED_FOR"})
"""Headers that browsers and proxies may repeat (RFC 9110, section 5.3) and that nobody trusts."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The parser's view of waitress' settings, with a body limit that fits the path."""

    max_request_body_size: int
    max_request_header_size: int = HEADERS
    inbuf_overflow: int = IN_MEMORY
    url_scheme: str = "http"


Promised = Callable[[str], int]
"""Path of a request → bytes that its body may have by a promise of ours, mostly 0."""


class _Once(dict[str, str]):
    """Headers while they are parsed: storing one twice is an error."""

    def __setitem__(self, name: str, value: str) -> None:
        if name in self and name not in LISTS:
            raise ParsingError("A header stands twice")
        super().__setitem__(name, value)


class Parser(HTTPRequestParser):  # type: ignore[misc]  # waitress has no types
    def __init__(self, adj: Any, promised: Promised) -> None:
        super().__init__(adj)
        self._promised = promised

    def parse_header(self, header_plus: bytes) -> None:
        self.adj = Limits(BODY)
        self.headers: dict[str, str] = _Once()
        try:
            super().parse_header(header_plus)
        except ValueError as error:
            # From urlsplit, for `http://[`.
            raise ParsingError("Bad URI") from error
        self.headers = dict(self.headers)
        # One more, because waitress refuses a body of the limit itself.
        self.adj = Limits(max(BODY, self._promised(self.path) + 1))


class Channel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    """A connection; `quiet_since` (time.monotonic()) no request of it has come in whole."""

    def parser_class(self, adj: Any) -> Parser:
        promised: Promised = self.server.promised
        return Parser(adj, promised)

    def __init__(
        self, server: Any, sock: socket.socket, addr: Any, adj: Any, map: Any = None
    ) -> None:
        super().__init__(server, sock, addr, adj, map)
        self.quiet_since = time.monotonic()
        if len(server.active_channels) > adj.connection_limit - SPARE:
            self._take_a_place()

    def service(self) -> None:
        super().service()
        self.quiet_since = time.monotonic()

    def _take_a_place(self) -> None:
        """Have the connection closed that has let us wait for the longest time.

        Those that send a body go later than those that send nothing, because it may be a large
        artifact; those that do not take their answer go last.
        """
        if others := [channel for channel in self._others() if not channel.will_close]:
            oldest = min(others, key=lambda one: (one._rank(), one.quiet_since))
            # Not closed here: the loop may still have an event of its socket in hand. Shut down,
            # because the loop looks at a connection that takes nothing only when it has ended.
            oldest.will_close = True
            with suppress(OSError):
                oldest.socket.shutdown(socket.SHUT_RDWR)

    def _others(self) -> Iterator[Channel]:
        for channel in self.server.active_channels.values():
            if channel is not self and not channel.requests:
                yield channel

    def _rank(self) -> int:
        if self.total_outbufs_len:
            return 2
        return int(self.request is not None and bool(self.request.headers_finished))
