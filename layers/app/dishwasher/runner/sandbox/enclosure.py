"""A job's own sandbox at the level that was chosen, made of its workspace and its limits."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dishwasher.core.network import Network, Scope
from dishwasher.core.sandbox import Level
from dishwasher.core.ticket import GIBIBYTE, Limits
from dishwasher.errors import InfraError
from dishwasher.runner.environment import Workspace
from dishwasher.runner.place import Here
from dishwasher.runner.sandbox import accounts, cgroup, passage, places, users
from dishwasher.runner.sandbox.cell import Cell, Rules, View, Wrapper, bare
from dishwasher.runner.sandbox.enclosed import Enclosed
from dishwasher.runner.sandbox.jail import SHARED_MEMORY, Jail
from dishwasher.runner.sandbox.limits import for_one, memory
from dishwasher.runner.sandbox.probe import Means

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
SOCKETS = "/run"
SAID = {
    Scope.MACHINE: "on",
    Scope.PUBLIC: "of public addresses",
    Scope.LISTED: "of the listed hosts",
    Scope.NONE: "off",
}


ON = Network()


def enclose(
    means: Means,
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

    `services`: the job has servers, which are in there with it. `more`: folders to read.
    Only a jail has a `network` that is not the machine's; `say` is told what that refuses.
    """
    if means.level is Level.PLAIN and not means.own_user:
        return _unwalled(limits)
    workspace.make_all()
    read = (*places.readable(host), *map(str, more))
    if means.user_namespace and means.own_user:
        # Who enters is the job's user already.
        read = tuple(filter(passage.is_open, read))
    closed = _closed(means, workspace, read)
    own, free = _user(means, workspace)
    served = _served(own) if services else None
    write = tuple(map(str, (*workspace.shared, *([served] if served else ()))))
    view = None
    if own is not None and means.mounts:
        view = View(closed, accounts.write(workspace.root, own, workspace.home), SHARED_MEMORY)
    group = cgroup.group(memory(limits), limits.processes)
    way = _way(network, host)
    rules = _rules(means, own, read, write, way.ports if way else ())
    alone = own is not None or means.level is Level.JAILED
    rules = replace(
        rules, limits=for_one(limits, alone=alone, grouped=group is not None), view=view
    )
    wrapper: Wrapper = bare
    if means.level is Level.JAILED:
        wrapper = Jail(
            *(read, write, str(workspace.temporary), str(workspace.home), own),
            network=way is None,
            user_namespace=means.user_namespace,
        )
    cell = Cell(rules, wrapper, group, own if means.user_namespace else None, _after(free, served))
    cell.folders = (served,) if served is not None else ()
    try:
        cell.open()
        if way and way.ports:
            cell.after = way.open(cell.listeners, say, cell.after)
    except BaseException:
        cell.close()
        raise
    return Enclosed(
        *(cell, _environment(means, own, workspace), _words(means, cell, network), own, served),
        network=way is None,
        named=view is not None or means.level is Level.JAILED or own is None,
        proxied=way.environment if way else {},
    )


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


def _rules(
    means: Means,
    own: tuple[int, int] | None,
    read: tuple[str, ...],
    write: tuple[str, ...],
    listen: tuple[int, ...],
) -> Rules:
    jailed = means.level is Level.JAILED
    return Rules(
        landlock=means.landlock,
        read=("/",) if jailed else (*read, *KERNEL),
        write=(*write, *(WITHIN if jailed else (*DEVICES, "/dev/shm"))),
        new_privileges=means.level is Level.PLAIN,
        user=None if means.user_namespace else own,
        listen=listen,
    )


def _after(free: Callable[[], None], served: Path | None) -> Callable[[], None]:
    def after() -> None:
        free()
        if served is not None:
            shutil.rmtree(served, ignore_errors=True)

    return after


def _served(own: tuple[int, int] | None) -> Path:
    """Not in the workspace: the path of a socket has at most 107 characters (unix(7))."""
    folder = Path(tempfile.mkdtemp(prefix="dishwasher-services-"))
    if own is not None:
        os.chown(folder, *own)
    return folder


def _closed(means: Means, workspace: Workspace, read: tuple[str, ...]) -> tuple[str, ...]:
    """The folders that have to be opened up for the job's user; raises InfraError."""
    jailed = means.level is Level.JAILED
    if not means.own_user or (jailed and not means.user_namespace):
        return ()
    if means.mounts:
        # Landlock lets everybody speak to the machine's own services, whose sockets are there.
        covered = (SOCKETS,) if means.level is Level.CONFINED and os.path.isdir(SOCKETS) else ()
        needed = (*read, str(workspace.root), f"{tempfile.gettempdir()}/services")
        return (*passage.closed(needed), *covered)
    if shut := passage.closed((str(workspace.root),)):
        raise InfraError(
            f"A job's own user can not enter {shut[0]}, and jobs do not run as root. Move the "
            f"data folder (DISHWASHER_DATA) out of it, or let others through: chmod o+x {shut[0]}"
        )
    return ()


def _user(means: Means, workspace: Workspace) -> tuple[tuple[int, int] | None, Callable[[], None]]:
    """A user of the job's own, and what gives it back."""
    if not means.own_user:
        return None, lambda: None
    user = users.User()
    workspace.root.chmod(0o711)
    for folder in workspace.shared:
        users.give(folder, (user.id, user.id))
        # Of other jobs, and of all who use this machine, none has to look in.
        folder.chmod(0o700)
    # Ours, so that the job can not move what else is mounted in it.
    os.chown(workspace.temporary, 0, 0)
    workspace.temporary.chmod(0o1777)
    return (user.id, user.id), user.free


def _environment(means: Means, own: tuple[int, int] | None, workspace: Workspace) -> dict[str, str]:
    # What Landlock keeps from it, git takes for a fault and not for absent.
    found = {"GIT_CONFIG_NOSYSTEM": "1"} if means.level is not Level.PLAIN else {}
    if means.level is Level.JAILED:
        return found
    found["TMPDIR"] = str(workspace.temporary)
    if own is not None and not means.mounts:
        # No name goes with the number here, and clients of PostgreSQL ask for one.
        found["PGUSER"] = accounts.NAME
    return found


def _words(means: Means, cell: Cell, network: Network) -> str:
    user = cell.rules.user or cell.as_user
    parts = [
        f"network {SAID[network.scope]}",
        f"user {user[0]}" if user else "the runner's user",
    ]
    parts += _limited(cell.group)
    level = OPEN if means.level is Level.PLAIN else means.level
    return f"{level}{',' if level is OPEN else ':'} {', '.join(parts)}"
