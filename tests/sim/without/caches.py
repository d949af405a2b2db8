"""Cases 31 and 33: whose caches are restored, and that each of them is whole and known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dishwasher.core import shelf
from dishwasher.core.build import Build
from dishwasher.core.shelf import Entry, Reach, Room, Shelf

from tests.sim.without import worlds
from tests.sim.without.patch import Mutant


def reach_for_all(build: Build) -> Reach:
    """Everybody stores for the default branch."""
    found = true_reach(build)
    return Reach(found.places[-1], found.places[:-1])


def announce_nothing(before: Shelf, blob: str, size: int, room: Room, now: float) -> Shelf:
    """Uploads begin without a trace."""
    return before


def keep_unseen(before: Shelf, entry: Entry, room: Room, now: float, **how: Any) -> Shelf:
    """What is replaced or pushed out is forgotten at once."""
    after = true_keep(before, entry, room, now, **how)
    old = {one.blob for one in before.leavings}
    return replace(after, leavings=tuple(one for one in after.leavings if one.blob in old))


true_reach: Any = shelf.reach
true_keep: Any = shelf.keep

MUTANTS = (
    Mutant(
        "cache-of-anyone",
        "a place of its own for each branch",
        "S7 .* restores what",
        ((shelf, "reach", reach_for_all),),
    ),
    Mutant(
        "cache-unannounced",
        "writing an upload down before it begins",
        "L6 nobody will remove",
        ((shelf, "announce", announce_nothing), (shelf, "is_announced", lambda *_: True)),
        worlds.DYING_RUNNERS,
        "release",
    ),
    Mutant(
        "cache-forgotten",
        "writing down what has to be removed",
        "L6 nobody will remove",
        ((shelf, "keep", keep_unseen),),
        worlds.FAILING_FILES,
        "release",
    ),
)
