"""A job's own sandbox at the level that was chosen, made of its workspace and its limits."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from dishwasher.core.sandbox import Level
from dishwasher.core.ticket import GIBIBYTE, Limits
from dishwasher.runner.environment import Workspace
from dishwasher.runner.sandbox import cgroup, jail, places, users
from dishwasher.runner.sandbox.cell import Cell, Rules, Wrapper, bare
from dishwasher.runner.sandbox.enclosed import Enclosed
from dishwasher.runner.sandbox.jail import Jail
from dishwasher.runner.sandbox.limits import for_one, memory
from dishwasher.runner.sandbox.probe import Means

KERNEL = ("/proc",)
WITHIN = ("/dev", "/tmp", "/var/tmp")
"""Where a job writes that has a file system of its own."""
DEVICES = tuple(
    f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts")
)
"""Where one writes that has not: no disk, and not /tmp, where others have what is theirs."""


def enclose(
    means: Means,
    workspace: Workspace,
    limits: Limits,
    host: Mapping[str, str],
    *,
    network: bool = True,
    services: bool = False,
    more: tuple[Path, ...] = (),
) -> Enclosed:
    """Make the sandbox; nothing of the job's may have run yet. Raises InfraError.

    `services`: the job has servers, which are in there with it. `more`: folders to read.
    """
    if means.level is Level.PLAIN:
        return Enclosed(words="plain: no wall between this job and the machine")
    workspace.make_all()
    own, free, lacks = _user(means, workspace)
    jailed = means.level is Level.JAILED
    inside = own if means.user_namespace else None
    read = (*places.readable(host), *map(str, more))
    if inside is not None:
        read = jail.reachable(read)
    served = _served(own) if services else None
    write = tuple(map(str, (*workspace.shared, *([served] if served else ()))))
    group = cgroup.group(memory(limits), limits.processes)
    rules = Rules(
        for_one(limits, alone=own is not None or jailed, grouped=group is not None),
        means.landlock,
        ("/",) if jailed else (*read, *KERNEL),
        (*write, *(WITHIN if jailed else (*DEVICES, "/dev/shm"))),
        tcp=network or jailed,
        user=own if inside is None else None,
        powers=os.geteuid() != 0 or own is not None,
    )
    wrapper: Wrapper = bare
    if jailed:
        wrapper = Jail(
            *(read, write, str(workspace.temporary), str(workspace.home), own),
            network=network,
            user_namespace=means.user_namespace,
        )

    def after() -> None:
        free()
        if served is not None:
            shutil.rmtree(served, ignore_errors=True)

    cell = Cell(rules, wrapper, group, inside, after)
    try:
        cell.open()
    except BaseException:
        cell.close()
        raise
    words = _words(means, cell, network, lacks)
    return Enclosed(cell, _environment(jailed, own, workspace), words, own, served, network)


def _served(own: tuple[int, int] | None) -> Path:
    """Not in the workspace: the path of a socket has at most 107 characters (unix(7))."""
    folder = Path(tempfile.mkdtemp(prefix="dishwasher-services-"))
    if own is not None:
        os.chown(folder, *own)
    return folder


def _user(
    means: Means, workspace: Workspace
) -> tuple[tuple[int, int] | None, Callable[[], None], str]:
    """A user of the job's own, what gives it back, and why there is none."""
    if os.geteuid() != 0:
        return None, lambda: None, ""
    in_place = means.level is Level.JAILED and not means.user_namespace
    for place in () if in_place else (workspace.root, Path(sys.base_prefix)):
        if not jail.is_open(place):
            return None, lambda: None, f"no user of its own, who could not enter {place.parent}"
    user = users.User()
    workspace.root.chmod(0o711)
    for folder in workspace.shared:
        users.give(folder, (user.id, user.id))
    # Ours, so that the job can not move what else is mounted in it.
    os.chown(workspace.temporary, 0, 0)
    workspace.temporary.chmod(0o1777)
    return (user.id, user.id), user.free, ""


def _environment(jailed: bool, own: tuple[int, int] | None, workspace: Workspace) -> dict[str, str]:
    # What Landlock keeps from it, git takes for a fault and not for absent.
    found = {"GIT_CONFIG_NOSYSTEM": "1"}
    if jailed:
        return found
    found["TMPDIR"] = str(workspace.temporary)
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
