"""A check that files of a repository imply, before it is a job."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """What is run, because of what, and what it needs installed."""

    name: str
    commands: tuple[str, ...]
    why: str
    """A clause that ends before a comma: `manage.py` is a Django project's."""
    wants: tuple[str, ...] = ()
    """Python packages that hold its tools."""
    script: str = ""
    """What stands behind a command that is but a name, such as `npm run lint`."""
    is_early: bool = False
    """It takes little time, and tests wait until it is met."""
