"""Where an event's changes begin and which paths they touch, as far as the forge tells."""

from __future__ import annotations

from dataclasses import dataclass

from dishwasher.core import plan
from dishwasher.core.delivery import Delivery
from dishwasher.core.event import Event
from dishwasher.errors import Gone, InfraError, Rejected
from dishwasher.ports import Clock, Comparison, Source

UNSEEN_FOR = 120.0
"""Seconds in which GitHub's API may not yet show a commit that its webhook has told us of."""
TOO_MANY = (
    "More files were changed than GitHub lists, so that no job was left out for want of a change."
)


@dataclass(frozen=True, slots=True)
class Changed:
    """Paths that an event changes; None where nobody knows, and then perhaps why."""

    paths: tuple[str, ...] | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Changes:
    source: Source
    clock: Clock

    def base(self, delivery: Delivery, event: Event) -> str:
        """The commit that the added lines are added to; empty where everything is new."""
        against = plan.base_of(event)
        if not against:
            return event.before
        if event.tag:
            return against
        try:
            comparison = self._compare(delivery, event, against)
        except (Gone, Rejected):
            return plan.near_base(event)
        # A branch that was just pushed as the first one is its own base: everything is new.
        if comparison is None or comparison.merge_base == event.sha:
            return ""
        return comparison.merge_base

    def paths(self, delivery: Delivery, event: Event) -> Changed:
        """The paths that a push or a pull request changes."""
        against = plan.changed_since(event)
        if not against:
            return Changed(None)
        try:
            comparison = self._compare(delivery, event, against, paths=True)
        except (Gone, Rejected):
            return Changed(None)
        if comparison is None or not plan.tells_changes(event, comparison.status):
            return Changed(None)
        return Changed(comparison.paths, TOO_MANY if comparison.paths is None else "")

    def _compare(
        self, delivery: Delivery, event: Event, against: str, *, paths: bool = False
    ) -> Comparison | None:
        try:
            return self.source.compare(event.repository, against, event.sha, paths=paths)
        except (Gone, Rejected):
            raise
        except InfraError as error:
            # It only tells what is new: no reason to leave the commit unbuilt for long.
            if self.clock.now() < delivery.received + UNSEEN_FOR:
                raise
            raise Rejected(str(error)) from error
