"""The first line of a comment → a command of ours, or what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import ClassVar

from dishwasher.core.event import SHA

LINE = re.compile(r"/([a-z]+)(?: +(.+))?")
MOST = 10
"""Commands that one person may give in one repository within WITHIN: each costs calls to GitHub,
and everybody may write comments."""
WITHIN = 600.0
"""Seconds."""
HELP = (
    "`/rerun` runs what has failed once more, `/rerun NAME` the check of this name",
    "`/cancel` ends what still runs",
    "`/approve` lets a stranger's commit be built with its own configuration, still in a jail "
    "and without secrets; `/approve SHA`, with the whole SHA, after a push",
    "`/help` shows this",
)
"""For people, in Markdown."""
WHO = "Whoever may write to the repository gives a command as the first line of a new comment."


class Verb(StrEnum):
    RERUN = "rerun"
    CANCEL = "cancel"
    APPROVE = "approve"
    HELP = "help"


class Reaction(StrEnum):
    """How a comment is acknowledged, in GitHub's own words; what is done shows in the checks."""

    TAKEN = "eyes"
    REFUSED = "-1"
    UNCLEAR = "confused"


@dataclass(frozen=True, slots=True)
class Command:
    """`argument` is the name of a check or a whole SHA; empty where none is given."""

    verb: Verb
    argument: str = ""
    mistake: str = ""
    """Why it can not be carried out as it is written; empty where it can."""


def read(line: str) -> Command | None:
    """The command of this line; None for what is none of ours: other bots have their own."""
    found = LINE.fullmatch(line)
    if found is None or found[1] not in frozenset(map(str, Verb)):
        return None
    command = Command(Verb(found[1]), (found[2] or "").strip())
    return replace(command, mistake=_mistake(command))


def _mistake(command: Command) -> str:
    verb, argument = command.verb, command.argument
    if verb in (Verb.CANCEL, Verb.HELP) and argument:
        return f"/{verb} stands alone."
    if verb is Verb.APPROVE and argument and not SHA.fullmatch(argument):
        # Whoever pushes can make a commit whose SHA begins as another's does.
        return "/approve takes the whole SHA of a commit, 40 digits, and no part of it."
    return ""


@dataclass(frozen=True, slots=True)
class Tally:
    """The commands that one person has given lately in one repository."""

    KIND: ClassVar[str] = "tally"

    id: str
    """`<repository id>/<GitHub's id of the person>`."""
    given: tuple[tuple[str, float], ...] = ()
    """Delivery and time, in seconds since the epoch: one that comes again counts once."""
    due: float = 0.0
    """When the last of these counts no more."""
    version: int = 0

    @property
    def group(self) -> str:
        return ""

    def with_one(self, delivery: str, now: float) -> Tally | None:
        """One command more; None where that is one too many."""
        kept = tuple(one for one in self.given if one[1] > now - WITHIN)
        if delivery in _deliveries(kept):
            return self
        if len(kept) >= MOST:
            return None
        return replace(self, given=(*kept, (delivery, now)), due=now + WITHIN)


def _deliveries(given: Iterable[tuple[str, float]]) -> frozenset[str]:
    return frozenset(delivery for delivery, _ in given)
