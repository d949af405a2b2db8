"""Comments on pull requests, and reactions to them."""

from __future__ import annotations

from datetime import datetime

from dishwasher.demo.github import comments, rules
from dishwasher.demo.github.answer import Answer, Refusal, not_found
from dishwasher.demo.github.model import Comment, PullRequest, Reaction
from dishwasher.demo.github.paging import page
from dishwasher.demo.github.routes import Call, route
from dishwasher.demo.github.shapes import pull as shape

ISSUES = "/repos/{owner}/{repo}/issues"
COMMENT = ISSUES + "/comments/{comment_id}"
# Either permission will do on a pull request, which is also an issue.
READ = ("issues:read", "pull_requests:read")
WRITE = ("issues:write", "pull_requests:write")


@route("POST", ISSUES + "/{issue_number}/comments", *WRITE, "metadata:read")
def create(call: Call) -> Answer:
    _may_write(call)
    rules.comment_body(call.body["body"])
    actor = call.caller.actor(call.world)
    pull = _pull(call)
    if pull.locked and call.caller.user is None:
        raise Refusal(403, "Unable to create comment because issue is locked.")
    made = comments.add(
        call.world, call.repository, pull, call.body["body"], actor.id, call.caller.app_id()
    )
    return Answer(201, shape.comment(call.world, call.repository, made))


@route("GET", ISSUES + "/{issue_number}/comments", *READ)
def list_comments(call: Call) -> Answer:
    pull = _pull(call)
    rows = call.world.comments.of((call.repository.id, pull.number), call.as_of)
    if "since" in call.query:
        since = datetime.fromisoformat(call.query["since"]).timestamp()
        rows = [row for row in rows if row.updated_at >= since]
    path = f"/repos/{call.world.full_name(call.repository)}/issues/{pull.number}/comments"
    shown, headers = page(call, rows, path)
    told = [shape.comment(call.world, call.repository, row) for row in shown]
    return Answer(200, told, headers)


@route("GET", COMMENT, *READ)
def get(call: Call) -> Answer:
    return Answer(200, shape.comment(call.world, call.repository, _comment(call)))


@route("PATCH", COMMENT, *WRITE)
def update(call: Call) -> Answer:
    comment = _comment(call)
    rules.comment_body(call.body["body"])
    actor = call.caller.actor(call.world)
    changed = comments.edit(call.world, call.repository, comment, call.body["body"], actor.id)
    return Answer(200, shape.comment(call.world, call.repository, changed))


@route("DELETE", COMMENT, *WRITE)
def delete(call: Call) -> Answer:
    call.world.comments.remove(_comment(call).id)
    call.world.notify()
    return Answer(204)


@route("POST", COMMENT + "/reactions", *WRITE)
def react(call: Call) -> Answer:
    """The same reaction of the same account again is answered 200 and changes nothing."""
    comment, actor = _comment(call), call.caller.actor(call.world)
    for row in call.world.reactions.of(comment.id):
        if row.user_id == actor.id and row.content == call.body["content"]:
            return Answer(200, shape.reaction(call.world, row))
    now = call.world.clock.now()
    made = Reaction(call.world.new_id(), comment.id, actor.id, call.body["content"], now)
    call.world.reactions.put(made)
    call.world.notify()
    return Answer(201, shape.reaction(call.world, made))


@route("GET", COMMENT + "/reactions", *READ)
def list_reactions(call: Call) -> Answer:
    comment = _comment(call)
    wanted = call.query.get("content")
    rows = call.world.reactions.of(comment.id, call.as_of)
    rows = [row for row in rows if wanted in (None, row.content)]
    base = f"/repos/{call.world.full_name(call.repository)}/issues/comments/{comment.id}"
    shown, headers = page(call, rows, f"{base}/reactions")
    return Answer(200, [shape.reaction(call.world, row) for row in shown], headers)


@route("DELETE", COMMENT + "/reactions/{reaction_id}", *WRITE)
def unreact(call: Call) -> Answer:
    found = call.world.reactions.get(int(call.params["reaction_id"]))
    if found is None or found.comment_id != _comment(call).id:
        raise not_found()
    call.world.reactions.remove(found.id)
    return Answer(204)


def _may_write(call: Call) -> None:
    """Anyone who can read a repository may comment on it; an app needs the permission."""
    if call.caller.user is None:
        call.caller.demand(call.world, call.repository, WRITE)


def _pull(call: Call) -> PullRequest:
    found = call.world.pull(call.repository.id, int(call.params["issue_number"]))
    if found is None:
        raise not_found()
    return found


def _comment(call: Call) -> Comment:
    found = call.world.comments.get(int(call.params["comment_id"]))
    if found is None or found.repository_id != call.repository.id:
        raise not_found()
    return found
