"""Where a repository is now: its name, its owner and the installation that reaches it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from dishwasher.core.access import ENDED, Named, Right
from dishwasher.core.event import Repository


@dataclass(frozen=True, slots=True)
class Place:
    """What GitHub told last of a repository that moved, or that could not be reached."""

    KIND: ClassVar[str] = "place"

    id: str
    """The repository's."""
    repository: Repository
    right: Right = Right.GRANTED
    """What became of the repository itself, whoever may act there."""
    since: float = 0.0
    """When that was heard, in seconds since the epoch; 0 where nothing stands in the way."""
    told: float = 0.0
    """GitHub's time of it."""
    owed: bool = False
    """Reports wait until it can be reached again."""
    waking: bool = False
    """It can be, and not all of them have been told so yet."""
    parked: int = 0
    """How many times one began to wait: who wakes them sees that one has come meanwhile."""
    due: float = 0.0
    version: int = 0

    @property
    def group(self) -> str:
        """By installation, for those to be woken when that comes back."""
        return str(self.repository.installation) if self.owed else ""


def place_of(repository: Repository) -> Place:
    return Place(str(repository.id), repository)


def told(place: Place, present: Repository, right: Right, at: float, now: float) -> Place:
    """The place after GitHub's word on it; an older word that comes late changes nothing."""
    if at < place.told:
        return place
    since = place.since if right is place.right else now
    since = 0.0 if right is Right.GRANTED else since
    return replace(place, repository=present, right=right, since=since, told=at)


def reached(place: Place, named: Named, installation: int, at: float) -> Place:
    """The place of a repository that an installation lists among those it reaches; an older word
    that comes late changes nothing. `at` is 0 where GitHub tells no time."""
    if 0 < at < place.told:
        return place
    owner, _, name = named.full_name.partition("/")
    repository = replace(place.repository, installation=installation, private=named.private)
    if name:
        repository = replace(repository, owner=owner, name=name)
    listed = replace(place, repository=repository)
    # What was deleted and is listed was restored; an archived one is listed too.
    return replace(listed, right=Right.GRANTED, since=0.0) if place.right in ENDED else listed
