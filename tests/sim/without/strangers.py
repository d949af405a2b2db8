"""Rule 5: whom to believe is decided by the server, and asked of GitHub when it matters."""

from __future__ import annotations

from typing import Any

from dishwasher.core import trust
from dishwasher.core.build import Build

from tests.sim.talk import SimTalk
from tests.sim.without import worlds
from tests.sim.without.patch import Mutant


def believe(*_: Any) -> str:
    return ""


def yes(*_: Any) -> bool:
    return True


MUTANTS = (
    Mutant(
        "stranger-believed",
        "the base branch's configuration for a stranger",
        "S5 ",
        ((trust, "distrust", believe),),
        worlds.KIND,
        "fork",
    ),
    Mutant(
        "stranger-trusted",
        "tickets that tell runners whom not to trust",
        "S5 a fork's job is trusted",
        ((Build, "is_trusted", property(yes)),),
        worlds.KIND,
        "fork",
    ),
    Mutant(
        "anybody-commands",
        "the question who may write",
        "S5 ",
        ((SimTalk, "may_write", yes),),
        worlds.KIND,
        "fork",
    ),
)
