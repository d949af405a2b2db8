"""Who looks at a page, for its header."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Viewer:
    """Both are empty where nobody can log in."""

    name: str = ""
    """Of the person who is logged in."""
    login: str = ""
    """Where to log in, for somebody who is not."""


NOBODY = Viewer()
