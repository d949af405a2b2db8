"""For which events a job runs."""

from __future__ import annotations

from dataclasses import dataclass

from dishwasher.core.event import Happening
from dishwasher.core.pattern import Filter


@dataclass(frozen=True, slots=True)
class When:
    """All that is given must hold; an empty value asks for nothing."""

    branches: Filter = Filter()
    """Of the branch that is built: the head branch of a pull request."""
    tags: Filter = Filter()
    paths: Filter = Filter()
    """At least one changed file must be let through."""
    events: tuple[Happening, ...] = ()
    owner: str = ""
    """Account that must own the repository, so that a fork's own bot does not deploy."""
    labels: Filter = Filter()
    """Of a pull request, which carries one of `only` and none of `ignore`; upper and lower case
    are one, as on GitHub. Other events are not asked for labels."""
