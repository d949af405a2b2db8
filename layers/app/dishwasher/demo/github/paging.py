"""Pages of lists, with GitHub's Link header."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar
from urllib.parse import urlencode

from dishwasher.demo.github.routes import Call

__all__ = ["page"]

T = TypeVar("T")

# https://docs.github.com/rest/using-the-rest-api/using-pagination-in-the-rest-api
DEFAULT, LARGEST = 30, 100


def page(call: Call, rows: Sequence[T], path: str) -> tuple[Sequence[T], dict[str, str]]:
    """The page that was asked for, and the headers that lead to the others."""
    size = min(max(int(call.query.get("per_page", DEFAULT)), 1), LARGEST)
    number = max(int(call.query.get("page", 1)), 1)
    last = max(1, -(-len(rows) // size))
    targets: dict[str, int] = {}
    if number > 1:
        targets |= {"prev": number - 1, "first": 1}
    if number < last:
        targets |= {"next": number + 1, "last": last}
    base = f"{call.world.api_url}{path}"
    links = [
        f'<{base}?{urlencode({**call.query, "page": target})}>; rel="{name}"'
        for name, target in targets.items()
    ]
    headers = {"Link": ", ".join(links)} if links else {}
    return rows[(number - 1) * size : number * size], headers
