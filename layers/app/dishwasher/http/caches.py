"""The ticket routes of caches, and the embedded mode's stand-in for presigned downloads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from dishwasher.core.ticket import CacheFound, CacheLeave, CacheOffer, CacheQuery
from dishwasher.errors import Gone
from dishwasher.http.message import Request, Response, parse, reply
from dishwasher.http.router import Route
from dishwasher.http.span import Span
from dishwasher.ports import Blobs

WORD = 64 * 1024
"""Bytes of a query or an offer."""


class Kept(Protocol):
    """`flow.caches`, as these routes see it."""

    def find(self, attempt_id: str, token: str, query: CacheQuery) -> CacheFound: ...
    def offer(self, attempt_id: str, token: str, offer: CacheOffer) -> CacheLeave: ...
    def keep(self, attempt_id: str, token: str, offer: CacheOffer) -> None: ...


@dataclass(frozen=True, slots=True)
class Caches:
    caches: Kept

    def routes(self) -> Iterator[Route]:
        yield Route("POST", "/jobs/{attempt}/caches/find", self.find)
        yield Route("POST", "/jobs/{attempt}/caches/offer", self.offer)
        yield Route("POST", "/jobs/{attempt}/caches/keep", self.keep)

    def find(self, request: Request, attempt: str) -> Response:
        token = request.bearer()
        return reply(self.caches.find(attempt, token, parse(request, CacheQuery, WORD)))

    def offer(self, request: Request, attempt: str) -> Response:
        token = request.bearer()
        return reply(self.caches.offer(attempt, token, parse(request, CacheOffer, WORD)))

    def keep(self, request: Request, attempt: str) -> Response:
        token = request.bearer()
        self.caches.keep(attempt, token, parse(request, CacheOffer, WORD))
        return reply({})


Shown = Callable[[str], str]
"""The key that a download token is for; raises Refused for another."""


@dataclass(frozen=True, slots=True)
class Downloads:
    """GET /downloads/{token}: the URL is the permission."""

    shown: Shown
    blobs: Blobs

    def routes(self) -> Iterator[Route]:
        yield Route("GET", "/downloads/{token}", self.get)

    def get(self, request: Request, token: str) -> Response:
        key = self.shown(token)
        size = self.blobs.size(key)
        if size is None:
            raise Gone("that file is not there any more")
        headers = (
            ("content-type", "application/octet-stream"),
            ("content-length", str(size)),
            ("x-content-type-options", "nosniff"),
            ("cache-control", "private, no-store"),
        )
        body = Span(lambda start, end: self.blobs.get(key, start, end), 0, size)
        return Response(200, headers, body)
