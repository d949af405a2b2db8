"""What this machine can do: each level is started once, for real, before it is claimed."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from dishwasher.core.sandbox import AUTO, ORDER, Level
from dishwasher.core.ticket import Limits
from dishwasher.errors import InfraError, UserError
from dishwasher.runner.sandbox import jail, landlock, mounts, places, users
from dishwasher.runner.sandbox.cell import Cell
from dishwasher.runner.sandbox.jail import Jail
from dishwasher.runner.sandbox.limits import for_any
from dishwasher.runner.sandbox.rules import Rules, View

NAMESPACES = (
    "user namespaces may be off (sysctl kernel.unprivileged_userns_clone, "
    "kernel.apparmor_restrict_unprivileged_userns, or the container's seccomp profile)"
)


@dataclass(frozen=True, slots=True)
class Isolation:
    """How jobs are kept apart on this machine at one level."""

    level: Level
    lacks: tuple[str, ...] = ()
    """Why it is no stronger level, and what is weaker within this one."""
    landlock: bool = False
    user_namespace: bool = False
    """The jail needs one; its supervisor is then the job's own user."""
    own_user: bool = False
    """Each job gets a user of its own, which takes root."""
    mounts: bool = False
    """That user can be let through folders which are closed to it."""


def choose(wanted: str) -> Isolation:
    """`auto`, or a level that this machine must be able to do; raises UserError."""
    if wanted not in (AUTO, *ORDER):
        raise UserError(f"There is no sandbox `{wanted}`: choose {', '.join((AUTO, *ORDER))}.")
    if wanted == Level.PLAIN:
        # By name it is asked for where jobs shall do what the server can.
        return Isolation(Level.PLAIN, ("plain was asked for",))
    lacks: list[str] = []
    for level in ORDER if wanted == AUTO else (Level(wanted),):
        isolation = _isolation(level)
        if isinstance(isolation, Isolation):
            return replace(isolation, lacks=(*lacks, *isolation.lacks))
        lacks.append(isolation)
    raise UserError(f"This machine can not run jobs {wanted}: {'; '.join(lacks)}.")


@cache
def _isolation(level: Level) -> Isolation | str:
    """How jobs are isolated at this level, or why they can not be."""
    if level is Level.JAILED:
        return _jailed()
    if level is Level.CONFINED:
        return _confined()
    as_root = os.geteuid() == 0
    return Isolation(Level.PLAIN, own_user=as_root, mounts=as_root and _mounts())


def _jailed() -> Isolation | str:
    if shutil.which(jail.PROGRAM) is None:
        return f"bubblewrap is not installed (the package {jail.PACKAGE})"
    has_landlock = landlock.version() > 0
    lacks = () if has_landlock else ("the kernel has no Landlock",)
    said = ""
    # With privileges it does without a namespace of users; a container's root may have none.
    for needed in (False, True) if os.geteuid() == 0 else (True,):
        said = _try_jail(needed, has_landlock)
        if not said:
            return Isolation(Level.JAILED, lacks, has_landlock, needed, own_user=os.geteuid() == 0)
    return f"bubblewrap does not work here: {said}; {NAMESPACES}"


def _try_jail(user_namespace: bool, has_landlock: bool) -> str:
    own = (users.FIRST, users.FIRST) if os.geteuid() == 0 else None
    read = places.readable(os.environ)
    as_user = own if user_namespace else None
    with tempfile.TemporaryDirectory(prefix="dishwasher-probe-") as folder:
        if as_user is not None:
            os.chmod(folder, 0o755)
            read = tuple(filter(mounts.is_open, read))
        tried = Jail(
            *(read, (), folder, folder, own),
            network=False,
            user_namespace=user_namespace,
        )
        rules = Rules(
            for_any(Limits()),
            has_landlock,
            ("/",),
            ("/tmp", "/dev"),
            user=None if as_user else own,
        )
        return _try(Cell(rules, tried, as_user=as_user))


def _confined() -> Isolation | str:
    if not landlock.version():
        return "the kernel has no Landlock (it needs 5.13 or newer, and `landlock` in lsm=)"
    read = (*places.readable(os.environ), "/proc")
    rules = Rules(for_any(Limits()), True, read, ("/tmp", "/dev"))
    said = _try(Cell(rules))
    if said:
        return f"Landlock fails: {said}"
    as_root = os.geteuid() == 0
    return Isolation(Level.CONFINED, (), True, own_user=as_root, mounts=as_root and _mounts())


@cache
def _mounts() -> bool:
    """Whether root may mount here, which a container's seldom may."""
    own = (users.FIRST, users.FIRST)
    with tempfile.TemporaryDirectory(prefix="dishwasher-probe-") as folder:
        return not _try(Cell(Rules(view=View((folder,)), user=own)))


def _try(cell: Cell) -> str:
    """Start it and a program in it; what went wrong."""
    reader, writer = os.pipe2(os.O_CLOEXEC)
    try:
        cell.open()
        path = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
        code = cell.start(("true",), Path("/"), path, writer).wait(10.0)
        return f"`true` exits with {code} in it" if code else ""
    except (InfraError, UserError, OSError) as error:
        return str(error)
    finally:
        os.close(reader)
        os.close(writer)
        cell.close()
