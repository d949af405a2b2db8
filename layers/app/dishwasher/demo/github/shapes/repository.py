"""Repositories: as the API tells them and as webhooks do."""

from __future__ import annotations

from typing import Any

from dishwasher.demo.github.clock import iso
from dishwasher.demo.github.model import Repository
from dishwasher.demo.github.shapes.account import node_id, user
from dishwasher.demo.github.world import World

__all__ = ["full", "hooked", "minimal", "name_only"]

Json = dict[str, Any]

LINKS = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}
CONSTANT: Json = {
    "homepage": None,
    "language": None,
    "forks": 0,
    "forks_count": 0,
    "has_issues": True,
    "has_projects": False,
    "has_wiki": False,
    "has_pages": False,
    "has_downloads": True,
    "has_discussions": False,
    "archived": False,
    "disabled": False,
    "mirror_url": None,
    "open_issues": 0,
    "open_issues_count": 0,
    "license": None,
    "size": 1,
    "stargazers_count": 0,
    "watchers": 0,
    "watchers_count": 0,
    "allow_forking": True,
    "is_template": False,
    "web_commit_signoff_required": False,
    "topics": [],
}


def minimal(world: World, which: Repository) -> Json:
    full_name = world.full_name(which)
    url = f"{world.api_url}/repos/{full_name}"
    html = f"{world.url}/{full_name}"
    return {
        "id": which.id,
        "node_id": node_id("Repository", which.id),
        "name": which.name,
        "full_name": full_name,
        "private": which.private,
        "visibility": "private" if which.private else "public",
        "owner": user(world, world.owner(which)),
        "html_url": html,
        "description": which.description or None,
        "fork": which.fork_of is not None,
        "url": url,
        "clone_url": f"{html}.git",
        "git_url": f"git:{html.partition(':')[2]}.git",
        "ssh_url": f"git@github.invalid:{full_name}.git",
        "svn_url": html,
        "default_branch": which.default_branch,
        "created_at": iso(which.created_at),
        "updated_at": iso(which.pushed_at),
        "pushed_at": iso(which.pushed_at),
        **{key: url + tail for key, tail in LINKS.items()},
        **CONSTANT,
    }


def full(world: World, which: Repository) -> Json:
    told = minimal(world, which) | {"network_count": 0, "subscribers_count": 0}
    if which.fork_of is not None and (parent := world.repositories.get(which.fork_of)):
        told["parent"] = told["source"] = minimal(world, parent)
    return told


def hooked(world: World, which: Repository, epoch: bool = False) -> Json:
    """As in webhook payloads; `push` alone tells two of the times in seconds since the epoch."""
    told = minimal(world, which)
    if epoch:
        told["created_at"] = int(which.created_at)
        told["pushed_at"] = int(which.pushed_at)
        told["master_branch"] = which.default_branch
        told["stargazers"] = 0
    return told


def name_only(world: World, which: Repository) -> Json:
    """As in `installation` payloads."""
    return {
        "id": which.id,
        "node_id": node_id("Repository", which.id),
        "name": which.name,
        "full_name": world.full_name(which),
        "private": which.private,
    }
