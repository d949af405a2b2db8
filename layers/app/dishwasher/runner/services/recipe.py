"""What must be known of one kind of server to run it for one job."""

from __future__ import annotations

import pwd
import shutil
import signal
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

from dishwasher.errors import InfraError, UserError

NOBODY = "nobody"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Account:
    """The system user that a server runs as, where we are root and it refuses to be."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where one server lives and what it is called."""

    folder: Path
    """Its own, empty, writable by its account."""
    port: int
    account: Account | None
    users: tuple[tuple[str, str], ...]
    """Names that may do everything, and the passwords they log in with where any is asked for."""
    databases: tuple[str, ...]


class Recipe(ABC):
    """One kind of server. Stateless: everything of one server is in its Place."""

    name: str
    """Ours, of `core.service`."""
    port: int
    """Where clients look for it unless told otherwise."""
    package: str
    """Of Debian and its relatives."""
    accounts: tuple[str, ...] = ()
    """System users that its package makes."""
    leave = signal.SIGKILL
    """What ends it at once, its own children included; nobody reads its data again."""
    movable = False
    """Clients find it on another port by the variables of `environment`."""

    @abstractmethod
    def programs(self) -> tuple[tuple[str, ...], ...]:
        """What it needs on this machine; of each, the names it may have."""

    @abstractmethod
    def prepare(self, place: Place) -> tuple[tuple[str, ...], bytes]:
        """A command that makes its data folder, and what it reads; no words for nothing to do."""

    def seed(self, place: Place) -> tuple[tuple[str, ...], bytes]:
        """A second such command, run once the data folder is there."""
        return (), b""

    @abstractmethod
    def start(self, place: Place) -> tuple[str, ...]:
        """The command that serves until it is killed."""

    @abstractmethod
    def is_ready(self, place: Place) -> bool:
        """Whether it would answer a client now; asked often, and quick."""

    @abstractmethod
    def environment(self, place: Place) -> dict[str, str]:
        """Variables by which clients find it."""

    def settings(self, place: Place) -> tuple[str, str]:
        """Name and text of a file in the job's HOME by which clients find it; empty for none."""
        return "", ""

    def advice(self, place: Place, log: str) -> str:
        """What to install, where the server's log tells that something is missing."""
        return ""

    def find(self, names: tuple[str, ...]) -> str:
        """The program's path; raises UserError that names the package to install."""
        for name in names:
            found = shutil.which(name, path=self.path())
            if found:
                return found
        raise UserError(
            f"{self.name} is not installed on this machine: there is no {' or '.join(names)}. "
            f"Install the package {self.package}."
        )

    def path(self) -> str:
        """Folders where servers stand, which a user's own PATH need not hold."""
        return PATH

    def check(self) -> None:
        """Raises UserError unless every program is there."""
        for names in self.programs():
            self.find(names)

    def account(self) -> Account:
        """Whom to be instead of root; raises InfraError where there is not even nobody."""
        for name in (*self.accounts, NOBODY):
            try:
                found = pwd.getpwnam(name)
            except KeyError:
                continue
            return Account(name, found.pw_uid, found.pw_gid)
        raise InfraError(f"{self.name} can not run as root, and there is no other user.")
