"""Where the App may act: suspended, removed, put back, renamed, transferred."""

from __future__ import annotations

from typing import Any

from dishwasher.flow import turn
from dishwasher.flow.claim import Claim
from dishwasher.flow.places import Places
from dishwasher.flow.tenancy import Tenancy
from dishwasher.flow.turn import Turns

from tests.sim.faults import Faults
from tests.sim.without.patch import Mutant


def give_up(self: Turns, claim: Claim, build: Any, put_off: Any) -> None:
    """Who is not let in once never comes back."""
    put_off(0.0)
    claim.leave(0.0)


def nothing(*_: Any) -> None:
    """Instead of what protects."""


def where_it_was(self: Tenancy, place: Any, repository: Any) -> Any:
    """Believes the event, whatever has happened since."""
    return repository


def never_again(right: Any, since: float, now: float) -> float:
    """Waits for an event, and does not look by itself."""
    return 0.0


OWNERS = Faults(tenancy=0.9, slow=0.05)
"""Owners that do something all the time, to a bot that is not the fastest."""
UNTOLD = Faults(tenancy=0.9, delivery_unsent=0.4)
"""GitHub does not even tell."""
MUTANTS = (
    Mutant("away-given-up", "the wait for who is not let in", ((Turns, "_park", give_up),), OWNERS),
    Mutant("away-unwoken", "the end of that wait", ((Places, "wake", nothing),), OWNERS),
    Mutant("away-unasked", "looks without an event", ((turn, "look_again", never_again),), UNTOLD),
    Mutant("away-unlisted", "the list's word", ((Places, "listed", nothing),), UNTOLD),
    Mutant("away-unplanned", "heads that were left", ((Places, "missed", nothing),), OWNERS),
    Mutant("move-unheard", "where a repository is now", ((Tenancy, "_now", where_it_was),), OWNERS),
)
