"""Pull requests."""

from __future__ import annotations

from dataclasses import replace

from dishwasher.demo.github import pulls, pushes
from dishwasher.demo.github.answer import Answer, Refusal, invalid, not_found
from dishwasher.demo.github.diff import changes, compare
from dishwasher.demo.github.gitdir import GitFailed
from dishwasher.demo.github.model import PullRequest
from dishwasher.demo.github.paging import page
from dishwasher.demo.github.routes import Call, route
from dishwasher.demo.github.shapes import commit as commits
from dishwasher.demo.github.shapes import pull as shape

PULLS = "/repos/{owner}/{repo}/pulls"
ONE = PULLS + "/{pull_number}"
# https://docs.github.com/rest/pulls/pulls#list-pull-requests-files
MAX_FILES = 3000
MAX_COMMITS = 250


@route("GET", PULLS, "pull_requests:read")
def list_pulls(call: Call) -> Answer:
    query = call.query
    rows = [
        row
        for row in call.world.pulls.of(call.repository.id, call.as_of)[::-1]
        if query.get("state", "open") in ("all", row.state)
        and query.get("base", row.base_ref) == row.base_ref
        and query.get("head")
        in (None, f"{call.world.users[row.head_owner_id].login}:{row.head_ref}")
    ]
    if query.get("direction") == "asc":
        rows.reverse()
    path = f"/repos/{call.world.full_name(call.repository)}/pulls"
    shown, headers = page(call, rows, path)
    return Answer(200, [shape.simple(call.world, row) for row in shown], headers)


@route("POST", PULLS, "pull_requests:write", "metadata:read")
def create(call: Call) -> Answer:
    world, body, base = call.world, call.body, call.repository
    actor = call.caller.actor(world)
    if call.caller.user is None:
        call.caller.demand(world, base, ("pull_requests:write",))
    owner, _, ref = body["head"].rpartition(":")
    head = world.repository(owner, base.name) if owner else base
    if head is None or world.git[head.id].branch(ref) is None:
        raise invalid("PullRequest", "head", f"head {body['head']} is not a branch")
    if world.git[base.id].branch(body["base"]) is None:
        raise invalid("PullRequest", "base", f"base {body['base']} is not a branch")
    _refuse_useless(call, head.id, ref)
    made = pulls.open_pull(
        world,
        base,
        head,
        head_ref=ref,
        base_ref=body["base"],
        title=body.get("title") or ref,
        body=body.get("body"),
        author=actor,
        draft=body.get("draft", False),
    )
    return Answer(201, shape.full(world, made))


def _refuse_useless(call: Call, head_id: int, ref: str) -> None:
    """One open pull request for each pair of branches, and only with a commit to merge."""
    base_ref = call.body["base"]
    for row in call.world.pulls.of(call.repository.id):
        same = (row.head_repository_id, row.head_ref, row.base_ref) == (head_id, ref, base_ref)
        if same and row.state == "open":
            raise invalid("PullRequest", "head", f"A pull request already exists for {ref}.")
    if head_id == call.repository.id:
        git = call.world.git[head_id]
        if git.is_ancestor(git.refs[f"refs/heads/{ref}"], git.refs[f"refs/heads/{base_ref}"]):
            raise invalid("PullRequest", "base", f"No commits between {base_ref} and {ref}")


@route("GET", ONE, "pull_requests:read")
def get(call: Call) -> Answer:
    return Answer(200, shape.full(call.world, _pull(call)))


@route("PATCH", ONE, "pull_requests:write")
def update(call: Call) -> Answer:
    pull, body, sender = _pull(call), call.body, call.caller.actor(call.world).id
    fields = {name: body[name] for name in ("title", "body") if name in body}
    if fields:
        pull = call.world.pulls.put(replace(pull, **fields, updated_at=call.world.clock.now()))
    if body.get("state") == "closed" and pull.state == "open":
        pull = pulls.close(call.world, pull, sender)
    elif body.get("state") == "open" and pull.state == "closed":
        if pull.merged_at is not None:
            raise invalid("PullRequest", "state", "state cannot be changed: it is merged")
        pull = pulls.reopen(call.world, pull, sender)
    return Answer(200, shape.full(call.world, pull))


@route("GET", ONE + "/merge", "pull_requests:read")
def is_merged(call: Call) -> Answer:
    if _pull(call).merged_at is None:
        raise not_found()
    return Answer(204)


@route("PUT", ONE + "/merge", "contents:write")
def merge(call: Call) -> Answer:
    world, pull, body = call.world, _pull(call), call.body
    git, actor = world.git[call.repository.id], call.caller.actor(call.world)
    if pull.state != "open" or pull.draft or body.get("merge_method", "merge") != "merge":
        raise Refusal(405, "Pull Request is not mergeable")
    if body.get("sha", pull.head_sha) != pull.head_sha:
        raise Refusal(409, "Head branch was modified. Review and try the merge again.")
    owner = world.users[pull.head_owner_id].login
    title = (
        body.get("commit_title")
        or f"Merge pull request #{pull.number} from {owner}/{pull.head_ref}"
    )
    message = f"{title}\n\n{body.get('commit_message') or pull.title}"
    made = pulls.merge_commit(world, git, pull, actor, message)
    if made is None:
        raise Refusal(405, "Pull Request is not mergeable")
    ref = f"refs/heads/{pull.base_ref}"
    try:
        git.update(ref, made.sha)
    except GitFailed as problem:  # a push was faster
        raise Refusal(409, "Base branch was modified. Review and try the merge again.") from problem
    pushes.pushed(world, call.repository, {ref: (made.before, made.sha)}, actor.id)
    return Answer(
        200, {"sha": made.sha, "merged": True, "message": "Pull Request successfully merged"}
    )


@route("GET", ONE + "/commits", "pull_requests:read")
def list_commits(call: Call) -> Answer:
    pull, git = _pull(call), call.world.git[call.repository.id]
    compared = compare(git, pull.base_sha, pull.head_sha)
    rows = compared.commits[:MAX_COMMITS] if compared is not None else ()
    path = f"/repos/{call.world.full_name(call.repository)}/pulls/{pull.number}/commits"
    shown, headers = page(call, rows, path)
    found = [git.commit(sha) for sha in shown]
    told = [commits.commit(call.world, call.repository, one) for one in found if one is not None]
    return Answer(200, told, headers)


@route("GET", ONE + "/files", "pull_requests:read")
def list_files(call: Call) -> Answer:
    pull, git = _pull(call), call.world.git[call.repository.id]
    compared = compare(git, pull.base_sha, pull.head_sha)
    rows = changes(git, compared.merge_base if compared else None, pull.head_sha)[:MAX_FILES]
    path = f"/repos/{call.world.full_name(call.repository)}/pulls/{pull.number}/files"
    shown, headers = page(call, rows, path)
    told = [commits.file(call.world, call.repository, one, pull.head_sha) for one in shown]
    return Answer(200, told, headers)


def _pull(call: Call) -> PullRequest:
    found = call.world.pull(call.repository.id, int(call.params["pull_number"]))
    if found is None:
        raise not_found()
    return found
