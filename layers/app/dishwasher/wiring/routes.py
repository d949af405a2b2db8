"""Every route of the embedded server, over one house."""

from __future__ import annotations

from collections.abc import Callable

from dishwasher.flow.tenancy import Tenancy
from dishwasher.http.caches import Caches, Downloads
from dishwasher.http.health import Health
from dishwasher.http.jobs import Jobs, Uploads
from dishwasher.http.metrics import Metrics
from dishwasher.http.pages import Site
from dishwasher.http.readers import Readers
from dishwasher.http.router import Router
from dishwasher.http.webhook import Webhook
from dishwasher.web.assets import Assets
from dishwasher.web.pages import Pages
from dishwasher.wiring.keys import derive
from dishwasher.wiring.local import House
from dishwasher.wiring.login import people
from dishwasher.wiring.settings import Settings

UPLOADS = "/uploads/"


def promised(house: House) -> Callable[[str], int]:
    """Path → bytes that its body may have because we have asked for just that upload."""

    def size(path: str) -> int:
        token = path.removeprefix(UPLOADS)
        return 0 if token == path else house.blobs.expected(token)

    return size


def routes(house: House, settings: Settings, ready: Callable[[], bool]) -> Router:
    found = people(house.app, settings)
    readers = Readers(
        house.clock,
        derive(settings.webhook_secret.encode(), "sessions"),
        found,
        Tenancy(house.store).shown,
    )
    pages = Pages(
        house.store, house.blobs, house.clock, Assets(), settings.url, login=found is not None
    )
    site = Site(pages, house.blobs, house.address.public, readers)
    parts = (
        Health(ready),
        Metrics(house.metrics),
        Webhook(house.accept),
        Jobs(house.attempts, house.settle),
        Uploads(house.blobs.receive),
        Caches(house.caches),
        Downloads(house.blobs.shown, house.blobs),
        site,
    )
    return Router((route for part in parts for route in part.routes()), site.missing)
