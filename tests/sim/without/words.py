"""Comments and deployments on GitHub: one of each, and the last word the right one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dishwasher.core.report import Told
from dishwasher.flow.claim import Claim
from dishwasher.flow.comment import PullComments
from dishwasher.flow.deployment import Announcements

from tests.sim.without import worlds
from tests.sim.without.patch import Mutant


def never_ours(self: PullComments, repository: Any, number: int) -> tuple[Any, ...]:
    """Takes what it wrote for somebody else's."""
    return ()


def mend_nothing(self: PullComments, held: Claim, repository: Any, number: int) -> None:
    if held.report().look:
        held.swept(0.0)


def as_first_said(self: PullComments, held: Claim, build: Any, number: int) -> None:
    """Says something once and never again."""
    if not held.report().said.comment:
        true_turn(self, held, build, number)


def believe_unmade(
    self: Announcements, held: Claim, repository: Any, wanted: Any, told: Told
) -> Told:
    return held.tell(replace(told, doubtful=False))


def sweep_nothing(self: Announcements, held: Claim, repository: Any) -> None:
    return


true_turn = PullComments._turn

MUTANTS = (
    Mutant(
        *(
            "comment-again",
            "the look for our comment",
            r"(G3 .* got a second comment|L8 \d+ comments under)",
        ),
        ((PullComments, "_ours", never_ours),),
        worlds.LOST_ANSWERS,
        "day",
    ),
    Mutant(
        *("comment-unmended", "the last look at comments", "L8 the comment under"),
        ((PullComments, "_mend", mend_nothing),),
        worlds.SHORT_ZOMBIES,
        "day",
    ),
    Mutant(
        *("comment-stale", "the edit", "L8 the comment under"),
        ((PullComments, "_turn", as_first_said),),
        worlds.KIND,
        "day",
    ),
    Mutant(
        *("announced-again", "the look for a deployment", r"(G4 |L9 .* is shown \d+ times)"),
        ((Announcements, "_resolve", believe_unmade),),
        worlds.LOST_ANSWERS,
    ),
    Mutant(
        *("announced-twice", "the sweep of deployments", "L9 "),
        ((Announcements, "sweep", sweep_nothing),),
        worlds.SHORT_ZOMBIES,
        "release",
    ),
)
