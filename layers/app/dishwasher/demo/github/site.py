"""What a browser sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dishwasher.demo.github.wire import Request, Response

if TYPE_CHECKING:
    from dishwasher.demo.github.standin import StandIn

__all__ = ["Site"]


class Site:
    def __init__(self, standin: StandIn) -> None:
        self._standin = standin

    def serve(self, request: Request) -> Response:
        return Response(404, b"Not Found\n", (("Content-Type", "text/plain"),))
