"""What a job's steps may connect to, by what it asks for and by who has pushed it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from dishwasher.core.sandbox import Level

if TYPE_CHECKING:
    # The process of a job's proxy has no use for the rest of a configuration.
    from dishwasher.core.config import JobSpec

UNKEPT = (
    "This job has the machine's network here, and not what its `network` says: "
    "`--sandbox jailed` shows how it fares on the server."
)


class Scope(StrEnum):
    """What a job's commands reach, besides its own services."""

    MACHINE = "machine"
    """All that the machine reaches."""
    PUBLIC = "public"
    """Public addresses, by the runner's proxy."""
    LISTED = "listed"
    """The hosts that the job lists, by the runner's proxy."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Network:
    """Of one job; `hosts` are those of the list, as `core.host` reads them."""

    scope: Scope = Scope.MACHINE
    hosts: tuple[str, ...] = ()


def network(spec: JobSpec, trusted: bool) -> Network:
    """What a job gets that asks for this. Strangers' code never gets the machine's own."""
    if spec.network:
        return Network(Scope.MACHINE if trusted else Scope.PUBLIC)
    return Network(Scope.LISTED, spec.hosts) if spec.hosts else Network(Scope.NONE)


def granted(wanted: Network, level: Level, *, single_use: bool) -> Network:
    """What it gets at that level. A machine that was made for one job has none but public ways."""
    if single_use and wanted.scope is Scope.PUBLIC and level is not Level.JAILED:
        return Network(Scope.MACHINE)
    return wanted


def refusal(wanted: Network, level: Level, lacks: tuple[str, ...]) -> str:
    """Why a job may not run at this level; empty when it may. `lacks` as in `core.sandbox`."""
    if wanted.scope is Scope.MACHINE or level is Level.JAILED:
        return ""
    why = "; ".join(lacks) or "that was not asked for"
    kept = {Scope.NONE: "from the network", Scope.LISTED: "to its list of hosts"}
    return (
        f"Only a jail keeps this job {kept.get(wanted.scope, 'to public addresses')}, and this "
        f"runner is {level}: {why}. Install what is missing, or delete `network`."
    )
