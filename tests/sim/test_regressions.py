"""Faults that the simulation has found: the worlds that show each, and the mutant that it was.

A changed flow draws other chances from the same seed, so a seed alone would not keep a fault
found: these worlds have just the faults that matter, so strong that nearly each of them shows it.
"""

from __future__ import annotations

import pytest

from tests.sim import mutants
from tests.sim.faults import Faults
from tests.sim.story import play

LOST_ANSWERS = Faults(github_after=0.3)
FROZEN_WRITERS = Faults(freeze=0.01, freeze_longest=400.0, github_after=0.1)
VANISHING = Faults(gone=1.0, slow=0.05, gone_unsaid=1.0)
SLOW_DEPLOYMENTS = Faults(slow=0.1, lag=30.0, runner_crash=0.05)

FOUND = (
    # The last page of annotations arrived and its answer did not: the look found nothing left to
    # send, so the verdict was never known to be shown and the reaper rang for ever.
    ("digest-kept", LOST_ANSWERS, (0, 1, 2)),
    # A reporter froze before a POST, lost its claim, made the check run and got no answer: nobody
    # was told to look, and the check run stayed open.
    ("no-warning", FROZEN_WRITERS, (1, 3, 5)),
    # The repository vanished between the checks and the deployment, which then stayed queued.
    ("gone-unheard", VANISHING, (2, 3, 4)),
    # A branch was forced back and deployed; then what had been taken off it was deployed late.
    ("rollback-ignored", SLOW_DEPLOYMENTS, (56,)),
)
WORLDS = [(name, faults, seed) for name, faults, seeds in FOUND for seed in seeds]


@pytest.mark.parametrize(("name", "faults", "seed"), WORLDS)
def test_a_fault_that_was_found_stays_mended(name: str, faults: Faults, seed: int) -> None:
    assert name in mutants.BY_NAME
    assert play(seed, faults=faults).violations == ()


@pytest.mark.parametrize(("name", "faults"), [(name, faults) for name, faults, _ in FOUND[:3]])
def test_the_worlds_still_show_the_fault(name: str, faults: Faults) -> None:
    with mutants.applied(mutants.BY_NAME[name]):
        assert any(play(seed, faults=faults).violations for seed in range(20))
