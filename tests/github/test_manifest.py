"""The App manifest asks for exactly what the code calls and listens to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from dishwasher.core.payload import READERS
from dishwasher.demo.github import api
from dishwasher.demo.github.registering import ALWAYS, NEEDS
from dishwasher.demo.github.routes import ROUTES
from dishwasher.errors import Ambiguous, Gone, InfraError, UserError
from dishwasher.github import manifest
from dishwasher.github.auth import PERMISSIONS, Purpose, purpose_of

from tests.github.raw import HangUp, RawServer, Say

ROOT = Path(__file__).parents[2]
LEVELS = ("read", "write")


def highest(*granted: dict[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in granted:
        for name, level in one.items():
            found[name] = max(found.get(name, "read"), level, key=LEVELS.index)
    return found


def test_it_asks_for_what_the_tokens_and_the_events_need_and_for_nothing_else() -> None:
    asked = manifest.asked()
    events = {NEEDS[event]: "read" for event in asked.events}
    assert asked.permissions == highest(*PERMISSIONS.values(), events)


def test_it_hears_exactly_what_is_listened_to() -> None:
    assert set(manifest.asked().events) == READERS.keys() - ALWAYS


def test_each_call_may_be_made_with_the_token_that_it_gets() -> None:
    """By what GitHub wants for it, which the stand-in GitHub enforces."""
    api.load()
    below = "/repos/{owner}/{repo}/"
    checked = set()
    for route in ROUTES:
        if not route.template.startswith(below) or ":" not in route.needs[0]:
            continue
        purpose = purpose_of(route.template.removeprefix(below[:-1]))
        granted = PERMISSIONS[purpose]
        if route.method == "GET" or purpose is not Purpose.READ:
            wanted = [need.split(":") for need in route.needs]
            assert any(
                name in granted and LEVELS.index(granted[name]) >= LEVELS.index(level)
                for name, level in wanted
            ), f"{route.operation} needs {route.needs}, and the {purpose} token has {granted}"
            checked.add(purpose)
    assert checked == {Purpose.READ, Purpose.REPORT, Purpose.DEPLOY}


def test_the_file_in_infra_is_the_one_that_is_sent() -> None:
    shown = json.loads((ROOT / "infra/app-manifest.json").read_text("utf-8"))
    sent = json.loads(
        manifest.manifest("mine", "https://ci.example.com", "http://localhost:1/back")
    )
    assert sent.items() >= {**shown, "name": "mine"}.items()
    assert sent["hook_attributes"] == {"url": "https://ci.example.com/webhook", "active": True}
    assert sent["callback_urls"] == ["https://ci.example.com/login/callback"]


@pytest.mark.parametrize("name", ["", "x" * 35])
def test_a_name_that_github_refuses_is_told_before(name: str) -> None:
    with pytest.raises(UserError, match="--name"):
        manifest.manifest(name, "https://ci.example.com", "http://localhost:1/back")


def test_the_page_depends_on_who_shall_own_it() -> None:
    url = "https://github.com"
    assert manifest.creation_url(url, "", "a b") == f"{url}/settings/apps/new?state=a%20b"
    place = manifest.creation_url(url, "acme/../x", "s")
    assert place == f"{url}/organizations/acme%2F..%2Fx/settings/apps/new?state=s"


CONVERSION = "/app-manifests/c0de/conversions"


@pytest.mark.parametrize("status", [404, 422])
def test_a_code_that_github_does_not_know(raw: RawServer, status: int) -> None:
    raw.on("POST", CONVERSION, Say(status, {"message": "no"}))
    with pytest.raises(Gone, match="older than an hour"):
        manifest.convert(raw.url, "c0de")


@pytest.mark.parametrize("say", [Say(502, "<html>"), Say(201, {"id": 1}), HangUp])
def test_an_answer_that_is_none_does_not_tell_the_code(
    raw: RawServer, say: Say | type[HangUp]
) -> None:
    raw.on("POST", CONVERSION, say)
    with pytest.raises(InfraError) as caught:
        manifest.convert(raw.url, "c0de")
    assert "c0de" not in str(caught.value) and not isinstance(caught.value, Ambiguous)
    (asked,) = raw.requests("POST", CONVERSION)
    assert "authorization" not in asked.headers
