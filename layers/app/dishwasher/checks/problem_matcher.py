"""Problem matchers that users bring along, in GitHub's JSON, held to GitHub's rules for it.

https://github.com/actions/toolkit/blob/main/docs/problem-matchers.md, and what its runner refuses:
https://github.com/actions/runner/blob/main/src/Runner.Worker/IssueMatcher.cs
"""

from __future__ import annotations

import json
from typing import Any

from dishwasher.checks.running import FIELDS
from dishwasher.checks.tools import Matcher, Pattern
from dishwasher.core.ecmascript import Expression, Unreadable
from dishwasher.errors import UserError

SIZE = 64 * 1024
"""Bytes of one file."""
MATCHERS, PATTERNS = 20, 20
"""In one file, and in one matcher: every line of a log is looked at by each of them."""

_SEVERITIES = ("", "error", "warning", "notice")


def read(data: bytes) -> tuple[Matcher, ...]:
    """The matchers of one file; raises UserError, whose words begin in lower case."""
    if len(data) > SIZE:
        raise UserError(f"it has {len(data):,} bytes or more; at most {SIZE:,} are read")
    try:
        held = json.loads(data.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise UserError(f"it is not JSON: {error}") from error
    except UnicodeDecodeError as error:
        raise UserError("it is not text in UTF-8") from error
    except (RecursionError, ValueError) as error:
        raise UserError("it is not JSON that can be read") from error
    listed = held.get("problemMatcher") if isinstance(held, dict) else None
    if not isinstance(listed, list) or not listed:
        raise UserError("it has no list `problemMatcher`, as GitHub's problem matchers have")
    if len(listed) > MATCHERS:
        raise UserError(f"it has {len(listed):,} matchers; at most {MATCHERS} are read")
    matchers = tuple(_matcher(one, number) for number, one in enumerate(listed, 1))
    owners = [matcher.owner.casefold() for matcher in matchers]
    for number, owner in enumerate(owners):
        if owner in owners[:number]:
            raise UserError(f"it has two matchers with the owner `{matchers[number].owner}`")
    return matchers


def _matcher(held: Any, number: int) -> Matcher:
    owner = held.get("owner") if isinstance(held, dict) else None
    if not isinstance(owner, str) or not owner.strip():
        raise UserError(f"its matcher {number} has no `owner`")
    try:
        patterns = _patterns(held.get("pattern"))
        severity = _text(held, "severity").casefold()
        if severity not in _SEVERITIES:
            raise UserError(f"its `severity` is {_shown(severity)}; write error, warning or notice")
        return Matcher(owner.strip(), patterns, severity or "error", _text(held, "fromPath"))
    except UserError as error:
        raise UserError(f"matcher `{owner.strip()[:80]}`: {error}") from error


def _patterns(held: Any) -> tuple[Pattern, ...]:
    if not isinstance(held, list) or not held:
        raise UserError("it has no list `pattern`")
    if len(held) > PATTERNS:
        raise UserError(f"it has {len(held):,} patterns; at most {PATTERNS} are read")
    patterns = []
    for number, one in enumerate(held, 1):
        try:
            patterns.append(_pattern(one))
        except UserError as error:
            raise UserError(f"pattern {number}: {error}") from error
    for field in FIELDS:
        if sum(getattr(pattern, field) is not None for pattern in patterns) > 1:
            name = "fromPath" if field == "from_path" else field
            raise UserError(f"two of its patterns set `{name}`")
    if any(pattern.loop for pattern in patterns[:-1]) or (len(patterns) == 1 and patterns[0].loop):
        raise UserError("only the last of several patterns may set `loop`")
    last = patterns[-1]
    if last.loop and last.message is None:
        raise UserError("the pattern that sets `loop` must set `message` too")
    for name in ("message", "file"):
        if all(getattr(pattern, name) is None for pattern in patterns):
            why = "; a finding without one has no place" if name == "file" else ""
            raise UserError(f"none of its patterns sets `{name}`{why}")
    return tuple(patterns)


def _pattern(held: Any) -> Pattern:
    text = held.get("regexp") if isinstance(held, dict) else None
    if not isinstance(text, str) or not text:
        raise UserError("it has no `regexp`")
    try:
        expression = Expression(text)
    except Unreadable as error:
        raise UserError(f"its `regexp` can not be read: {error}") from error
    loop = held.get("loop", False)
    if not isinstance(loop, bool):
        raise UserError(f"its `loop` is {_shown(loop)}; write true or false")
    count = expression.groups
    return Pattern(
        expression,
        file=_group(held, "file", count),
        line=_group(held, "line", count),
        column=_group(held, "column", count),
        severity=_group(held, "severity", count),
        code=_group(held, "code", count),
        message=_group(held, "message", count),
        from_path=_group(held, "fromPath", count),
        loop=loop,
    )


def _group(held: dict[str, Any], name: str, count: int) -> int | None:
    number = held.get(name)
    if number is None:
        return None
    if not isinstance(number, int) or isinstance(number, bool):
        raise UserError(f"its `{name}` is {_shown(number)}; write the number of a group")
    if not 0 <= number <= count:
        raise UserError(f"its `{name}` is {number}, and its `regexp` has {count} groups")
    return number


def _text(held: dict[str, Any], name: str) -> str:
    text = held.get(name)
    if text is None:
        return ""
    if not isinstance(text, str):
        raise UserError(f"its `{name}` is {_shown(text)}; write text")
    return text


def _shown(value: Any) -> str:
    return f"`{json.dumps(value, ensure_ascii=False)[:80]}`"
