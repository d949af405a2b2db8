"""Users, apps, installations."""

from __future__ import annotations

import base64
from typing import Any

from dishwasher.demo.github.accounts import App, Installation, User
from dishwasher.demo.github.clock import iso
from dishwasher.demo.github.world import World

__all__ = ["app", "installation", "node_id", "pusher", "user"]

Json = dict[str, Any]

USER_LINKS = {
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}


def node_id(kind: str, id_: int) -> str:
    return base64.b64encode(f"0{len(kind)}:{kind}{id_}".encode()).decode()


def user(world: World, who: User) -> Json:
    url = f"{world.api_url}/users/{who.login}"
    return {
        "login": who.login,
        "id": who.id,
        "node_id": node_id("User", who.id),
        "avatar_url": f"{world.url}/_avatars/{who.id}.svg",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{world.url}/{who.login}",
        "type": who.kind.value,
        "user_view_type": "public",
        "site_admin": False,
        **{key: url + tail for key, tail in USER_LINKS.items()},
    }


def full_user(world: World, who: User) -> Json:
    return user(world, who) | {
        "name": who.name,
        "company": None,
        "blog": "",
        "location": None,
        "email": who.email or None,
        "hireable": None,
        "bio": None,
        "public_repos": 0,
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "created_at": "2020-01-01T00:00:00Z",
        "updated_at": "2020-01-01T00:00:00Z",
    }


def pusher(who: User) -> Json:
    return {"name": who.login, "email": who.email}


def app(world: World, which: App) -> Json:
    return {
        "id": which.id,
        "client_id": which.client_id,
        "slug": which.slug,
        "node_id": node_id("App", which.id),
        "owner": user(world, world.users[which.owner_id]),
        "name": which.name,
        "description": "",
        "external_url": which.external_url or f"{world.url}/apps/{which.slug}",
        "html_url": f"{world.url}/apps/{which.slug}",
        "created_at": iso(which.created_at),
        "updated_at": iso(which.created_at),
        "permissions": dict(which.permissions),
        "events": sorted(which.events),
    }


def installation(world: World, which: Installation) -> Json:
    account = world.users[which.account_id]
    owner = world.apps[which.app_id]
    return {
        "id": which.id,
        "client_id": owner.client_id,
        "account": user(world, account),
        "repository_selection": "all" if which.repository_ids is None else "selected",
        "access_tokens_url": f"{world.api_url}/app/installations/{which.id}/access_tokens",
        "repositories_url": f"{world.api_url}/installation/repositories",
        "html_url": f"{world.url}/settings/installations/{which.id}",
        "app_id": which.app_id,
        "app_slug": owner.slug,
        "target_id": account.id,
        "target_type": account.kind.value,
        "permissions": dict(which.permissions),
        "events": sorted(which.events),
        "created_at": iso(which.created_at),
        "updated_at": iso(which.updated_at),
        "single_file_name": None,
        "has_multiple_single_files": False,
        "single_file_paths": [],
        "suspended_by": None if which.suspended_at is None else user(world, account),
        "suspended_at": None if which.suspended_at is None else iso(which.suspended_at),
    }
