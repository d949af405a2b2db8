"""GitHub's own example payloads, and what they lack made from them by mutation."""

from __future__ import annotations

import copy
import json
import lzma
from functools import cache
from pathlib import Path
from typing import Any

Json = dict[str, Any]

MISSING = object()
INSTALLATION = {"id": 9}
"""Examples of repository hooks have none; an App's deliveries always do."""


@cache
def events() -> dict[str, list[Json]]:
    """Every example by the name of its event."""
    path = Path(__file__).parent / "examples.json.xz"
    found: dict[str, list[Json]] = json.loads(lzma.decompress(path.read_bytes()))["events"]
    return found


def every() -> list[tuple[str, Json]]:
    """Name and payload of each example, with an installation."""
    return [
        (name, {"installation": INSTALLATION, **payload})
        for name, payloads in events().items()
        for payload in payloads
    ]


def example(name: str, kind: str = "", **changes: object) -> Json:
    """The first example with that action; a key like `head__repo` is the way to what changes."""
    found = next(one for one in events()[name] if kind in ("", one.get("action")))
    data: Json = {"installation": INSTALLATION} | copy.deepcopy(found)
    for way, value in changes.items():
        *folders, last = way.split("__")
        place = data
        for folder in folders:
            place = place[folder]
        if value is MISSING:
            del place[last]
        else:
            place[last] = value
    return data
