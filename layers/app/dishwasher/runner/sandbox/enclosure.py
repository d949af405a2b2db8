"""A job's own sandbox at the level that was chosen, made of its workspace and its limits."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from dishwasher.core.sandbox import Level
from dishwasher.core.ticket import Limits
from dishwasher.runner.environment import Workspace
from dishwasher.runner.place import Here
from dishwasher.runner.sandbox import cgroup, jail, places, users
from dishwasher.runner.sandbox.cell import Cell, Rules, Wrapper, bare
from dishwasher.runner.sandbox.jail import Jail
from dishwasher.runner.sandbox.limits import for_any, for_one, memory
from dishwasher.runner.sandbox.probe import Means

GIBIBYTE = 1024**3
KERNEL = ("/proc",)
DEVICES = ("/dev", "/tmp", "/var/tmp")
"""Where a job writes that is only confined: what is there is shared with the machine."""


@dataclass(frozen=True, slots=True)
class Enclosure:
    """`cell` is open; None at the level plain. `environment` is what commands need in it."""

    cell: Cell | None
    environment: Mapping[str, str]
    words: str
    """For the log: what holds."""


def here(limits: Limits) -> Here:
    """Where the runner's own commands run, and those of a job that is not enclosed."""
    return Here(for_any(limits))


def enclose(
    means: Means,
    workspace: Workspace,
    limits: Limits,
    host: Mapping[str, str],
    *,
    network: bool = True,
    reach: tuple[Path, ...] = (),
) -> Enclosure:
    """Make the sandbox; nothing of the job's may have run yet. Raises InfraError.

    `reach`: folders of the job's services.
    """
    if means.level is Level.PLAIN:
        return Enclosure(None, {}, "plain: no wall between this job and the machine")
    workspace.make_all()
    own, free, lacks = _user(means, workspace)
    jailed = means.level is Level.JAILED
    inside = own if means.user_namespace else None
    read = places.readable(host)
    if inside is not None:
        read = jail.reachable(read)
    write = tuple(str(folder) for folder in workspace.shared)
    services = tuple(str(folder) for folder in reach)
    group = cgroup.group(secrets.token_hex(8), memory(limits), limits.processes)
    alone = own is not None or jailed
    rules = Rules(
        for_one(limits, alone=alone, grouped=group is not None),
        means.landlock,
        ("/",) if jailed else (*read, *KERNEL, *services),
        (*write, *DEVICES),
        tcp=network,
        user=own if inside is None else None,
    )
    wrapper: Wrapper = bare
    if jailed:
        wrapper = Jail(
            *((*read, *services), write, str(workspace.temporary), str(workspace.home), own),
            network=network,
            user_namespace=means.user_namespace,
        )
    cell = Cell(rules, wrapper, group, inside, free)
    try:
        cell.open()
    except BaseException:
        cell.close()
        raise
    return Enclosure(
        cell, _environment(jailed, own, workspace), _words(means, cell, network, lacks)
    )


def _user(
    means: Means, workspace: Workspace
) -> tuple[tuple[int, int] | None, Callable[[], None], str]:
    """A user of the job's own, what gives it back, and why there is none."""
    if os.geteuid() != 0:
        return None, lambda: None, ""
    in_place = means.level is Level.JAILED and not means.user_namespace
    if not in_place and not jail.is_open(workspace.checkout):
        return None, lambda: None, f"no user of its own, who could not enter {workspace.root}"
    user = users.User()
    workspace.root.chmod(0o711)
    for folder in workspace.shared:
        users.give(folder, (user.id, user.id))
    return (user.id, user.id), user.free, ""


def _environment(jailed: bool, own: tuple[int, int] | None, workspace: Workspace) -> dict[str, str]:
    if jailed:
        return {}
    # Others of this machine, and other jobs, can read and fill /tmp.
    found = {"TMPDIR": str(workspace.temporary)}
    if own is not None:
        # No name goes with the number here, and clients of PostgreSQL ask for one.
        found["PGUSER"] = jail.NAME
    return found


def _words(means: Means, cell: Cell, network: bool, lacks: str) -> str:
    group = cell.group
    parts = [
        "network on" if network else "network off",
        f"user {cell.rules.user[0]}" if cell.rules.user else lacks or "the runner's user",
    ]
    if group is not None:
        parts.append(f"{group.memory / GIBIBYTE:.3g} GiB of memory")
        parts.append(f"{group.processes:,} processes")
    else:
        parts.append("no control group, so memory is limited for each process by itself")
    return f"{means.level}: {', '.join(parts)}"
