"""Commits, files and comparisons."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from dishwasher.demo.github.clock import iso
from dishwasher.demo.github.diff import Change
from dishwasher.demo.github.model import Repository
from dishwasher.demo.github.objects import Commit, Signature
from dishwasher.demo.github.shapes.account import node_id, user
from dishwasher.demo.github.world import World

__all__ = ["author_of", "commit", "file", "git_commit", "pushed", "short"]

Json = dict[str, Any]

UNVERIFIED: Json = {
    "verified": False,
    "reason": "unsigned",
    "signature": None,
    "payload": None,
    "verified_at": None,
}


def author_of(world: World, signature: Signature) -> Json | None:
    """GitHub finds the account by the e-mail address; null where there is none."""
    for who in world.users.values():
        if who.email and who.email == signature.email:
            return user(world, who)
    return None


def commit(world: World, repository: Repository, which: Commit) -> Json:
    url = f"{world.api_url}/repos/{world.full_name(repository)}"
    html = f"{world.url}/{world.full_name(repository)}"
    return {
        "sha": which.sha,
        "node_id": node_id("Commit", repository.id) + which.sha[:7],
        "url": f"{url}/commits/{which.sha}",
        "html_url": f"{html}/commit/{which.sha}",
        "comments_url": f"{url}/commits/{which.sha}/comments",
        "commit": {
            "url": f"{url}/git/commits/{which.sha}",
            "author": _signature(which.author),
            "committer": _signature(which.committer),
            "message": which.message,
            "comment_count": 0,
            "tree": {"sha": which.tree, "url": f"{url}/git/trees/{which.tree}"},
            "verification": dict(UNVERIFIED),
        },
        "author": author_of(world, which.author),
        "committer": author_of(world, which.committer),
        "parents": [
            {"sha": sha, "url": f"{url}/commits/{sha}", "html_url": f"{html}/commit/{sha}"}
            for sha in which.parents
        ],
    }


def git_commit(world: World, repository: Repository, which: Commit) -> Json:
    """The git object, as `/git/commits` tells it."""
    told = commit(world, repository, which)
    inner = told["commit"]
    return {
        "sha": which.sha,
        "node_id": told["node_id"],
        "url": inner["url"],
        "html_url": told["html_url"],
        "author": inner["author"],
        "committer": inner["committer"],
        "message": which.message,
        "tree": inner["tree"],
        "parents": told["parents"],
        "verification": inner["verification"],
    }


def short(which: Commit) -> Json:
    """As in check suites."""
    return {
        "id": which.sha,
        "tree_id": which.tree,
        "message": which.message,
        "timestamp": iso(which.author.at),
        "author": {"name": which.author.name, "email": which.author.email},
        "committer": {"name": which.committer.name, "email": which.committer.email},
    }


def pushed(
    world: World, repository: Repository, which: Commit, names: dict[str, list[str]]
) -> Json:
    """As in push payloads."""
    return {
        "id": which.sha,
        "tree_id": which.tree,
        "distinct": True,
        "message": which.message,
        "timestamp": iso(which.committer.at),
        "url": f"{world.url}/{world.full_name(repository)}/commit/{which.sha}",
        "author": _person(world, which.author),
        "committer": _person(world, which.committer),
        **names,
    }


def file(world: World, repository: Repository, which: Change, sha: str) -> Json:
    url = f"{world.api_url}/repos/{world.full_name(repository)}"
    html = f"{world.url}/{world.full_name(repository)}"
    path = quote(which.path)
    told: Json = {
        "sha": which.sha,
        "filename": which.path,
        "status": which.status,
        "additions": which.additions,
        "deletions": which.deletions,
        "changes": which.additions + which.deletions,
        "blob_url": f"{html}/blob/{sha}/{path}",
        "raw_url": f"{html}/raw/{sha}/{path}",
        "contents_url": f"{url}/contents/{path}?ref={sha}",
    }
    if which.patch is not None:
        told["patch"] = which.patch
    if which.previous_path is not None:
        told["previous_filename"] = which.previous_path
    return told


def _signature(which: Signature) -> Json:
    return {"name": which.name, "email": which.email, "date": iso(which.at)}


def _person(world: World, which: Signature) -> Json:
    told = {"name": which.name, "email": which.email, "date": iso(which.at)}
    if (account := author_of(world, which)) is not None:
        told["username"] = account["login"]
    return told
