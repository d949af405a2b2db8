"""GET /metrics: numbers for a monitoring system."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dishwasher.http.message import Request, Response
from dishwasher.http.router import Route

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""https://prometheus.io/docs/instrumenting/exposition_formats/#basic-info"""


@dataclass(frozen=True, slots=True)
class Metrics:
    render: Callable[[], str]

    def routes(self) -> Iterator[Route]:
        yield Route("GET", "/metrics", self.get)

    def get(self, request: Request) -> Response:
        headers = (("content-type", CONTENT_TYPE), ("cache-control", "no-store"))
        return Response(200, headers, self.render().encode())
