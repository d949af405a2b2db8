"""Where the App may act: installations and their repositories, as GitHub's events tell it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from dishwasher.core.event import Repository


class Right(StrEnum):
    GRANTED = "granted"
    SUSPENDED = "suspended"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Change:
    """What an event about an installation or a repository says."""

    installation: int
    right: Right
    what: str
    """For people: `installation 9 was suspended`."""
    repositories: tuple[int, ...] = ()
    """Ids; empty where all of the installation are meant."""
    told: float = 0.0
    """GitHub's time of it, in seconds since the epoch; 0 where it is not told."""
    present: Repository | None = None
    """The repository as it is called now, where that has changed."""


@dataclass(frozen=True, slots=True)
class Access:
    """The right that was told last of an installation, or of one of its repositories."""

    KIND: ClassVar[str] = "access"

    id: str
    """`<installation>/<repository id>`; the installation as a whole has 0 for the latter."""
    right: Right
    told: float = 0.0
    due: float = 0.0
    version: int = 0

    @property
    def group(self) -> str:
        return ""


def access_id(installation: int, repository: int = 0) -> str:
    return f"{installation}/{repository}"


BARRED = {
    Right.SUSPENDED: "the App is suspended there",
    Right.REMOVED: "the App was removed from there",
}
