"""Refs, branches, and the git objects behind them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from dishwasher.demo.github.answer import Answer, Refusal, not_found
from dishwasher.demo.github.objects import parse_tree
from dishwasher.demo.github.paging import page
from dishwasher.demo.github.routes import Call, route
from dishwasher.demo.github.shapes import commit as shape
from dishwasher.demo.github.shapes.account import node_id

Json = dict[str, Any]

# https://docs.github.com/rest/git/trees#get-a-tree
MAX_ENTRIES = 100_000


def _url(call: Call) -> str:
    return f"{call.world.api_url}/repos/{call.world.full_name(call.repository)}"


def _reference(call: Call, ref: str, sha: str) -> Json:
    found = call.world.git[call.repository.id].objects.info(sha)
    kind = found[1] if found is not None else "commit"
    kinds = {"commit": "commits", "tag": "tags", "tree": "trees", "blob": "blobs"}
    return {
        "ref": ref,
        "node_id": node_id("Ref", call.repository.id),
        "url": f"{_url(call)}/git/{quote(ref)}",
        "object": {"sha": sha, "type": kind, "url": f"{_url(call)}/git/{kinds[kind]}/{sha}"},
    }


@route("GET", "/repos/{owner}/{repo}/git/ref/{ref}", "contents:read")
def get_ref(call: Call) -> Answer:
    ref = f"refs/{call.params['ref']}"
    sha = call.world.git[call.repository.id].refs.get(ref)
    if sha is None:
        raise not_found()
    return Answer(200, _reference(call, ref, sha))


@route("GET", "/repos/{owner}/{repo}/git/matching-refs/{ref}", "contents:read")
def matching_refs(call: Call) -> Answer:
    refs = sorted(call.world.git[call.repository.id].refs.items())
    start = f"refs/{call.params['ref']}"
    return Answer(200, [_reference(call, ref, sha) for ref, sha in refs if ref.startswith(start)])


@route("GET", "/repos/{owner}/{repo}/branches", "contents:read")
def list_branches(call: Call) -> Answer:
    refs = sorted(call.world.git[call.repository.id].refs.items())
    rows = [
        {
            "name": ref.removeprefix("refs/heads/"),
            "commit": {"sha": sha, "url": f"{_url(call)}/commits/{sha}"},
            "protected": False,
        }
        for ref, sha in refs
        if ref.startswith("refs/heads/")
    ]
    path = f"/repos/{call.world.full_name(call.repository)}/branches"
    shown, headers = page(call, rows, path)
    return Answer(200, shown, headers)


@route("GET", "/repos/{owner}/{repo}/branches/{branch}", "contents:read")
def get_branch(call: Call) -> Answer:
    name, git = call.params["branch"], call.world.git[call.repository.id]
    sha = git.branch(name)
    found = git.commit(sha) if sha is not None else None
    if found is None:
        raise Refusal(404, "Branch not found")
    url = f"{_url(call)}/branches/{quote(name)}"
    html = f"{call.world.url}/{call.world.full_name(call.repository)}/tree/{quote(name)}"
    status_checks: Json = {"enforcement_level": "off", "contexts": [], "checks": []}
    told = {
        "name": name,
        "commit": shape.commit(call.world, call.repository, found),
        "_links": {"self": url, "html": html},
        "protected": False,
        "protection": {"enabled": False, "required_status_checks": status_checks},
        "protection_url": f"{url}/protection",
    }
    return Answer(200, told)


@route("GET", "/repos/{owner}/{repo}/git/commits/{commit_sha}", "contents:read")
def get_git_commit(call: Call) -> Answer:
    found = call.world.git[call.repository.id].commit(call.params["commit_sha"])
    if found is None:
        raise not_found()
    return Answer(200, shape.git_commit(call.world, call.repository, found))


@route("GET", "/repos/{owner}/{repo}/git/trees/{tree_sha}", "contents:read")
def get_tree(call: Call) -> Answer:
    git = call.world.git[call.repository.id]
    name = git.resolve(call.params["tree_sha"]) or call.params["tree_sha"]
    found = git.objects.info(f"{name}^{{tree}}")
    if found is None:
        raise not_found()
    told = _entries(call, found[0], "", "recursive" in call.query)
    shown, truncated = told[:MAX_ENTRIES], len(told) > MAX_ENTRIES
    body = {"sha": found[0], "url": f"{_url(call)}/git/trees/{found[0]}", "tree": shown}
    return Answer(200, body | {"truncated": truncated})


def _entries(call: Call, sha: str, prefix: str, recursive: bool) -> list[Json]:
    git = call.world.git[call.repository.id]
    found = git.objects.read(sha)
    told: list[Json] = []
    for entry in parse_tree(found) if found is not None else ():
        path = f"{prefix}{entry.name}"
        one: Json = {"path": path, "mode": entry.mode, "type": entry.kind, "sha": entry.sha}
        if entry.kind == "blob" and (blob := git.objects.info(entry.sha)):
            one["size"] = blob[2]
        if entry.kind != "commit":
            one["url"] = f"{_url(call)}/git/{entry.kind}s/{entry.sha}"
        told.append(one)
        if recursive and entry.kind == "tree":
            told += _entries(call, entry.sha, f"{path}/", recursive)
    return told
