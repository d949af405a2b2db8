"""Comments and deployments on GitHub: one of each, and the last word the right one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dishwasher.core.report import Told
from dishwasher.flow.claim import Claim
from dishwasher.flow.comment import PullComments
from dishwasher.flow.deployment import Announcements

from tests.sim.faults import Faults
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

LOST_ANSWERS = Faults(github_after=0.3, github_before=0.1, throttle=0.05, bell_lost=0.2)
"""Of GitHub, to whom the comments and deployments of these worlds are told."""
ZOMBIES = Faults(freeze=0.03, freeze_longest=300.0)
"""Workers that freeze between asking and sending, and overwrite what was said since."""
SHORT_ZOMBIES = Faults(freeze=0.02, freeze_longest=90.0)
"""Not so long that nobody speaks of the pull request any more when they thaw."""
MUTANTS = (
    Mutant(
        *("comment-again", "the look for our comment"),
        ((PullComments, "_ours", never_ours),),
        LOST_ANSWERS,
        "day",
    ),
    Mutant(
        *("comment-unmended", "the last look at comments"),
        ((PullComments, "_mend", mend_nothing),),
        SHORT_ZOMBIES,
        "day",
    ),
    Mutant(
        *("comment-stale", "the edit"),
        ((PullComments, "_turn", as_first_said),),
        Faults(),
        "day",
    ),
    Mutant(
        *("announced-again", "the look for a deployment"),
        ((Announcements, "_resolve", believe_unmade),),
        LOST_ANSWERS,
    ),
    Mutant(
        *("announced-twice", "the sweep of deployments"),
        ((Announcements, "sweep", sweep_nothing),),
        ZOMBIES,
    ),
)
