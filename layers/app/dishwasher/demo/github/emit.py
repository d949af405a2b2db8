"""Raise an event: one delivery for each app that is installed where it happened and wants it."""

from __future__ import annotations

import uuid
from typing import Any

from dishwasher.demo.github.accounts import App, Installation
from dishwasher.demo.github.hooks import Delivery
from dishwasher.demo.github.model import Repository
from dishwasher.demo.github.shapes.account import installation as installation_shape
from dishwasher.demo.github.shapes.account import node_id, user
from dishwasher.demo.github.shapes.repository import hooked, name_only
from dishwasher.demo.github.world import World

__all__ = ["emit", "emit_chosen", "emit_installation", "emit_ping", "in_repository"]

Json = dict[str, Any]


def in_repository(
    world: World, repository: Repository, sender_id: int, epoch: bool = False
) -> Json:
    """What every payload about a repository ends with."""
    return {
        "repository": hooked(world, repository, epoch),
        "sender": user(world, world.users[sender_id]),
    }


def emit(
    world: World,
    event: str,
    repository: Repository,
    payload: Json,
    *,
    only_app: int | None = None,
) -> None:
    """Deliver to each app on the repository (or to one); the GUID is the event's, shared by all."""
    guid = str(uuid.uuid4())
    for installation in world.installations.values():
        app = world.apps[installation.app_id]
        wanted = event in installation.events and only_app in (None, app.id)
        if wanted and installation.suspended_at is None and world.sees(installation, repository):
            stub = {"id": installation.id, "node_id": node_id("Installation", installation.id)}
            body = payload | {"installation": stub}
            _send(world, app, guid, event, body, installation.id, repository.id)


def emit_installation(
    world: World, action: str, installation: Installation, sender_id: int, **extra: Any
) -> None:
    """`installation` and its kin go to the app itself, subscribed or not."""
    repositories = [
        name_only(world, repository)
        for repository in world.repositories.values()
        if world.sees(installation, repository)
    ]
    payload = {
        "action": action,
        "installation": installation_shape(world, installation),
        "repositories": repositories,
        "requester": None,
        "sender": user(world, world.users[sender_id]),
    }
    app = world.apps[installation.app_id]
    _send(world, app, str(uuid.uuid4()), "installation", payload | extra, installation.id, None)


def emit_chosen(
    world: World, action: str, installation: Installation, repositories: list[Json]
) -> None:
    """`installation_repositories`: these were added or removed."""
    payload = {
        "action": action,
        "installation": installation_shape(world, installation),
        "repository_selection": "selected",
        "repositories_added": repositories if action == "added" else [],
        "repositories_removed": repositories if action == "removed" else [],
        "requester": None,
        "sender": user(world, world.users[installation.account_id]),
    }
    app = world.apps[installation.app_id]
    event = "installation_repositories"
    _send(world, app, str(uuid.uuid4()), event, payload, installation.id, None)


def emit_ping(world: World, app: App) -> None:
    payload = {
        "zen": "Anything added dilutes everything else.",
        "hook_id": app.hook_id,
        "hook": {
            "type": "App",
            "id": app.hook_id,
            "name": "web",
            "active": True,
            "events": sorted(app.events),
            "config": {"content_type": "json", "insecure_ssl": "0", "url": app.webhook_url},
            "updated_at": "2026-01-01T00:00:00Z",
            "created_at": "2026-01-01T00:00:00Z",
            "app_id": app.id,
            "deliveries_url": f"{world.api_url}/app/hook/deliveries",
        },
    }
    _send(world, app, str(uuid.uuid4()), "ping", payload, None, None)


def _send(
    world: World,
    app: App,
    guid: str,
    event: str,
    payload: Json,
    installation_id: int | None,
    repository_id: int | None,
) -> None:
    if not app.webhook_url:
        return
    delivery = Delivery(
        id=world.new_id(),
        guid=guid,
        app_id=app.id,
        event=event,
        action=payload.get("action"),
        installation_id=installation_id,
        repository_id=repository_id,
        payload=payload,
        created_at=world.clock.now(),
    )
    world.hooks.send(app, delivery)
