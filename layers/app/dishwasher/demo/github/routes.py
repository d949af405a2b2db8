"""The table of endpoints: a template as in GitHub's description, who may call, what answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from dishwasher.demo.github.answer import Answer, not_found
from dishwasher.demo.github.auth import Caller
from dishwasher.demo.github.description import Description
from dishwasher.demo.github.limits import Limits
from dishwasher.demo.github.model import Repository
from dishwasher.demo.github.world import World

__all__ = ["ROUTES", "Call", "Route", "find", "route"]

Json = dict[str, Any]

# Parameters that may hold slashes: a path, a branch, a ref.
LONG = frozenset({"path", "ref", "branch", "base", "head", "basehead"})


@dataclass(frozen=True, slots=True)
class Call:
    """A request that has been let in. `as_of` is set where a stale answer is wanted."""

    world: World
    limits: Limits
    caller: Caller
    params: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Json
    as_of: float | None = None
    target: Repository | None = None

    @property
    def repository(self) -> Repository:
        if self.target is None:
            raise not_found()
        return self.target


@dataclass(frozen=True, slots=True)
class Route:
    """`needs` is `app` (its JWT), `installation`, `user`, `anyone`, or one of some permissions."""

    method: str
    template: str
    pattern: re.Pattern[str]
    needs: tuple[str, ...]
    handler: Callable[[Call], Answer]
    free: bool
    operation: str


Handler = Callable[[Call], Answer]
ROUTES: list[Route] = []


def route(
    method: str, template: str, *needs: str, free: bool = False, described_as: str = ""
) -> Callable[[Handler], Handler]:
    """Register a handler. `free` requests do not count against the hour.

    `described_as` is the template in GitHub's description where that has another one.
    """
    operation = f"{method} {described_as or template}"
    parts = re.split(r"\{(\w+)\}", template)
    pattern = "".join(
        (f"(?P<{part}>.+?)" if part in LONG else f"(?P<{part}>[^/]+)")
        if at % 2
        else re.escape(part)
        for at, part in enumerate(parts)
    )

    def register(handler: Handler) -> Handler:
        compiled = re.compile(pattern)
        ROUTES.append(Route(method, template, compiled, needs, handler, free, operation))
        return handler

    return register


def find(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The most specific route: the one with the longest template."""
    best: tuple[Route, dict[str, str]] | None = None
    for one in ROUTES:
        if one.method != method or (best and len(one.template) <= len(best[0].template)):
            continue
        if found := one.pattern.fullmatch(path):
            best = one, {name: unquote(value) for name, value in found.groupdict().items()}
    return best


def problems(description: Description, operation: str, call: Call, body: Json | None) -> list[str]:
    """What GitHub's description holds against a request."""
    return [
        *description.parameters(operation, "path", call.params),
        *description.parameters(operation, "query", call.query),
        *description.body(operation, body),
    ]
