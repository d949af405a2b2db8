"""Which handler answers which request, and what each fault looks like from outside."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from inspect import signature

from dishwasher.errors import Fault, Gone, InfraError, Lost, Refused, Throttled, UserError
from dishwasher.http.message import Request, Response, TooLarge, Unreadable, text

Handler = Callable[..., Response]
"""Takes the request and the path's parameters by name."""

RETRY_AFTER = 2
"""Seconds after which a caller may try again what failed by our own fault."""

_PARAMETER = re.compile(r"\{(\w+)(:path)?\}")


@dataclass(frozen=True, slots=True)
class Route:
    """One method on one pattern: `{name}` is a segment, `{name:path}` the rest of the path."""

    method: str
    pattern: str
    handler: Handler


class Router:
    """The table of routes, compiled; raises TypeError for a handler that does not fit its path."""

    def __init__(self, routes: Iterable[Route], missing: Callable[[Request], Response]) -> None:
        self._missing = missing
        self._exact: dict[str, dict[str, Handler]] = {}
        patterns: dict[str, dict[str, Handler]] = {}
        for route in routes:
            _check(route)
            table = patterns if "{" in route.pattern else self._exact
            table.setdefault(route.pattern, {})[route.method] = route.handler
        self._patterns = [(_compile(pattern), methods) for pattern, methods in patterns.items()]

    def __call__(self, request: Request) -> Response:
        """The answer; what is not a Fault is a bug and left to the server to log."""
        try:
            response = self._answer(request)
        except Lost:
            raise
        except Fault as fault:
            response = answer_to(fault)
        if request.method == "HEAD":
            return without_body(response)
        return response

    def _answer(self, request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        known: set[str] = set()
        for methods, parameters in self._matches(request.path):
            handler = methods.get(method)
            if handler is not None:
                return handler(request, **parameters)
            known |= methods.keys()
        if not known:
            return self._missing(request)
        allowed = sorted(known | {"HEAD"} if "GET" in known else known)
        return text(405, "this method is not known here", ("allow", ", ".join(allowed)))

    def _matches(self, path: str) -> Iterator[tuple[dict[str, Handler], dict[str, str]]]:
        """Every pattern that fits: two may be one path with their own names for its parts."""
        if path in self._exact:
            yield self._exact[path], {}
        for pattern, methods in self._patterns:
            match = pattern.fullmatch(path)
            if match is not None:
                yield methods, match.groupdict()


def answer_to(fault: Fault) -> Response:
    """What a fault looks like from outside: the one place that decides it."""
    message = str(fault)
    match fault:
        case TooLarge():
            return text(413, message)
        case Unreadable():
            return text(422, message)
        case UserError():
            return text(400, message)
        case Gone():
            return text(410, message)
        case Refused():
            return text(403, message)
        case Throttled() | InfraError():
            # Its message can name our own services, so it stays inside.
            message = "that did not work just now; try again"
            return text(503, message, ("retry-after", str(RETRY_AFTER)))
    raise fault


def without_body(response: Response) -> Response:
    """The answer to HEAD: the same headers, and not a byte that stands before the next answer."""
    headers = response.headers
    if isinstance(response.body, bytes) and not any(n == "content-length" for n, _ in headers):
        headers = (*headers, ("content-length", str(len(response.body))))
    return replace(response, headers=headers, body=b"")


def _compile(pattern: str) -> re.Pattern[str]:
    parts, at = [], 0
    for match in _PARAMETER.finditer(pattern):
        parts.append(re.escape(pattern[at : match.start()]))
        parts.append(f"(?P<{match[1]}>{'.+' if match[2] else '[^/]+'})")
        at = match.end()
    parts.append(re.escape(pattern[at:]))
    return re.compile("".join(parts), re.DOTALL)


def _check(route: Route) -> None:
    expected = [match[1] for match in _PARAMETER.finditer(route.pattern)]
    found = list(signature(route.handler).parameters)[1:]
    if expected != found:
        raise TypeError(f"{route.pattern}: the handler takes {found}, not {expected}")
