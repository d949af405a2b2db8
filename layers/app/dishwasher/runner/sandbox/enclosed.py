"""What a job's commands are in, once it is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dishwasher.runner.place import Place
    from dishwasher.runner.sandbox.cell import Cell


@dataclass(frozen=True, slots=True)
class Enclosed:
    """`cell` is open; None where nothing is around the commands."""

    cell: Cell | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    """What commands need in it."""
    words: str = ""
    """What holds, for the log."""
    user: tuple[int, int] | None = None
    """User and group id of the commands, where these are not ours."""
    services: Path | None = None
    """A folder for the job's servers, at the same place inside and outside."""
    network: bool = True
    """Whether commands share the machine's network with us."""
    named: bool = True
    """Whether a name goes with the commands' user, which PostgreSQL insists on."""
    proxied: Mapping[str, str] = field(default_factory=dict)
    """Variables that lead to its way out, in place of the machine's own."""
    place: Place | None = None
    """Where commands start, if no cell is there and they have limits all the same."""

    @property
    def houses_servers(self) -> bool:
        """Whether servers run in it too."""
        return self.cell is not None and self.named

    def add_variables(self, environment: dict[str, str], host: Mapping[str, str]) -> None:
        """What commands need in it; what the job has set itself counts for more."""
        user = environment.get("PGUSER")
        environment.update(self.environment)
        if user:
            environment["PGUSER"] = user
        for name, value in self.proxied.items():
            # The machine's own proxy is out of the job's reach.
            if environment.get(name) in (None, host.get(name)):
                environment[name] = value

    def give(self, folder: Path) -> None:
        """Make the commands the owner of what we have put there."""
        if self.user is not None:
            # Imported late, with all that plain jobs do not need.
            from dishwasher.runner.sandbox.users import give

            give(folder, self.user)


OPEN = Enclosed()
