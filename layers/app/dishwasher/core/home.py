"""Which repositories have builds: one row for each, made with its first build."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

HOMES = "all"
"""The group of them; a row is written once, so that nobody waits for anybody."""


@dataclass(frozen=True, slots=True)
class Home:
    """A repository that the front page lists; what it is called its newest build knows."""

    KIND: ClassVar[str] = "home"

    id: str
    """GitHub's of the repository."""
    due: float = 0.0
    version: int = 0

    @property
    def group(self) -> str:
        return HOMES
