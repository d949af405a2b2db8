"""Pull requests and the comments under them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from zlib import crc32

from dishwasher.demo.github.clock import iso
from dishwasher.demo.github.diff import changes, compare
from dishwasher.demo.github.model import Comment, PullRequest, Reaction, Repository
from dishwasher.demo.github.shapes import repository as repositories
from dishwasher.demo.github.shapes.account import app, node_id, user
from dishwasher.demo.github.world import World

__all__ = ["association", "comment", "full", "issue", "label", "reaction", "simple"]

Json = dict[str, Any]

ISSUE_FIELDS = (
    *("node_id", "number", "title", "user", "state", "locked", "assignee", "assignees"),
    *("milestone", "comments_url", "created_at", "updated_at", "closed_at", "body"),
    *("author_association", "active_lock_reason", "labels", "draft"),
)
REACTIONS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "eyes", "rocket")


def association(world: World, repository: Repository, user_id: int) -> str:
    if user_id == repository.owner_id:
        return "OWNER"
    return "COLLABORATOR" if user_id in repository.collaborators else "NONE"


def simple(world: World, which: PullRequest) -> Json:
    base = world.repositories[which.repository_id]
    head = world.repositories.get(which.head_repository_id or 0)
    full_name = world.full_name(base)
    url = f"{world.api_url}/repos/{full_name}/pulls/{which.number}"
    issue_url = f"{world.api_url}/repos/{full_name}/issues/{which.number}"
    html = f"{world.url}/{full_name}/pull/{which.number}"
    statuses = f"{world.api_url}/repos/{full_name}/statuses/{which.head_sha}"
    links = {
        "self": url,
        "html": html,
        "issue": issue_url,
        "comments": f"{issue_url}/comments",
        "review_comments": f"{url}/comments",
        "review_comment": f"{world.api_url}/repos/{full_name}/pulls/comments{{/number}}",
        "commits": f"{url}/commits",
        "statuses": statuses,
    }
    return {
        "url": url,
        "id": which.id,
        "node_id": node_id("PullRequest", which.id),
        "html_url": html,
        "diff_url": f"{html}.diff",
        "patch_url": f"{html}.patch",
        "issue_url": issue_url,
        "commits_url": links["commits"],
        "review_comments_url": links["review_comments"],
        "review_comment_url": links["review_comment"],
        "comments_url": links["comments"],
        "statuses_url": statuses,
        "number": which.number,
        "state": which.state,
        "locked": which.locked,
        "active_lock_reason": None,
        "title": which.title,
        "body": which.body,
        "user": user(world, world.users[which.user_id]),
        "created_at": iso(which.created_at),
        "updated_at": iso(which.updated_at),
        "closed_at": _moment(which.closed_at),
        "merged_at": _moment(which.merged_at),
        "merge_commit_sha": which.merge_commit_sha,
        "assignee": None,
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "labels": [label(world, base, name) for name in which.labels],
        "milestone": None,
        "draft": which.draft,
        "head": _end(world, which.head_owner_id, head, which.head_ref, which.head_sha),
        "base": _end(world, base.owner_id, base, which.base_ref, which.base_sha),
        "_links": {name: {"href": href} for name, href in links.items()},
        "author_association": association(world, base, which.user_id),
        "auto_merge": None,
    }


def label(world: World, repository: Repository, name: str) -> Json:
    number = crc32(name.encode())
    url = f"{world.api_url}/repos/{world.full_name(repository)}/labels/{quote(name, safe='')}"
    return {
        "id": number,
        "node_id": node_id("Label", number),
        "url": url,
        "name": name,
        "color": "ededed",
        "default": False,
        "description": None,
    }


def full(world: World, which: PullRequest) -> Json:
    """With what git must be asked for: numbers of commits, files and lines."""
    git = world.git[which.repository_id]
    compared = compare(git, which.base_sha, which.head_sha)
    files = changes(git, compared.merge_base if compared else None, which.head_sha)
    merged_by = world.users[which.merged_by] if which.merged_by is not None else None
    known = {None: "unknown", True: "clean", False: "dirty"}
    return simple(world, which) | {
        "merged": which.merged_at is not None,
        "mergeable": which.mergeable,
        "rebaseable": which.mergeable,
        "mergeable_state": known[which.mergeable],
        "merged_by": user(world, merged_by) if merged_by is not None else None,
        "comments": len(world.comments.of((which.repository_id, which.number))),
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": compared.ahead if compared else 0,
        "additions": sum(change.additions for change in files),
        "deletions": sum(change.deletions for change in files),
        "changed_files": len(files),
    }


def _end(world: World, owner_id: int, repository: Repository | None, ref: str, sha: str) -> Json:
    owner = world.users[owner_id]
    return {
        "label": f"{owner.login}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": user(world, owner),
        "repo": None if repository is None else repositories.minimal(world, repository),
    }


def comment(world: World, repository: Repository, which: Comment) -> Json:
    full_name = world.full_name(repository)
    issues = f"{world.api_url}/repos/{full_name}/issues"
    by = world.apps.get(which.app_id or 0)
    return {
        "id": which.id,
        "node_id": node_id("IssueComment", which.id),
        "url": f"{issues}/comments/{which.id}",
        "html_url": f"{world.url}/{full_name}/pull/{which.number}#issuecomment-{which.id}",
        "issue_url": f"{issues}/{which.number}",
        "body": which.body,
        "user": user(world, world.users[which.user_id]),
        "created_at": iso(which.created_at),
        "updated_at": iso(which.updated_at),
        "author_association": association(world, repository, which.user_id),
        "performed_via_github_app": None if by is None else app(world, by),
        "reactions": _rollup(world, f"{issues}/comments/{which.id}", which.id),
    }


def reaction(world: World, which: Reaction) -> Json:
    return {
        "id": which.id,
        "node_id": node_id("Reaction", which.id),
        "user": user(world, world.users[which.user_id]),
        "content": which.content,
        "created_at": iso(which.created_at),
    }


def issue(world: World, which: PullRequest) -> Json:
    """The issue that every pull request also is, as in `issue_comment` payloads."""
    told = simple(world, which)
    base = world.repositories[which.repository_id]
    return {key: told[key] for key in ISSUE_FIELDS} | {
        "id": which.id,
        "url": told["issue_url"],
        "repository_url": f"{world.api_url}/repos/{world.full_name(base)}",
        "labels_url": f"{told['issue_url']}/labels{{/name}}",
        "events_url": f"{told['issue_url']}/events",
        "html_url": told["html_url"],
        "timeline_url": f"{told['issue_url']}/timeline",
        "comments": len(world.comments.of((which.repository_id, which.number))),
        "performed_via_github_app": None,
        "state_reason": None,
        "reactions": dict.fromkeys(REACTIONS, 0)
        | {"url": f"{told['issue_url']}/reactions", "total_count": 0},
        "pull_request": {
            "url": told["url"],
            "html_url": told["html_url"],
            "diff_url": told["diff_url"],
            "patch_url": told["patch_url"],
            "merged_at": told["merged_at"],
        },
    }


def _rollup(world: World, url: str, comment_id: int) -> Json:
    given = [row.content for row in world.reactions.of(comment_id)]
    counts = {content: given.count(content) for content in REACTIONS}
    return {"url": f"{url}/reactions", "total_count": len(given), **counts}


def _moment(value: float | None) -> str | None:
    return None if value is None else iso(value)
