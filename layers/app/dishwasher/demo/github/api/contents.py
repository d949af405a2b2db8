"""Files and folders at a ref."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote

from dishwasher.demo.github.answer import Answer, Refusal, not_found
from dishwasher.demo.github.objects import Entry, Object, parse_tree
from dishwasher.demo.github.routes import Call, route

Json = dict[str, Any]

# https://docs.github.com/rest/repos/contents#get-repository-content
MAX_INLINE_BYTES = 1024 * 1024
MAX_BYTES = 100 * 1024 * 1024
MAX_ENTRIES = 1000
CONTENTS = "/repos/{owner}/{repo}/contents/{path}"


@route("GET", CONTENTS, "contents:read")
def get(call: Call) -> Answer:
    git = call.world.git[call.repository.id]
    ref = call.query.get("ref") or call.repository.default_branch
    sha = git.resolve(ref)
    if sha is None:
        raise Refusal(404, f"No commit found for the ref {ref}")
    path = call.params["path"].strip("/")
    found = git.objects.info(f"{sha}:{path}")
    if found is None or found[1] not in ("blob", "tree"):
        raise not_found()
    if found[2] > MAX_BYTES:
        raise Refusal(403, "This API returns blobs up to 100 MB in size.")
    content = git.objects.read(found[0])
    assert content is not None
    if content.kind == "tree":
        entries = list(parse_tree(content))[:MAX_ENTRIES]
        return Answer(200, [_entry(call, ref, path, entry) for entry in entries])
    return _file(call, ref, path, content)


# Without a path, GitHub lists the root; its description knows only the form with one.
@route("GET", "/repos/{owner}/{repo}/contents/", "contents:read", described_as=CONTENTS)
def get_root(call: Call) -> Answer:
    git = call.world.git[call.repository.id]
    ref = call.query.get("ref") or call.repository.default_branch
    sha = git.resolve(ref)
    tree = git.objects.read(f"{sha}^{{tree}}") if sha is not None else None
    if tree is None:
        raise Refusal(404, f"No commit found for the ref {ref}")
    return Answer(200, [_entry(call, ref, "", entry) for entry in parse_tree(tree)])


def _file(call: Call, ref: str, path: str, found: Object) -> Answer:
    accept = call.headers.get("accept", "")
    if ".raw" in accept:
        return Answer(200, found.content, {"Content-Type": "application/vnd.github.raw+json"})
    inline = len(found.content) <= MAX_INLINE_BYTES
    encoded = base64.encodebytes(found.content).decode() if inline else ""
    told = _links(call, ref, path, found.sha, "file") | {
        "size": len(found.content),
        "encoding": "base64" if inline else "none",
        "content": encoded,
    }
    return Answer(200, told)


def _entry(call: Call, ref: str, folder: str, entry: Entry) -> Json:
    path = f"{folder}/{entry.name}" if folder else entry.name
    kind = {"tree": "dir", "blob": "file", "commit": "submodule"}[entry.kind]
    if entry.mode == "120000":
        kind = "symlink"
    found = call.world.git[call.repository.id].objects.info(entry.sha)
    size = found[2] if found is not None and entry.kind == "blob" else 0
    return _links(call, ref, path, entry.sha, kind) | {"size": size}


def _links(call: Call, ref: str, path: str, sha: str, kind: str) -> Json:
    full_name = call.world.full_name(call.repository)
    url = f"{call.world.api_url}/repos/{full_name}"
    html = f"{call.world.url}/{full_name}"
    shown = "tree" if kind == "dir" else "blob"
    links = {
        "self": f"{url}/contents/{quote(path)}?ref={quote(ref)}",
        "git": f"{url}/git/{shown}s/{sha}",
        "html": f"{html}/{shown}/{quote(ref)}/{quote(path)}",
    }
    raw = f"{html}/raw/{quote(ref)}/{quote(path)}"
    return {
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": sha,
        "type": kind,
        "url": links["self"],
        "git_url": links["git"],
        "html_url": links["html"],
        "download_url": raw if kind == "file" else None,
        "_links": links,
    }
