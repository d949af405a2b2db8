"""The app itself, its installations and their tokens."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dishwasher.demo.github.accounts import Installation
from dishwasher.demo.github.answer import Answer, Refusal, not_found
from dishwasher.demo.github.auth import bearer
from dishwasher.demo.github.clock import iso
from dishwasher.demo.github.model import Repository
from dishwasher.demo.github.paging import page
from dishwasher.demo.github.registering import redeem
from dishwasher.demo.github.routes import Call, route
from dishwasher.demo.github.shapes import account as shape
from dishwasher.demo.github.shapes import repository as repositories
from dishwasher.demo.github.tokens import mint

Json = dict[str, Any]


@route("GET", "/app", "app")
def get_app(call: Call) -> Answer:
    assert call.caller.app is not None
    installed = [i for i in call.world.installations.values() if i.app_id == call.caller.app.id]
    told = shape.app(call.world, call.caller.app)
    return Answer(200, told | {"installations_count": len(installed)})


@route("GET", "/app/hook/config", "app")
def get_hook_config(call: Call) -> Answer:
    assert call.caller.app is not None
    config = {"content_type": "json", "insecure_ssl": "0", "secret": "********"}
    return Answer(200, config | {"url": call.caller.app.webhook_url})


@route("PATCH", "/app/hook/config", "app")
def set_hook_config(call: Call) -> Answer:
    assert call.caller.app is not None
    changed = replace(
        call.caller.app,
        webhook_url=call.body.get("url", call.caller.app.webhook_url),
        webhook_secret=call.body.get("secret", call.caller.app.webhook_secret),
    )
    call.world.apps[changed.id] = changed
    config = {"content_type": "json", "insecure_ssl": "0", "secret": "********"}
    return Answer(200, config | {"url": changed.webhook_url})


@route("DELETE", "/applications/{client_id}/token", "anyone")
def delete_token(call: Call) -> Answer:
    """The app shows its id and secret, and ends a token that it was lent."""
    apps = call.world.apps.values()
    app = next((app for app in apps if app.client_id == call.params["client_id"]), None)
    if app is None or bearer(call.headers) != app.client_secret:
        raise not_found()
    if not call.world.take_back(call.body["access_token"], app):
        raise Refusal(422, "Validation Failed")
    return Answer(204)


@route("POST", "/app-manifests/{code}/conversions", "anyone")
def convert_manifest(call: Call) -> Answer:
    """Once, within the hour, by whoever has the code."""
    app = redeem(call.world, call.params["code"])
    if app is None:
        raise not_found()
    told = shape.app(call.world, app) | {
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "webhook_secret": app.webhook_secret,
        "pem": app.private_key,
    }
    return Answer(201, told)


@route("GET", "/app/installations", "app")
def list_installations(call: Call) -> Answer:
    rows = [i for i in call.world.installations.values() if i.app_id == _app_id(call)]
    shown, headers = page(call, rows, "/app/installations")
    return Answer(200, [shape.installation(call.world, row) for row in shown], headers)


@route("GET", "/app/installations/{installation_id}", "app")
def get_installation(call: Call) -> Answer:
    return Answer(200, shape.installation(call.world, _installation(call)))


@route("GET", "/repos/{owner}/{repo}/installation", "app")
def get_repository_installation(call: Call) -> Answer:
    found = call.world.installation_on(_app_id(call), call.repository)
    if found is None:
        raise not_found()
    return Answer(200, shape.installation(call.world, found))


@route("POST", "/app/installations/{installation_id}/access_tokens", "app", free=True)
def create_token(call: Call) -> Answer:
    installation = _installation(call)
    if installation.suspended_at is not None:
        raise Refusal(403, "This installation has been suspended")
    wanted = _wanted(call, installation)
    # https://github.blog/changelog/2026-05-15: the old form can still be asked for.
    stateless = call.headers.get("x-github-stateless-s2s-token") != "disabled"
    ids = None if wanted is None else frozenset(row.id for row in wanted)
    permissions = call.body.get("permissions")
    token = mint(call.world, installation, ids, permissions, stateless=stateless)
    told: Json = {
        "token": token.value,
        "expires_at": iso(token.expires_at),
        "permissions": dict(token.permissions),
        "repository_selection": "selected",
    }
    if wanted is not None:
        told["repositories"] = [repositories.minimal(call.world, row) for row in wanted]
    elif installation.repository_ids is None:
        told["repository_selection"] = "all"
    return Answer(201, told)


@route("DELETE", "/installation/token", "installation")
def revoke_token(call: Call) -> Answer:
    assert call.caller.token is not None
    del call.world.tokens[call.caller.token.value]
    return Answer(204)


@route("GET", "/installation/repositories", "installation")
def list_repositories(call: Call) -> Answer:
    installation, token = call.caller.installation, call.caller.token
    assert installation is not None and token is not None
    rows = [
        row
        for row in call.world.repositories.values()
        if call.world.sees(installation, row)
        and (token.repository_ids is None or row.id in token.repository_ids)
    ]
    shown, headers = page(call, rows, "/installation/repositories")
    told = [repositories.minimal(call.world, row) for row in shown]
    selection = "all" if installation.repository_ids is None else "selected"
    body = {"total_count": len(rows), "repository_selection": selection, "repositories": told}
    return Answer(200, body, headers)


def _app_id(call: Call) -> int:
    assert call.caller.app is not None
    return call.caller.app.id


def _installation(call: Call) -> Installation:
    found = call.world.installations.get(int(call.params["installation_id"]))
    if found is None or found.app_id != _app_id(call):
        raise not_found()
    return found


def _wanted(call: Call, installation: Installation) -> list[Repository] | None:
    """The repositories that the token is narrowed to; 422 for one that is out of reach."""
    names, ids = call.body.get("repositories"), call.body.get("repository_ids")
    if names is None and ids is None:
        return None
    reachable = [
        row for row in call.world.repositories.values() if call.world.sees(installation, row)
    ]
    by_name = {row.name.lower(): row for row in reachable}
    by_id = {row.id: row for row in reachable}
    found = [by_name.get(name.lower()) for name in names or ()] + [
        by_id.get(id_) for id_ in ids or ()
    ]
    wanted = list({row.id: row for row in found if row is not None}.values())
    if None in found:
        message = (
            "There is at least one repository that does not exist or is not accessible "
            "to the parent installation."
        )
        raise Refusal(422, message)
    return wanted
