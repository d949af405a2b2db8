"""The App manifest: what Dishwasher asks for on GitHub, and the exchange that creates the App.

https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import quote

from dishwasher.errors import Gone, InfraError, Rejected, UserError
from dishwasher.github import answer as answers
from dishwasher.github.answer import Missing, read
from dishwasher.github.client import Call, Client

LONGEST_NAME = 34
"""Characters of an App's name: https://docs.github.com/en/apps/creating-github-apps/registering-a-github-app/registering-a-github-app"""
CODE_SECONDS = 3600.0
"""For how long GitHub exchanges the code."""
LOGIN = "/login/callback"
"""Where GitHub sends people back who log in on our pages."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Levels by permission, and the events that an App must subscribe to."""

    permissions: dict[str, str]
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Owner:
    login: str


@dataclass(frozen=True, slots=True)
class Made:
    """What GitHub tells of a new App once and never again; no repr shows the secrets."""

    id: int
    slug: str
    name: str
    html_url: str
    client_id: str
    owner: _Owner
    client_secret: str
    webhook_secret: str
    pem: str

    def __repr__(self) -> str:
        return f"Made(id={self.id}, slug={self.slug!r})"


@cache
def _stored() -> dict[str, Any]:
    text = files("dishwasher.github").joinpath("manifest.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def asked() -> Asked:
    """What the App needs to be granted, and to hear."""
    stored = _stored()
    return Asked(dict(stored["default_permissions"]), tuple(stored["default_events"]))


def manifest(name: str, public_url: str, redirect_url: str) -> str:
    """The JSON that is posted to GitHub's page; raises UserError for a name that it refuses."""
    if not 0 < len(name) <= LONGEST_NAME:
        raise UserError(f"GitHub allows App names of 1 to {LONGEST_NAME} characters: give --name")
    return json.dumps(
        {
            **_stored(),
            "name": name,
            "url": public_url,
            "hook_attributes": {"url": f"{public_url}/webhook", "active": True},
            "redirect_url": redirect_url,
            "callback_urls": [public_url + LOGIN],
        }
    )


def creation_url(url: str, organisation: str, state: str) -> str:
    """The page of GitHub to post the manifest to."""
    owner = f"/organizations/{quote(organisation, safe='')}" if organisation else ""
    return f"{url}{owner}/settings/apps/new?state={quote(state, safe='')}"


def convert(api: str, code: str) -> Made:
    """The App's credentials for the code that GitHub sent the browser back with.

    Raises Gone when the code is wrong, too old or used already.
    """
    client = Client(api)
    call = Call("POST", f"/app-manifests/{quote(code, safe='')}/conversions")
    # The code is a secret until it is used, and these texts are shown.
    what = "the exchange of the code"
    try:
        answer = client.send(call)
    except InfraError:
        raise InfraError(f"{what}: GitHub's API at {api} can not be reached") from None
    finally:
        client.close()
    error = answers.fault(answer, what, once=False)
    if isinstance(error, Missing | Rejected):
        raise Gone(
            "GitHub does not know this code: it was used already, or is older than an hour"
        ) from error
    if error is not None:
        raise error if isinstance(error, InfraError | Gone) else InfraError(str(error))
    return read(Made, answers.value(answer, what, once=False), what)
