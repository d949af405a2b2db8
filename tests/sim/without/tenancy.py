"""Where the App may act: suspended, removed, put back, renamed, transferred."""

from __future__ import annotations

from typing import Any

from dishwasher.flow import turn
from dishwasher.flow.claim import Claim
from dishwasher.flow.places import Places
from dishwasher.flow.tenancy import Tenancy
from dishwasher.flow.turn import Turns

from tests.sim.without import worlds
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


MUTANTS = (
    Mutant(
        "away-given-up",
        "the wait for who is not let in",
        "(L1 check run|L2 the end of|L2 .* has no check run)",
        ((Turns, "_park", give_up),),
        worlds.OWNERS,
    ),
    Mutant(
        "away-unwoken",
        "the end of that wait",
        "(L1 check run|L2 the end of)",
        ((Places, "wake", nothing),),
        worlds.OWNERS,
    ),
    Mutant(
        "away-unasked",
        "looks without an event",
        "(L1 check run|L2 .* has no check run|L10 )",
        ((turn, "look_again", never_again),),
        worlds.UNTOLD_OWNERS,
        "release",
    ),
    Mutant(
        "away-unlisted",
        "the list's word",
        "(L1 check run|L2 nothing was planned|L10 )",
        ((Places, "listed", nothing),),
        worlds.UNTOLD_OWNERS,
    ),
    Mutant(
        "away-unplanned",
        "heads that were left",
        "(L7 .* lost its build|L2 nothing was planned|L10 )",
        ((Places, "missed", nothing),),
        worlds.OWNERS,
    ),
    Mutant(
        "move-unheard",
        "where a repository is now",
        "(L1 check run|L2 )",
        ((Tenancy, "_now", where_it_was),),
        worlds.OWNERS,
    ),
)
