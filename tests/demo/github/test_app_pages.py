"""An app that is made from a manifest, as the browser of whoever makes it sees it."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from html import unescape
from typing import Any

import pytest
from dishwasher.demo.github import StandIn
from dishwasher.errors import Gone
from dishwasher.github import manifest
from dishwasher.github.manifest import Made, convert

BACK = "http://127.0.0.1:9/back"


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


OPENER = urllib.request.build_opener(NoRedirect)


def post(url: str, **fields: str) -> tuple[int, str, str]:
    """Status, body and where it leads."""
    data = urllib.parse.urlencode(fields).encode()
    try:
        with OPENER.open(urllib.request.Request(url, data), timeout=5) as answer:
            return answer.status, answer.read().decode(), ""
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(), error.headers.get("Location", "")


def ask(github: StandIn, organisation: str = "", **changes: object) -> tuple[int, str, str]:
    whole = json.loads(manifest.manifest("dishwasher-acme", "https://ci.example.com", BACK))
    url = manifest.creation_url(github.url, organisation, "the state")
    return post(url, manifest=json.dumps({**whole, **changes}))


def agree(github: StandIn, page: str, organisation: str = "") -> str:
    """Press the button; where that leads."""
    fields = {
        name: unescape(value)
        for name, value in re.findall(r'<input[^>]* name="(\w+)" value="([^"]*)"', page)
    }
    (action,) = re.findall(r'<form method="post" action="([^"]+)"', page)
    status, _, place = post(github.url + action, **fields)
    assert status == 302
    return place


def made_by(github: StandIn, place: str) -> Made:
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(place).query)
    assert query["state"] == ["the state"]
    return convert(github.api_url, query["code"][0])


def test_a_manifest_becomes_an_app_of_the_person_who_agrees(github: StandIn) -> None:
    github.sign_in("alice")
    status, page, _ = ask(github)
    assert status == 200 and "Create GitHub App for alice" in page
    place = agree(github, page)
    assert place.startswith(BACK + "?code=")
    made = made_by(github, place)
    app = github.world.apps[made.id]
    assert (made.slug, made.owner.login) == ("dishwasher-acme", "alice")
    assert (made.pem, made.webhook_secret) == (app.private_key, app.webhook_secret)
    assert app.permissions == manifest.asked().permissions
    assert app.events == set(manifest.asked().events)
    assert app.webhook_url == "https://ci.example.com/webhook"
    assert made.pem not in repr(made) and made.webhook_secret not in repr(made)


def test_an_organisations_app_is_owned_by_it(github: StandIn) -> None:
    github.add_user("acme", organization=True)
    status, page, _ = ask(github, "acme")
    assert status == 200
    assert made_by(github, agree(github, page)).owner.login == "acme"
    assert ask(github, "nobody")[0] == 422


def test_a_code_is_good_once_and_for_an_hour(github: StandIn) -> None:
    code = agree(github, ask(github)[1]).partition("code=")[2].partition("&")[0]
    convert(github.api_url, code)
    with pytest.raises(Gone, match="used already, or is older than an hour"):
        convert(github.api_url, code)
    late = agree(github, ask(github, name="second")[1]).partition("code=")[2].partition("&")[0]
    github.clock.advance(manifest.CODE_SECONDS)
    with pytest.raises(Gone):
        convert(github.api_url, late)


def test_a_name_that_is_taken_is_told_on_the_page(github: StandIn) -> None:
    agree(github, ask(github)[1])
    fields = {"manifest": manifest.manifest("dishwasher-acme", "https://a.example", BACK)}
    status, page, _ = post(f"{github.url}/settings/apps/manifest", **fields)
    assert status == 200 and "Name is already taken" in page


@pytest.mark.parametrize(
    "changes",
    [
        {"default_events": ["installation"]},
        {"default_events": ["tea"]},
        {"default_permissions": {"checks": "write"}},
        {"default_permissions": {"checks": "everything"}},
        {"hook_attributes": {"url": ""}},
        {"redirect_url": "javascript:alert(1)"},
        {"name": "x" * 35},
        {"nonsense": 1},
        {"callback_urls": ["https://a.example"] * 11},
    ],
)
def test_a_manifest_that_github_refuses(github: StandIn, changes: dict[str, object]) -> None:
    status, page, _ = ask(github, **changes)
    assert status == 422 and 'role="alert"' in page


def test_it_is_installed_by_its_page(github: StandIn) -> None:
    github.add_user("acme", organization=True)
    made = made_by(github, agree(github, ask(github)[1]))
    status, _, place = post(f"{made.html_url}/installations/new", account="acme")
    assert status == 302
    with urllib.request.urlopen(place, timeout=5) as answer:
        assert "Installed on <b>acme</b>" in answer.read().decode()
    (installed,) = github.world.installations.values()
    assert installed.permissions == manifest.asked().permissions
