"""A job's own sandbox at the level that was chosen, made of its workspace and its limits."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dishwasher.core.network import Network, Scope
from dishwasher.core.sandbox import Level
from dishwasher.core.ticket import GIBIBYTE, Limits
from dishwasher.runner import removal
from dishwasher.runner.environment import Workspace
from dishwasher.runner.place import Here
from dishwasher.runner.sandbox import accounts, cgroup, job_user
from dishwasher.runner.sandbox.cell import Cell, Wrapper, bare
from dishwasher.runner.sandbox.enclosed import Enclosed
from dishwasher.runner.sandbox.jail import SHARED_MEMORY, Jail
from dishwasher.runner.sandbox.limits import for_one, memory
from dishwasher.runner.sandbox.probe import Isolation
from dishwasher.runner.sandbox.rules import Rules, View

if TYPE_CHECKING:
    from dishwasher.runner.egress.gate import Way

OPEN = "plain: no wall between this job and the machine"
KERNEL = ("/proc",)
WITHIN = ("/dev", "/tmp", "/var/tmp")
"""Where a job writes that has a file system of its own."""
DEVICES = tuple(
    f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts")
)
"""Where one writes that has not: no disk, and not /tmp, where others have what is theirs."""
SAID = {
    Scope.MACHINE: "on",
    Scope.PUBLIC: "of public addresses",
    Scope.LISTED: "of the listed hosts",
    Scope.NONE: "off",
}
ON = Network()


def enclose(
    isolation: Isolation,
    workspace: Workspace,
    limits: Limits,
    host: Mapping[str, str],
    *,
    network: Network = ON,
    services: bool = False,
    more: tuple[Path, ...] = (),
    say: Callable[[str], None] = print,
) -> Enclosed:
    """Make the sandbox; nothing of the job's may have run yet. Raises InfraError.

    `services`: it has servers. `more`: folders to read. `say`: told what its network refuses.
    """
    if isolation.level is Level.PLAIN and not isolation.own_user:
        return _unwalled(limits)
    workspace.make_all()
    read = job_user.readable(isolation, host, more)
    closed = job_user.closed(isolation, workspace, read)
    own, free = job_user.take(isolation, workspace)
    served = job_user.services_folder(own) if services else None
    folders = () if served is None else (served,)
    write = tuple(map(str, (*workspace.shared, *folders)))
    group = cgroup.group(memory(limits), limits.processes)
    way = _way(network, host)
    each = for_one(limits, alone=_is_alone(isolation, own), grouped=group is not None)
    rules = _rules(isolation, own, read, write, way.ports if way else ())
    rules = replace(rules, limits=each, view=_view(isolation, workspace, own, closed))
    wrapper = _wrapper(isolation, workspace, own, (read, write), network=way is None)
    as_user = own if isolation.user_namespace else None
    cell = Cell(rules, wrapper, group, as_user, _after(free, served), folders)
    _open(cell, way, say)
    told = _words(isolation, cell, network)
    return Enclosed(
        *(cell, _environment(isolation, own, workspace), told, own, served),
        network=way is None,
        named=rules.view is not None or isolation.level is Level.JAILED or own is None,
        proxied=way.environment if way else {},
    )


def _open(cell: Cell, way: Way | None, say: Callable[[str], None]) -> None:
    try:
        cell.open()
        if way and way.ports:
            cell.after = way.open(cell.listeners, say, cell.after)
    except BaseException:
        cell.close()
        raise


def _unwalled(limits: Limits) -> Enclosed:
    group = cgroup.group(memory(limits), limits.processes)
    each = for_one(limits, alone=False, grouped=group is not None)
    words = (f"{OPEN}, user {os.geteuid()}", *_limited(group))
    return Enclosed(words=", ".join(words), place=Here(each, group))


def _limited(group: cgroup.Group | None) -> tuple[str, ...]:
    if group is None:
        return ("no control group, so memory is limited for each process by itself",)
    return f"{group.memory / GIBIBYTE:.3g} GiB of memory", f"{group.processes:,} processes"


def _way(network: Network, host: Mapping[str, str]) -> Way | None:
    """Out of a network of the job's own; None where it has the machine's."""
    if network.scope is Scope.MACHINE:
        return None
    # Imported late: most jobs have none, and a runner must start fast.
    from dishwasher.runner.egress.gate import Way

    return Way(network, host)


def _is_alone(isolation: Isolation, own: tuple[int, int] | None) -> bool:
    """Whether no process but the job's counts as its user's."""
    return own is not None or isolation.level is Level.JAILED


def _view(
    isolation: Isolation, workspace: Workspace, own: tuple[int, int] | None, closed: tuple[str, ...]
) -> View | None:
    if own is None or not isolation.mounts:
        return None
    return View(closed, accounts.write(workspace.root, own, workspace.home), SHARED_MEMORY)


def _wrapper(
    isolation: Isolation,
    workspace: Workspace,
    own: tuple[int, int] | None,
    folders: tuple[tuple[str, ...], tuple[str, ...]],
    *,
    network: bool,
) -> Wrapper:
    """`folders`: to read, and to write."""
    if isolation.level is not Level.JAILED:
        return bare
    return Jail(
        *(*folders, str(workspace.temporary), str(workspace.home), own),
        network=network,
        user_namespace=isolation.user_namespace,
    )


def _rules(
    isolation: Isolation,
    own: tuple[int, int] | None,
    read: tuple[str, ...],
    write: tuple[str, ...],
    listen: tuple[int, ...],
) -> Rules:
    jailed = isolation.level is Level.JAILED
    return Rules(
        landlock=isolation.landlock,
        read=("/",) if jailed else (*read, *KERNEL),
        write=(*write, *(WITHIN if jailed else (*DEVICES, "/dev/shm"))),
        new_privileges=isolation.level is Level.PLAIN,
        user=None if isolation.user_namespace else own,
        listen=listen,
    )


def _after(free: Callable[[], None], served: Path | None) -> Callable[[], None]:
    def after() -> None:
        free()
        if served is not None:
            removal.clear(served)

    return after


def _environment(
    isolation: Isolation, own: tuple[int, int] | None, workspace: Workspace
) -> dict[str, str]:
    # What Landlock keeps from it, git takes for a fault and not for absent.
    found = {"GIT_CONFIG_NOSYSTEM": "1"} if isolation.level is not Level.PLAIN else {}
    if isolation.level is Level.JAILED:
        return found
    found["TMPDIR"] = str(workspace.temporary)
    if own is not None and not isolation.mounts:
        # No name goes with the number here, and clients of PostgreSQL ask for one.
        found["PGUSER"] = accounts.NAME
    return found


def _words(isolation: Isolation, cell: Cell, network: Network) -> str:
    user = cell.rules.user or cell.as_user
    parts = [
        f"network {SAID[network.scope]}",
        f"user {user[0]}" if user else "the runner's user",
    ]
    parts += _limited(cell.group)
    level = OPEN if isolation.level is Level.PLAIN else isolation.level
    return f"{level}{',' if level is OPEN else ':'} {', '.join(parts)}"
