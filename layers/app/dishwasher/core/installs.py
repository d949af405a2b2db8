"""What a phase that only installs dependencies goes by, so that its outcome can be kept."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Installs:
    """Paths are relative to the folder that the job's steps start in."""

    requirements: tuple[str, ...] = ()
    """Requirement and constraint files, which may include others."""
    files: tuple[str, ...] = ()
    """Other files that say what is installed, whether they are there or not."""
    whole: bool = False
    """The project itself is installed, which may read any of its files."""
    locked: bool = False
    """Every version stands in those files: installing later gives the same."""
    python: bool = False
    node: bool = False
    why: str = ""
    """What can not be kept, one clause for people; empty where all of it can."""
