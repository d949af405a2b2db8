"""check_run and check_suite: what people click on, and issue_comment: what they write."""

from __future__ import annotations

from dishwasher.core.event import NO_COMMIT, Comment, Event, EventKind, Ignored
from dishwasher.core.hooks import fields
from dishwasher.core.hooks.fields import MAX_TEXT, Json

BUTTONS = {"rerun-failed": EventKind.RERUN_FAILED, "cancel": EventKind.CANCEL}
"""What a check run's buttons are called between us and GitHub."""
SIGN = "/"
"""Begins the first line of a comment that is a command."""


def check_run(delivery: str, payload: Json) -> Event | Ignored:
    action = fields.action(payload)
    kind = EventKind.RERUN
    if action == "requested_action":
        asked = fields.text(fields.member(payload, "requested_action"), "identifier")
        if asked not in BUTTONS:
            return Ignored("that button is not one of ours")
        kind = BUTTONS[asked]
    elif action != "rerequested":
        return Ignored(f"nothing is done for check_run.{action}")
    run = fields.member(payload, "check_run")
    # GitHub sends null or an empty text where the App gave none.
    if not run.get("external_id"):
        return Ignored("that check run is not one of ours: it has no external_id")
    return _event(
        kind, delivery, payload, fields.sha(run, "head_sha"), fields.text(run, "external_id")
    )


def check_suite(delivery: str, payload: Json) -> Event | Ignored:
    action = fields.action(payload)
    if action != "rerequested":
        return Ignored(f"nothing is done for check_suite.{action}")
    suite = fields.member(payload, "check_suite")
    return _event(EventKind.RERUN_ALL, delivery, payload, fields.sha(suite, "head_sha"), "")


def issue_comment(delivery: str, payload: Json) -> Event | Ignored:
    """The payload has no commit, and `author_association` is not to be believed."""
    action = fields.action(payload)
    if action != "created":
        return Ignored(f"a comment that is {action} is no command")
    issue = fields.member(payload, "issue")
    if not isinstance(issue.get("pull_request"), dict):
        return Ignored("it is a comment on an issue and not on a pull request")
    data = fields.member(payload, "comment")
    body = data.get("body")
    lines = body.splitlines() if isinstance(body, str) else []
    # Spaces before it make it a block of code, and what is quoted is not said.
    line = lines[0].rstrip() if lines else ""
    if not line.startswith(SIGN) or len(line) > MAX_TEXT or fields.SURROGATE.search(line):
        return Ignored("the first line of the comment is no command")
    author = data.get("user")
    if not isinstance(author, dict) or author.get("type") != fields.PERSON:
        return Ignored("commands are taken from people alone")
    if data.get("performed_via_github_app") is not None:
        return Ignored("commands are not taken from programs that write for people")
    comment = Comment(
        id=fields.number(data, "id"),
        number=fields.number(issue, "number"),
        line=line,
        created=fields.moment(data, "created_at"),
    )
    return Event(
        kind=EventKind.COMMAND,
        delivery=delivery,
        repository=fields.repository(payload),
        sender=fields.text(author, "login"),
        sender_id=fields.number(author, "id"),
        sha=NO_COMMIT,
        branch="",
        comment=comment,
    )


def _event(kind: EventKind, delivery: str, payload: Json, sha: str, job: str) -> Event:
    return Event(
        kind=kind,
        delivery=delivery,
        repository=fields.repository(payload),
        sender=fields.sender(payload),
        sender_id=fields.sender_id(payload),
        sha=sha,
        branch="",
        job=job,
    )
