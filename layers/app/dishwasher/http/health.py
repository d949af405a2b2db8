"""GET /healthz: whether this server is ready for work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dishwasher.http.message import Request, Response, reply
from dishwasher.http.router import Route


@dataclass(frozen=True, slots=True)
class Health:
    """`ready` looks at what the server needs; false while it starts or stops."""

    ready: Callable[[], bool]

    def routes(self) -> Iterator[Route]:
        yield Route("GET", "/healthz", self.get)

    def get(self, request: Request) -> Response:
        if self.ready():
            return reply({"status": "ready"})
        return reply({"status": "not ready"}, 503)
