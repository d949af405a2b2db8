"""What a mutant is made of, and how it ends."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tests.sim.faults import Faults

LAW = re.compile(r"[SLG]\d+ ")


class Fate(StrEnum):
    KILLED = "killed"
    """By the law that the protection keeps."""
    ASTRAY = "ASTRAY"
    """By another law, which proves nothing of this protection."""
    BROKEN = "BROKEN"
    """It fails to run, which proves nothing at all."""
    SURVIVED = "SURVIVED"


@dataclass(frozen=True, slots=True)
class Mutant:
    """A protection taken away: `patches` are (object, attribute, what stands there instead)."""

    name: str
    without: str
    breaks: str
    """How the violation begins that tells of this protection and of no other: a regex."""
    patches: tuple[tuple[Any, str, Any], ...]
    faults: Faults | None = None
    """The worlds that show it best; None for all."""
    habit: str = ""
    """What the people of these worlds do most of the time; empty for this and that."""

    def fate(self, violations: Sequence[str]) -> tuple[Fate, str]:
        """Of the first world that broke a law, with the violation that tells most."""
        if not all(map(LAW.match, violations)):
            return Fate.BROKEN, violations[0].splitlines()[-1]
        own = next((one for one in violations if re.match(self.breaks, one)), "")
        return (Fate.KILLED, own) if own else (Fate.ASTRAY, violations[0])
