"""What a job sees, and where its own folders are."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dishwasher.core.environment import visible
from dishwasher.core.expansion import add
from dishwasher.core.ticket import Ticket
from dishwasher.runner import locales, removal, variables

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


FULL = 1024 * 1024
"""Bytes left on a disk that a command has filled, which does not come to the very last one."""
ROOM = 16 * 1024 * 1024
"""Bytes that a log's end, a result and the table need to be stored."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """The folders of one attempt, all below one that is removed with it."""

    root: Path

    @property
    def checkout(self) -> Path:
        return self.root / "checkout"

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def artifacts(self) -> Path:
        return self.root / "artifacts"

    @property
    def reports(self) -> Path:
        """Kept among the artifacts, as `reports`."""
        return self.root / "reports"

    @property
    def left(self) -> Path:
        """Output of the steps that run in the background."""
        return self.root / "left"

    @property
    def shell(self) -> Path:
        """What the runner and a shell that is shared by the steps tell each other."""
        return self.root / "shell"

    @property
    def virtualenv(self) -> Path:
        return self.root / "virtualenv"

    @property
    def node(self) -> Path:
        """The Node that the job asks for, and what its npm installs globally."""
        return self.root / "node"

    @property
    def cache(self) -> Path:
        """Caches on their way in and out."""
        return self.root / "cache"

    @property
    def temporary(self) -> Path:
        """For temporary files of commands in a sandbox."""
        return self.root / "tmp"

    @property
    def shared(self) -> tuple[Path, ...]:
        """The folders that belong to the job's commands; all others are the runner's."""
        return (
            *(self.checkout, self.home, self.artifacts, self.reports),
            *(self.shell, self.virtualenv, self.node, self.temporary),
        )

    def make_all(self) -> None:
        """The folders that a sandbox shows, those included that a job makes when it needs them."""
        for folder in self.shared:
            folder.mkdir(exist_ok=True)

    def make(self) -> None:
        for folder in (self.checkout, self.home, self.artifacts, self.reports):
            folder.mkdir()

    @property
    def is_full(self) -> bool:
        """Whether the disk has next to no room left."""
        # The job may have removed its own folder.
        with suppress(FileNotFoundError):
            return shutil.disk_usage(self.root).free < FULL
        return False

    def make_room(self, room: int = ROOM) -> None:
        """Remove what the job wrote where the disk has less room than this left.

        What is still to be told is stored on the same disk when the server is on this machine; each
        would wait for the other until the lease is over.
        """
        # The job may have removed its own folder.
        with suppress(FileNotFoundError):
            if shutil.disk_usage(self.root).free < room:
                for folder in self._folders:
                    removal.clear(folder)

    @property
    def _folders(self) -> tuple[Path, ...]:
        return (
            *(self.checkout, self.home, self.artifacts, self.reports),
            *(self.left, self.virtualenv, self.node, self.cache),
        )


def base_environment(
    host: Mapping[str, str], workspace: Workspace, *, trusted: bool = True
) -> dict[str, str]:
    """The host's part, with a HOME of the job's own; for a stranger's commands not all of it."""
    environment = {"PATH": DEFAULT_PATH, **visible(host, trusted=trusted)}
    environment["HOME"] = str(workspace.home)
    # `npm install -g` would write where the machine keeps its own.
    environment["npm_config_prefix"] = str(workspace.node)
    environment["PATH"] = f"{workspace.node}/bin:{environment['PATH']}"
    return environment


def job_environment(
    ticket: Ticket, host: Mapping[str, str], workspace: Workspace, bin: Path | None = None
) -> dict[str, str]:
    """All that a step finds in its environment; what the ticket says wins.

    `bin` is the folder of programs of the job's virtual environment.
    """
    given = {**dict(ticket.secrets), **dict(ticket.environment)}
    spec = ticket.spec
    values = {
        **base_environment(host, workspace, trusted=ticket.trusted),
        "CI": "true",
        "DISHWASHER": "true",
        "DISHWASHER_SHA": ticket.source.sha,
        "DISHWASHER_ARTIFACTS": str(workspace.artifacts),
        **_promised(ticket, workspace),
        **given,
    }
    if bin is not None:
        values["VIRTUAL_ENV"] = str(bin.parent)
        values["PATH"] = f"{bin}:{values['PATH']}"
    if spec.machine.timezone:
        values["TZ"] = spec.machine.timezone
    add(values, spec.machine.environment, given)
    return values


def _promised(ticket: Ticket, workspace: Workspace) -> dict[str, str]:
    """What the format sets, a locale that is not on this machine aside."""
    filled = dict(variables.filled(ticket.spec.facts, facts(ticket, workspace)))
    if "LANG" in filled:
        filled["LANG"] = locales.present(filled["LANG"])
    return filled


def facts(ticket: Ticket, workspace: Workspace) -> dict[str, str]:
    """What the server knows, and where things are on this machine."""
    return {
        **dict(ticket.facts),
        "artifacts": str(workspace.artifacts),
        "checkout": str(workspace.checkout),
        "home": str(workspace.home),
        "reports": str(workspace.reports),
    }
