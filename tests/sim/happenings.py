"""What a delivery was, in words: proof that the worlds have every kind of event."""

from __future__ import annotations

from dishwasher.core import trust
from dishwasher.core.delivery import Delivery, Stage
from dishwasher.core.event import NO_COMMIT, Event, EventKind

from tests.sim.world import World

CLICKED = {
    EventKind.RERUN: "Re-run of a check",
    EventKind.RERUN_ALL: "Re-run of all",
    EventKind.RERUN_FAILED: "the button Re-run failed",
    EventKind.CANCEL: "the button Cancel",
    EventKind.CANCEL_JOB: "the end of one job",
}


def tell(world: World, row: Delivery) -> None:
    """The delivery has come to its end."""
    word = _word(row)
    world.sometimes(f"{word} came")
    if row.stage is Stage.PLANNED and row.build:
        world.sometimes(f"{word} was built")


def _word(row: Delivery) -> str:
    event = row.event
    if row.change is not None:
        return f"{row.name}, {row.change.right},"
    if event is None:
        return row.reason if row.name in ("push", "pull_request") else row.name
    where = " by hand" if trust.is_by_hand(event) else ""
    if event.comment is not None:
        return f"the command {event.comment.line.split()[0]}"
    if event.kind in CLICKED:
        return CLICKED[event.kind] + where
    if event.pull_request is not None:
        return f"pull_request.{event.action}"
    return _pushed(event) + where


def _pushed(event: Event) -> str:
    if event.kind is EventKind.MANUAL:
        return "a start" if trust.is_by_hand(event) else "repository_dispatch"
    if event.kind is not EventKind.PUSH:
        return event.kind.value
    if event.tag:
        return "a tag"
    if event.forced:
        return "a forced push"
    return "a new branch" if event.before == NO_COMMIT else "a push"
