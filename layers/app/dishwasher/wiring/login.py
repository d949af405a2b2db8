"""Who vouches for people that log in on the pages."""

from __future__ import annotations

from dishwasher.github.app import GithubApp
from dishwasher.github.people import GithubPeople
from dishwasher.wiring.settings import Settings


def people(app: GithubApp, settings: Settings) -> GithubPeople | None:
    """None where the App's client id and secret are not set: then nobody can log in."""
    if not (settings.client_id and settings.client_secret):
        return None
    login = settings.client_id, settings.client_secret
    return GithubPeople(app, settings.url, settings.api_url, *login)
