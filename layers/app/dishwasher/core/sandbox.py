"""How far a job's commands are kept from the machine that they run on."""

from __future__ import annotations

from enum import StrEnum


class Level(StrEnum):
    """From the strongest to the weakest; docs/sandbox.md says what each keeps from what."""

    JAILED = "jailed"
    CONFINED = "confined"
    PLAIN = "plain"


ORDER = tuple(Level)
AUTO = "auto"
"""Instead of a level: the strongest that this machine can do."""


def refusal(
    trusted: bool, level: Level, lacks: tuple[str, ...], *, single_use: bool = False
) -> str:
    """Why a job may not run at this level; empty when it may.

    `lacks` says what this machine has not got for a stronger one. `single_use`: it was made for
    this one job, so that there is nobody else to keep it from.
    """
    if trusted or single_use or level is Level.JAILED:
        return ""
    why = "; ".join(lacks) or "that was not asked for"
    return (
        "This job is not trusted, so it runs only where it can be jailed, and this runner is "
        f"{level}: {why}."
    )
