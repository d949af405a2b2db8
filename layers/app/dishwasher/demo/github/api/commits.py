"""Commits and comparisons."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from dishwasher.demo.github.answer import Answer, Refusal, not_found
from dishwasher.demo.github.diff import changes, compare
from dishwasher.demo.github.paging import page
from dishwasher.demo.github.routes import Call, route
from dishwasher.demo.github.shapes import commit as shape
from dishwasher.demo.github.shapes import pull as pulls

Json = dict[str, Any]

# https://docs.github.com/rest/commits/commits#compare-two-commits
MAX_FILES = 300
MAX_COMMITS = 250


@route("GET", "/repos/{owner}/{repo}/commits", "contents:read")
def list_commits(call: Call) -> Answer:
    git = call.world.git[call.repository.id]
    start = git.resolve(call.query.get("sha") or call.repository.default_branch)
    if start is None:
        raise not_found()
    path = [call.query["path"]] if "path" in call.query else []
    rows = git.run("rev-list", start, "--", *path).split()
    shown, headers = page(call, rows, f"/repos/{call.world.full_name(call.repository)}/commits")
    found = [git.commit(sha) for sha in shown]
    told = [shape.commit(call.world, call.repository, one) for one in found if one is not None]
    return Answer(200, told, headers)


@route("GET", "/repos/{owner}/{repo}/commits/{ref}", "contents:read")
def get(call: Call) -> Answer:
    git = call.world.git[call.repository.id]
    sha = git.resolve(call.params["ref"])
    found = git.commit(sha) if sha is not None else None
    if found is None:
        raise Refusal(422, f"No commit found for SHA: {call.params['ref']}")
    files = changes(git, found.parents[0] if found.parents else None, found.sha)
    told = shape.commit(call.world, call.repository, found)
    added = sum(change.additions for change in files)
    deleted = sum(change.deletions for change in files)
    told["stats"] = {"total": added + deleted, "additions": added, "deletions": deleted}
    told["files"] = [shape.file(call.world, call.repository, one, found.sha) for one in files]
    return Answer(200, told)


@route("GET", "/repos/{owner}/{repo}/commits/{commit_sha}/pulls", "pull_requests:read")
def list_pulls(call: Call) -> Answer:
    git, sha = call.world.git[call.repository.id], call.params["commit_sha"]
    if not git.has_commit(sha):
        raise Refusal(422, f"No commit found for SHA: {sha}")
    rows = [
        pull
        for pull in call.world.pulls.of(call.repository.id, call.as_of)
        if pull.head_sha == sha or pull.merge_commit_sha == sha
    ]
    path = f"/repos/{call.world.full_name(call.repository)}/commits/{sha}/pulls"
    shown, headers = page(call, rows, path)
    return Answer(200, [pulls.simple(call.world, pull) for pull in shown], headers)


@route("GET", "/repos/{owner}/{repo}/compare/{basehead}", "contents:read")
def compare_commits(call: Call) -> Answer:
    git = call.world.git[call.repository.id]
    names = call.params["basehead"].split("...")
    ends = [git.resolve(name.rpartition(":")[2]) for name in names]
    if len(ends) != 2 or ends[0] is None or ends[1] is None:
        raise not_found()
    base, head = ends[0], ends[1]
    compared = compare(git, base, head)
    if compared is None:
        raise Refusal(404, f"No common ancestor between {names[0]} and {names[1]}.")
    full_name = call.world.full_name(call.repository)
    path = f"/repos/{full_name}/compare/{quote(call.params['basehead'])}"
    commits = compared.commits[-MAX_COMMITS:]
    headers: dict[str, str] = {}
    if "page" in call.query or "per_page" in call.query:
        rows, headers = page(call, compared.commits, path)
        commits = tuple(rows)
    files = changes(git, compared.merge_base, head)[:MAX_FILES]
    if int(call.query.get("page", 1)) > 1:
        files = ()  # only the first page tells the files
    html = f"{call.world.url}/{full_name}/compare/{quote(call.params['basehead'])}"
    told = {
        "url": f"{call.world.api_url}{path}",
        "html_url": html,
        "permalink_url": html,
        "diff_url": f"{html}.diff",
        "patch_url": f"{html}.patch",
        "base_commit": _told(call, base),
        "merge_base_commit": _told(call, compared.merge_base),
        "status": compared.status,
        "ahead_by": compared.ahead,
        "behind_by": compared.behind,
        "total_commits": compared.ahead,
        "commits": [_told(call, sha) for sha in commits],
        "files": [shape.file(call.world, call.repository, one, head) for one in files],
    }
    return Answer(200, told, headers)


def _told(call: Call, sha: str) -> Json:
    found = call.world.git[call.repository.id].commit(sha)
    assert found is not None
    return shape.commit(call.world, call.repository, found)
