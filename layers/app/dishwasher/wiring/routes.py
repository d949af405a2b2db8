"""Every route of the embedded server, over one house."""

from __future__ import annotations

from collections.abc import Callable

from dishwasher.github.people import GithubPeople
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
from dishwasher.wiring.local import House, derive
from dishwasher.wiring.settings import Settings

UPLOADS = "/uploads/"


def promised(house: House) -> Callable[[str], int]:
    """Path → bytes that its body may have because we have asked for just that upload."""

    def size(path: str) -> int:
        token = path.removeprefix(UPLOADS)
        return 0 if token == path else house.blobs.expected(token)

    return size


def routes(house: House, settings: Settings, ready: Callable[[], bool]) -> Router:
    people = _people(house, settings)
    readers = Readers(house.clock, derive(settings.webhook_secret.encode(), "sessions"), people)
    pages = Pages(
        house.store, house.blobs, house.clock, Assets(), settings.url, login=people is not None
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


def _people(house: House, settings: Settings) -> GithubPeople | None:
    """None where the App's client id and secret are not set: then nobody can log in."""
    if not (settings.client_id and settings.client_secret):
        return None
    login = settings.client_id, settings.client_secret
    return GithubPeople(house.app, settings.url, settings.api_url, *login)
