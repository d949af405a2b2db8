"""What nobody has rung for: heads without a webhook, times that pass, the end of a build."""

from __future__ import annotations

from typing import Any

from dishwasher.core import timetable
from dishwasher.core.build import Build
from dishwasher.flow.heads import MissedHeads
from dishwasher.flow.verdict import Verdicts

from tests.sim.without import worlds
from tests.sim.without.patch import Mutant


def nothing(*_: Any, **__: Any) -> None:
    """Instead of what protects."""


def listed_never(self: Verdicts, build: Build, jobs: Any) -> tuple[Any, ...]:
    return ()


def pass_over(table: Any, now: float, following: Any) -> tuple[Any, tuple[Any, ...]]:
    """Moves on to the next time, and does nothing."""
    return true_passed(table, now, following)[0], ()


true_passed: Any = timetable.passed

MUTANTS = (
    Mutant(
        "heads-unseen",
        "the look at heads",
        "L10 ",
        ((MissedHeads, "_plan", nothing),),
        worlds.UNTOLD,
    ),
    Mutant(
        "time-passed-over",
        "what is due",
        "S9 ",
        ((timetable, "passed", pass_over),),
        worlds.KIND,
    ),
    Mutant(
        "line-open", "the end of a line in the list", "S8 ", ((Verdicts, "_listed", listed_never),)
    ),
)
