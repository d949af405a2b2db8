"""What GitHub answered → a JSON value, or whose fault it is that there is none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from dishwasher.core.codec import decode
from dishwasher.errors import Ambiguous, Fault, Gone, InfraError, Rejected
from dishwasher.github.limiter import Quota

T = TypeVar("T")

MOVED = frozenset({301, 302, 307, 308})
"""A renamed repository. https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects"""
SECONDARY = ("secondary rate limit", "abuse detection", "rate limit exceeded", "try again later")
"""What a 403 says that is a limit and not a missing permission."""


class Missing(Gone):
    """The object is not there (404) while the repository is."""


class Unauthorized(InfraError):
    """The token or the JWT is not valid (any more); `at` is GitHub's time, None where not told."""

    def __init__(self, message: str, at: float | None = None) -> None:
        super().__init__(message)
        self.at = at


class Redirected(InfraError):
    """The repository has another name now."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True, slots=True)
class Limit:
    """GitHub says "too fast": `until` in seconds since the epoch, None when it named no time."""

    until: float | None


def limit(answer: Answer, now: float) -> Limit | None:
    """The order of GitHub's own advice: retry-after, then the reset, then at least a minute.

    https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
    """
    if answer.status not in (403, 429):
        return None
    if (seconds := number(answer, "retry-after")) is not None:
        return Limit(now + seconds)
    if number(answer, "x-ratelimit-remaining") == 0:
        return Limit(number(answer, "x-ratelimit-reset"))
    said = message(answer).lower()
    if answer.status == 429 or any(words in said for words in SECONDARY):
        return Limit(None)
    return None


def quota(answer: Answer) -> Quota | None:
    """What is left of the hourly limit; the search and manifest limits are not ours."""
    left, of = number(answer, "x-ratelimit-remaining"), number(answer, "x-ratelimit-limit")
    reset = number(answer, "x-ratelimit-reset")
    ours = answer.headers.get("x-ratelimit-resource", "core") == "core"
    if left is None or of is None or reset is None or not ours:
        return None
    return Quota(left, of, reset)


def fault(answer: Answer, what: str, *, once: bool) -> Fault | None:
    """Why there is no value in this answer; None for a success.

    With `once`, an answer that leaves open whether the call had its effect is Ambiguous.
    """
    status = answer.status
    if 200 <= status < 300:
        return None
    text = f"{what}: GitHub answered {status}: {message(answer)[:300]}"
    if status >= 500:
        return Ambiguous(text) if once else InfraError(text)
    if status == 401:
        return Unauthorized(text, date(answer))
    if status in MOVED:
        return Redirected(text)
    if status == 404:
        return Missing(text)
    if status in (403, 410, 451):
        needs = answer.headers.get("x-accepted-github-permissions", "")
        hint = f"; it needs {needs}: `dishwasher doctor` tells who must accept it"
        return Gone(text + hint if needs else text)
    if 400 <= status < 500:
        return Rejected(text)
    return InfraError(text)


def value(answer: Answer, what: str, *, once: bool) -> Any:
    """The JSON of a success; with `once`, one that can not be read is Ambiguous."""
    if answer.status == 204:
        return None
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise unreadable(what, once=once) from error


def read(kind: type[T], data: object, what: str, *, once: bool = False) -> T:
    """The value of this kind in GitHub's JSON."""
    try:
        return decode(kind, data)
    except ValueError as error:
        raise unreadable(what, once=once) from error


def unreadable(what: str, *, once: bool) -> InfraError:
    text = f"{what}: GitHub's answer can not be read"
    return Ambiguous(text) if once else InfraError(text)


def number(answer: Answer, header: str) -> float | None:
    """A header as a finite number that is not negative; None when it is none."""
    text = answer.headers.get(header, "")
    return float(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def date(answer: Answer) -> float | None:
    """When it was given, by GitHub's clock; None where that can not be read."""
    try:
        return parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except (TypeError, ValueError):
        return None


def message(answer: Answer) -> str:
    """The sentence in an error's body, or its first words when it is no JSON (a proxy's HTML)."""
    try:
        data = json.loads(answer.body)
    except (ValueError, RecursionError):
        return answer.body[:100]
    if not isinstance(data, dict):
        return answer.body[:100]
    errors = data.get("errors")
    said = str(data.get("message", ""))
    return f"{said} {json.dumps(errors)}" if errors else said
