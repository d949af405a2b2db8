"""Where the App may act: installations and their repositories, as GitHub tells of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from dishwasher.core.event import Repository


class Right(StrEnum):
    """Of two that hold at once the later one here counts."""

    GRANTED = "granted"
    ARCHIVED = "archived"
    SUSPENDED = "suspended"
    REMOVED = "removed"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Named:
    """A repository as lists of an installation name it."""

    id: int
    full_name: str
    private: bool = True


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
    """Of an event about one repository: what it is now."""
    named: tuple[Named, ...] = ()
    """What the installation now reaches, as far as it is listed."""


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
    Right.ARCHIVED: "the repository is archived",
    Right.SUSPENDED: "the App is suspended there",
    Right.REMOVED: "the App was removed from there",
    Right.DELETED: "the repository was deleted",
}
PAUSED = frozenset({Right.ARCHIVED, Right.SUSPENDED})
"""What mostly ends again, and is told by an event when it does."""
ENDED = frozenset({Right.REMOVED, Right.DELETED})

FIRST_LOOK = 60.0
"""Seconds until GitHub is asked again that would not have us, and told nobody why."""
SLOW_LOOK = 6 * 3600.0
"""Seconds between two looks at the table where an event is to come; GitHub is not asked."""
UNEXPLAINED = 3 * 24 * 3600.0
"""Seconds for which GitHub is asked again; the event that explains it comes so late at most."""
STALE_AFTER = 14 * 24 * 3600.0
"""Seconds after which GitHub itself ends check runs that are open, as `stale`.

https://docs.github.com/en/rest/checks/runs
"""


def worst(*rights: Right) -> Right:
    """The one of them that counts."""
    return max(rights, key=tuple(Right).index)


def look_again(right: Right, since: float, now: float) -> float:
    """When to try again to tell what could not be told since then; 0 for not by ourselves.

    Where no event explains it, each wait is as long as all before it together.
    """
    if right in ENDED:
        return 0.0
    if right in PAUSED:
        return now + SLOW_LOOK if now < since + STALE_AFTER else 0.0
    if now >= since + UNEXPLAINED:
        return 0.0
    return now + min(max(now - since, FIRST_LOOK), SLOW_LOOK)
