"""The variables of a job, and paths that name them."""

from __future__ import annotations

import os.path
from collections.abc import Iterable, Mapping

from dishwasher.core.expansion import expand
from dishwasher.core.facts import fill


def directory(text: str, base: str, values: Mapping[str, str]) -> str:
    """An absolute path: `~` and variables replaced, relative to `base`."""
    home = values.get("HOME", "/")
    if text == "~" or text.startswith("~/"):
        text = home + text[1:]
    return os.path.normpath(os.path.join(base, expand(text, values)))


def filled(
    templates: Iterable[tuple[str, str]], facts: Mapping[str, str]
) -> Iterable[tuple[str, str]]:
    """The variables whose facts are known."""
    for name, template in templates:
        value = fill(template, facts)
        if value is not None:
            yield name, value
