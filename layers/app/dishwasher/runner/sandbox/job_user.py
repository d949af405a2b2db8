"""The user that a job's commands run as: what it owns, and which folders it comes to."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from dishwasher.core.sandbox import Level
from dishwasher.errors import InfraError
from dishwasher.runner.environment import Workspace
from dishwasher.runner.sandbox import mounts, places, users
from dishwasher.runner.sandbox.probe import Isolation

SOCKETS = "/run"


def readable(
    isolation: Isolation, host: Mapping[str, str], more: tuple[Path, ...]
) -> tuple[str, ...]:
    read = (*places.readable(host), *map(str, more))
    if isolation.user_namespace and isolation.own_user:
        # Who enters is the job's user already.
        return tuple(filter(mounts.is_open, read))
    return read


def closed(isolation: Isolation, workspace: Workspace, read: tuple[str, ...]) -> tuple[str, ...]:
    """The folders that have to be opened up for the job's user; raises InfraError."""
    jailed = isolation.level is Level.JAILED
    if not isolation.own_user or (jailed and not isolation.user_namespace):
        return ()
    if isolation.mounts:
        # Landlock lets everybody speak to the machine's own services, whose sockets are there.
        covered = (SOCKETS,) if isolation.level is Level.CONFINED and os.path.isdir(SOCKETS) else ()
        needed = (*read, str(workspace.root), f"{tempfile.gettempdir()}/services")
        return (*mounts.closed(needed), *covered)
    if shut := mounts.closed((str(workspace.root),)):
        raise InfraError(
            f"A job's own user can not enter {shut[0]}, and jobs do not run as root. Move the "
            f"data folder (DISHWASHER_DATA) out of it, or let others through: chmod o+x {shut[0]}"
        )
    return ()


def take(
    isolation: Isolation, workspace: Workspace
) -> tuple[tuple[int, int] | None, Callable[[], None]]:
    """A user of the job's own, and what gives it back."""
    if not isolation.own_user:
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


def services_folder(own: tuple[int, int] | None) -> Path:
    """Not in the workspace: the path of a socket has at most 107 characters (unix(7))."""
    folder = Path(tempfile.mkdtemp(prefix="dishwasher-services-"))
    if own is not None:
        os.chown(folder, *own)
    return folder
