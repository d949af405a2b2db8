"""What a mutant is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.sim.faults import Faults


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
