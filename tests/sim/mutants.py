"""Each takes one protection away; the simulation must find a seed that shows why it is there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.sim.story import Outcome, play
from tests.sim.without import (
    bells,
    caches,
    claims,
    deploys,
    heard,
    reports,
    secrets,
    sizes,
    strangers,
    tenancy,
    words,
)
from tests.sim.without.patch import Mutant


@contextmanager
def applied(mutant: Mutant | None) -> Iterator[None]:
    """The code without this protection, for a while."""
    patches = mutant.patches if mutant else ()
    kept = [(place, name, getattr(place, name)) for place, name, _ in patches]
    for place, name, value in patches:
        setattr(place, name, value)
    try:
        yield
    finally:
        for place, name, value in kept:
            setattr(place, name, value)


def played(mutant: Mutant | None, seed: int, *, traced: bool = False) -> Outcome:
    """The world of this seed without the protection, as it shows that best."""
    if mutant is None:
        return play(seed, traced=traced)
    with applied(mutant):
        return play(seed, faults=mutant.faults, habit=mutant.habit, traced=traced)


ALL = (
    *bells.MUTANTS,
    *claims.MUTANTS,
    *reports.MUTANTS,
    *deploys.MUTANTS,
    *caches.MUTANTS,
    *secrets.MUTANTS,
    *words.MUTANTS,
    *strangers.MUTANTS,
    *heard.MUTANTS,
    *tenancy.MUTANTS,
    *sizes.MUTANTS,
)
BY_NAME = {mutant.name: mutant for mutant in ALL}
