"""How an app comes to be: by a test's hand, or from a manifest that a browser brings."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from dishwasher.demo.github.accounts import LEVELS, AccountKind, App, User
from dishwasher.demo.github.repositories import make_user
from dishwasher.demo.github.world import World

__all__ = ["Unusable", "Wanted", "parse", "redeem", "register"]

# https://docs.github.com/apps/creating-github-apps/registering-a-github-app/registering-a-github-app
MAX_NAME = 34
MAX_CALLBACKS = 10
# https://docs.github.com/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
CODE_SECONDS = 3600
KEYS = frozenset(
    """name url hook_attributes redirect_url callback_urls setup_url description public
    default_events default_permissions request_oauth_on_install setup_on_update""".split()  # noqa: SIM905
)
# Those come to every app, and no manifest may ask for them.
ALWAYS = frozenset(
    {"installation", "installation_repositories", "github_app_authorization", "ping"}
)
# Which permission an event needs. https://docs.github.com/webhooks/webhook-events-and-payloads
NEEDS: Mapping[str, str] = {
    "check_run": "checks",
    "check_suite": "checks",
    "create": "contents",
    "delete": "contents",
    "deployment": "deployments",
    "deployment_status": "deployments",
    "issue_comment": "issues",
    "merge_group": "merge_queues",
    "pull_request": "pull_requests",
    "pull_request_review": "pull_requests",
    "push": "contents",
    "repository": "metadata",
    "repository_dispatch": "contents",
    "status": "statuses",
}


class Unusable(Exception):
    """GitHub shows this sentence instead of its page."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An app as somebody asks for it."""

    name: str
    webhook_url: str = ""
    permissions: Mapping[str, str] = field(default_factory=dict)
    events: tuple[str, ...] = ()
    url: str = ""
    redirect_url: str = ""


@cache
def key_pair() -> tuple[str, str]:
    """(private, public) PEM. One pair for all apps of a process: making one takes 0.1 s."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()


def register(world: World, owner: User, wanted: Wanted, webhook_secret: str = "") -> App:
    """A new app with its bot account."""
    private, public = key_pair()
    slug = re.sub(r"[^a-z0-9]+", "-", wanted.name.lower()).strip("-")
    bot = make_user(world, f"{slug}[bot]", AccountKind.bot)
    app = App(
        id=world.new_id(),
        slug=slug,
        name=wanted.name,
        client_id=f"Iv23li{secrets.token_hex(7)}",
        owner_id=owner.id,
        bot_id=bot.id,
        hook_id=world.new_id(),
        webhook_url=wanted.webhook_url,
        webhook_secret=webhook_secret or secrets.token_hex(20),
        private_key=private,
        public_key=public,
        permissions={"metadata": "read", **wanted.permissions},
        events=frozenset(wanted.events),
        created_at=world.clock.now(),
        client_secret=secrets.token_hex(20),
        external_url=wanted.url,
    )
    world.apps[app.id] = app
    return app


def code_for(world: World, app: App) -> str:
    """What the browser carries back: exchanged once, within an hour."""
    code = secrets.token_hex(20)
    world.codes[code] = (app.id, world.clock.now() + CODE_SECONDS)
    return code


def redeem(world: World, code: str) -> App | None:
    app_id, until = world.codes.pop(code, (0, 0.0))
    return world.apps.get(app_id) if world.clock.now() < until else None


def parse(text: str) -> Wanted:
    """What a manifest asks for; raises Unusable in the words of GitHub's page."""
    try:
        found: Any = json.loads(text)
    except ValueError as problem:
        raise Unusable("Error parsing manifest: it is no JSON") from problem
    if not isinstance(found, dict) or not isinstance(found.get("name"), str):
        raise Unusable('Error: "name" wasn\'t supplied')
    if unknown := sorted(found.keys() - KEYS):
        raise Unusable(f"Error: {unknown[0]!r} is no key of a manifest")
    hook = found.get("hook_attributes") or {}
    for name, url in (
        ("url", found.get("url")),
        ("hook_attributes.url", hook.get("url")),
        ("redirect_url", found.get("redirect_url")),
        *(("callback_urls", url) for url in found.get("callback_urls", ())),
    ):
        if not isinstance(url, str) or urlsplit(url).scheme not in ("http", "https"):
            raise Unusable(f"Error: {name} is no URL")
    if len(found["name"]) > MAX_NAME or not found["name"]:
        raise Unusable(f"Name is too long (maximum is {MAX_NAME} characters)")
    if len(found.get("callback_urls", ())) > MAX_CALLBACKS:
        raise Unusable("Error: too many callback URLs")
    permissions, events = found.get("default_permissions", {}), found.get("default_events", [])
    for name, level in permissions.items():
        if level not in LEVELS:
            raise Unusable(f"Error: {level!r} is no level of {name}")
    for event in events:
        if event in ALWAYS or event not in NEEDS:
            raise Unusable(f"Default events unsupported: {event}")
        if NEEDS[event] not in permissions:
            raise Unusable(f"Default events are not supported by permissions: {event}")
    return Wanted(
        found["name"],
        hook["url"],
        permissions,
        tuple(events),
        found["url"],
        found["redirect_url"],
    )
