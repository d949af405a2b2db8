"""What the App is granted, by its own page and by each owner who has installed it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dishwasher.cli.checkup.finding import Finding, fail, note, ok, warn
from dishwasher.cli.checkup.line import AREA, App, Line, Owner
from dishwasher.github import answer as answers
from dishwasher.github import manifest
from dishwasher.github.answer import number, read
from dishwasher.github.client import Call

INSTALLATIONS = "/app/installations"
LOOKED_AT = 5
"""Installations whose quota is asked for: each costs three calls."""
SPENT = 0.1
"""Share of the hourly limit that is left."""
LEVELS = ("read", "write", "admin")


@dataclass(frozen=True, slots=True)
class _Installation:
    id: int
    account: Owner
    html_url: str
    suspended_at: str | None = None


@dataclass(frozen=True, slots=True)
class _Token:
    token: str


def permissions(line: Line, app: App, data: Any) -> Iterator[Finding]:
    asked = manifest.asked()
    granted = _levels(data)
    missing, more = _missing(granted), sorted(granted.keys() - asked.permissions.keys())
    page = line.page(app)
    if missing:
        todo = f"grant them at {page}/permissions, then each owner accepts"
        yield fail(AREA, "permissions", f"the App lacks {', '.join(missing)}", todo)
    elif more:
        yield note(
            AREA,
            "permissions",
            f"all that are needed, and more: {', '.join(more)}",
            f"take away what nothing else needs, at {page}/permissions",
        )
    else:
        yield ok(AREA, "permissions", "exactly those that are needed")
    deaf = sorted(set(asked.events) - set(app.events))
    if deaf:
        todo = f"subscribe to them at {page}/permissions"
        yield fail(AREA, "events", f"the App does not hear {', '.join(deaf)}", todo)
    else:
        yield ok(AREA, "events", "all that are listened to")


def installations(line: Line, app: App) -> Iterator[Finding]:
    data = line.get(INSTALLATIONS, per_page=100)
    rows = read(tuple[_Installation, ...], data, INSTALLATIONS)
    if not rows:
        todo = f"install it: {app.html_url}/installations/new"
        yield warn(AREA, "installations", "the App is installed nowhere", todo)
        return
    fine: list[str] = []
    for row, raw in zip(rows, data, strict=True):
        missing = _missing(_levels(raw))
        who = row.account.login
        if row.suspended_at:
            text = f"{who} has suspended the App, and nothing is built there"
            yield warn(AREA, "installations", text, f"its owner resumes it at {row.html_url}")
        elif missing:
            text = f"{who} has not accepted {', '.join(missing)}"
            yield warn(AREA, "installations", text, f"its owner accepts at {row.html_url}")
        else:
            fine.append(who)
    if fine:
        names = ", ".join(fine[:LOOKED_AT]) + (", …" if len(fine) > LOOKED_AT else "")
        yield ok(AREA, "installations", f"{len(fine)}: {names}")
    awake = [row for row in rows if not row.suspended_at]
    for row in awake[:LOOKED_AT]:
        yield from _quota(line, row)


def _quota(line: Line, row: _Installation) -> Iterator[Finding]:
    path = f"/app/installations/{row.id}/access_tokens"
    minted = line.send(Call("POST", path, body={"permissions": {"metadata": "read"}}))
    if answers.fault(minted, path, once=False):
        return
    token = read(_Token, answers.value(minted, path, once=False), path).token
    asked = line.send(Call("GET", "/rate_limit"), token)
    line.send(Call("DELETE", "/installation/token"), token)
    left, of = number(asked, "x-ratelimit-remaining"), number(asked, "x-ratelimit-limit")
    # Enterprise Server may keep no limit, and answers 404 then.
    if left is None or not of or left >= of * SPENT:
        return
    reset = number(asked, "x-ratelimit-reset") or 0.0
    minutes = max(0.0, (reset - line.now()) / 60)
    text = f"{row.account.login} has {left:.0f} of {of:.0f} calls left for {minutes:.0f} minutes"
    yield warn(AREA, "limit", text, line.remedies.limit)


def _levels(data: Any) -> dict[str, str]:
    found = data.get("permissions") if isinstance(data, dict) else None
    return {str(name): str(level) for name, level in (found or {}).items()}


def _missing(granted: Mapping[str, str]) -> list[str]:
    """Permissions of the manifest that are not granted, as `name:level`."""
    lacking = []
    for name, level in sorted(manifest.asked().permissions.items()):
        has = granted.get(name, "")
        if has not in LEVELS or LEVELS.index(has) < LEVELS.index(level):
            lacking.append(f"{name}:{level}")
    return lacking
