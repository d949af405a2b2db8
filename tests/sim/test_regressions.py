"""Faults that the simulation has found: the worlds that show each, and the mutant that it was.

A changed flow draws other chances from the same seed, so a seed alone would not keep a fault
found: these worlds have just what matters, so strong that nearly each of them shows it.
"""

from __future__ import annotations

import pytest

from tests.sim import mutants
from tests.sim.story import play
from tests.sim.without.patch import Fate

FOUND = (
    # The last page of annotations arrived and its answer did not: the look found nothing left to
    # send, so the verdict was never known to be shown and the reaper rang for ever.
    "forgotten-doubt",
    # A reporter froze before a POST, lost its claim, made the check run and got no answer: nobody
    # was told to look, and the check run stayed open.
    "no-warning",
    # The repository vanished between the checks and the deployment, which then stayed queued.
    "gone-unheard",
    # A branch was forced back and deployed; then what had been taken off it was deployed late.
    "rollback-ignored",
    # Somebody stopped a check between its end for want of room and its new beginning, and it said
    # that it was run again.
    "move-told-early",
)
SEEDS = range(3)


@pytest.mark.parametrize("name", FOUND)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_fault_that_was_found_stays_mended(name: str, seed: int) -> None:
    mutant = mutants.BY_NAME[name]
    assert mutant.faults is not None
    assert play(seed, faults=mutant.faults, habit=mutant.habit).violations == ()


@pytest.mark.parametrize("name", FOUND[:3])
def test_the_worlds_still_show_the_fault(name: str) -> None:
    mutant = mutants.BY_NAME[name]
    worlds = (mutants.played(mutant, seed).violations for seed in range(20))
    assert any(mutant.fate(broken)[0] is Fate.KILLED for broken in worlds if broken)
