"""What a job sees, and where its own folders are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dishwasher.core.environment import visible
from dishwasher.core.ticket import Ticket

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


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

    def make(self) -> None:
        for folder in (self.checkout, self.home, self.artifacts):
            folder.mkdir()


def base_environment(host: Mapping[str, str], workspace: Workspace) -> dict[str, str]:
    """The host's part, with a HOME of the job's own."""
    environment = {"PATH": DEFAULT_PATH, **visible(host)}
    environment["HOME"] = str(workspace.home)
    return environment


def job_environment(
    ticket: Ticket, host: Mapping[str, str], workspace: Workspace
) -> dict[str, str]:
    """All that a step finds in its environment; what the ticket says wins."""
    return {
        **base_environment(host, workspace),
        "CI": "true",
        "DISHWASHER": "true",
        "DISHWASHER_SHA": ticket.source.sha,
        "DISHWASHER_ARTIFACTS": str(workspace.artifacts),
        **dict(ticket.environment),
    }
