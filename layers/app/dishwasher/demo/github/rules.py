"""What GitHub enforces and its OpenAPI description does not say."""

from __future__ import annotations

from typing import Any

from dishwasher.demo.github.answer import invalid

__all__ = [
    "check_annotations",
    "check_output",
    "comment_body",
    "run_actions",
    "short_text",
    "web_address",
]

Json = dict[str, Any]

# Documented as characters, enforced as bytes: https://github.com/github/docs/issues/35252
MAX_TEXT_BYTES = 65535
MAX_TITLE_CHARACTERS = 255
# https://docs.github.com/rest/checks/runs#create-a-check-run
MAX_ANNOTATIONS = 50
MAX_MESSAGE_BYTES = 64 * 1024
MAX_ACTIONS = 3
MAX_LABEL, MAX_DESCRIPTION, MAX_IDENTIFIER = 20, 40, 20
# "body is too long (maximum is 65536 characters)"
MAX_COMMENT_CHARACTERS = 65536


def check_output(output: Json) -> None:
    """Raise 422 unless GitHub would store this output."""
    for name in ("summary", "text"):
        if len((output.get(name) or "").encode()) > MAX_TEXT_BYTES:
            message = f"{name} exceeds a maximum bytesize of {MAX_TEXT_BYTES}"
            raise invalid("CheckRun", name, message)
    if len(output.get("title") or "") > MAX_TITLE_CHARACTERS:
        message = f"title is too long (maximum is {MAX_TITLE_CHARACTERS} characters)"
        raise invalid("CheckRun", "title", message)
    check_annotations(output.get("annotations") or [])


def check_annotations(listed: list[Json]) -> None:
    if len(listed) > MAX_ANNOTATIONS:
        message = f"annotations exceeds a maximum quantity of {MAX_ANNOTATIONS}"
        raise invalid("CheckRun", "annotations", message)
    for one in listed:
        _lines(one)
        _path(one["path"])
        if len(one.get("title") or "") > MAX_TITLE_CHARACTERS:
            message = f"is too long (maximum is {MAX_TITLE_CHARACTERS} characters)"
            raise invalid("CheckAnnotation", "title", message)
        for name in ("message", "raw_details"):
            if len((one.get(name) or "").encode()) > MAX_MESSAGE_BYTES:
                raise invalid("CheckAnnotation", name, "is too long (maximum is 64 KB)")
        if not one["message"]:
            raise invalid("CheckAnnotation", "message", "can't be blank")


def _lines(one: Json) -> None:
    if one["start_line"] < 1 or one["end_line"] < one["start_line"]:
        raise invalid("CheckAnnotation", "end_line", "lines start at 1 and end_line comes last")
    columns = [one[name] for name in ("start_column", "end_column") if one.get(name) is not None]
    if columns and one["start_line"] != one["end_line"]:
        message = "columns are for annotations with the same start_line and end_line"
        raise invalid("CheckAnnotation", "start_column", message)
    if any(column < 1 for column in columns) or columns != sorted(columns):
        raise invalid(
            "CheckAnnotation", "start_column", "columns start at 1 and end_column is last"
        )


def _path(path: str) -> None:
    """Relative to the repository, with forward slashes."""
    parts = path.split("/")
    if not path or "\\" in path or "\0" in path or any(part in ("", ".", "..") for part in parts):
        raise invalid("CheckAnnotation", "path", "is not a path relative to the repository")


def run_actions(listed: list[Json]) -> None:
    if len(listed) > MAX_ACTIONS:
        raise invalid("CheckRun", "actions", f"at most {MAX_ACTIONS} actions")
    limits = (
        ("label", MAX_LABEL),
        ("description", MAX_DESCRIPTION),
        ("identifier", MAX_IDENTIFIER),
    )
    for one in listed:
        for name, limit in limits:
            if not 0 < len(one[name]) <= limit:
                raise invalid("CheckRun", "actions", f"{name} has 1 to {limit} characters")


def comment_body(body: str) -> None:
    if not body.strip():
        raise invalid("IssueComment", "body", "body can't be blank")
    if len(body) > MAX_COMMENT_CHARACTERS:
        message = f"body is too long (maximum is {MAX_COMMENT_CHARACTERS} characters)"
        raise invalid("IssueComment", "body", message)


def short_text(resource: str, name: str, text: str | None, limit: int) -> None:
    if len(text or "") > limit:
        raise invalid(resource, name, f"{name} is too long (maximum is {limit} characters)")


def web_address(resource: str, name: str, text: str | None) -> None:
    """ "details_url must use http or https scheme"; the same of a deployment's links."""
    if text and not text.lower().startswith(("http://", "https://")):
        raise invalid(resource, name, f"{name} must use http(s) scheme")
