"""Every route of the embedded server, over one house."""

from __future__ import annotations

from collections.abc import Callable

from dishwasher.http.health import Health
from dishwasher.http.jobs import Jobs, Uploads
from dishwasher.http.message import Request, Response, text
from dishwasher.http.router import Router
from dishwasher.http.webhook import Webhook
from dishwasher.wiring.local import House
from dishwasher.wiring.settings import Settings


def routes(house: House, settings: Settings, ready: Callable[[], bool]) -> Router:
    parts = (
        Health(ready),
        Webhook(house.accept),
        Jobs(house.attempts, house.settle),
        Uploads(house.blobs.receive),
    )
    return Router((route for part in parts for route in part.routes()), missing)


def missing(request: Request) -> Response:
    return text(404, "there is nothing here")
