"""What holds for all commands in a job's sandbox, as its supervisor is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dishwasher.runner.place import Rlimits


@dataclass(frozen=True, slots=True)
class View:
    """What differs in the commands' view of the machine; the supervisor must be root for that."""

    closed: tuple[str, ...] = ()
    """Folders that their user could not enter: below them only places to read and write are."""
    instead: tuple[tuple[str, str], ...] = ()
    """Files that are there instead of others: ours, and whose place it has."""
    shared_memory: int = 1024 * 1024
    """Bytes of their own /dev/shm."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the supervisor gives up for all commands, and whom they run as."""

    limits: Rlimits = ()
    landlock: bool = False
    read: tuple[str, ...] = ()
    """Places to read and execute; these are walls with Landlock only."""
    write: tuple[str, ...] = ()
    view: View | None = None
    new_privileges: bool = False
    """Whether set-uid programs work."""
    user: tuple[int, int] | None = None
    """User and group id that commands change to; the supervisor must be root for that."""
    listen: tuple[int, ...] = ()
    """Ports of the loopback in there that somebody outside serves."""

    def settings(self) -> dict[str, Any]:
        """What the supervisor reads of them, which knows no class of ours."""
        return {
            "limits": self.limits,
            "landlock": self.landlock,
            "read": list(self.read),
            "write": list(self.write),
            "view": (
                (view.closed, view.instead, view.shared_memory) if (view := self.view) else None
            ),
            "privileges": not self.new_privileges,
            "user": self.user,
            "listen": self.listen,
        }
