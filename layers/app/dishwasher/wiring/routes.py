"""Every route of the embedded server, over one house."""

from __future__ import annotations

from collections.abc import Callable

from dishwasher.http.caches import Caches, Downloads
from dishwasher.http.health import Health
from dishwasher.http.jobs import Jobs, Uploads
from dishwasher.http.pages import Site
from dishwasher.http.router import Router
from dishwasher.http.webhook import Webhook
from dishwasher.web.assets import Assets
from dishwasher.web.pages import Pages
from dishwasher.wiring.local import House
from dishwasher.wiring.settings import Settings

UPLOADS = "/uploads/"


def promised(house: House) -> Callable[[str], int]:
    """Path → bytes that its body may have because we have asked for just that upload."""

    def size(path: str) -> int:
        token = path.removeprefix(UPLOADS)
        return 0 if token == path else house.blobs.expected(token)

    return size


def routes(house: House, settings: Settings, ready: Callable[[], bool]) -> Router:
    pages = Pages(house.store, house.blobs, house.clock, Assets(), settings.url)
    site = Site(pages, house.blobs, house.address.public)
    parts = (
        Health(ready),
        Webhook(house.accept),
        Jobs(house.attempts, house.settle),
        Uploads(house.blobs.receive),
        Caches(house.caches),
        Downloads(house.blobs.shown, house.blobs),
        site,
    )
    return Router((route for part in parts for route in part.routes()), site.missing)
