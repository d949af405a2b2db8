"""Docker's daemon for a job that asks for one, on a machine that was made for this job alone."""

from __future__ import annotations

import shutil
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dishwasher.errors import InfraError, UserError
from dishwasher.runner.place import Process, has_ended
from dishwasher.runner.sandbox.cell import Cell
from dishwasher.runner.sandbox.rules import Rules
from dishwasher.runner.stop import Stop, Stopped

PROGRAM = "dockerd"
SOCKET = Path("/var/run/docker.sock")
"""Where clients look: https://docs.docker.com/reference/cli/dockerd/#daemon-socket-option"""
PING = b"GET /_ping HTTP/1.0\r\n\r\n"
"""https://docs.docker.com/reference/api/engine/version/v1.45/#tag/System/operation/SystemPing"""
PATIENCE = 1.0
READY_SECONDS = 60.0
"""From its start to its first answer: 2 s here, and it has a disk to look through."""
PAUSE = 0.05
SAID = 3
"""Lines of its own last words in an error, of which it has many; the last says why it ended."""
ABSENT = (
    f"This job asks for Docker, and the machine has no daemon of it: there is no {PROGRAM}. Run "
    "such jobs in the image of infra/runner or in one of CodeBuild's own, or add the package "
    "docker.io (dnf: docker) to yours."
)
NEEDS = "It takes root and a privileged container; its whole log is kept as services/docker.log."


@dataclass(slots=True)
class Docker:
    """Start it once, `end` it in any case. Where one answers already, that one is the job's."""

    stop: Stop
    say: Callable[[str], None]
    log: Path
    """What it prints, once it has been started."""
    environment: Mapping[str, str]
    """Its own: PATH, and by which proxy and certificates it fetches images."""
    socket: Path = SOCKET
    seconds: float = READY_SECONDS
    _cell: Cell | None = None

    def start(self) -> None:
        """Raises UserError where there is none to start, InfraError, or Stopped."""
        if self._answers():
            self.say("Docker's daemon is there already")
            return
        if self.stop.cause is not None:
            raise Stopped
        program = shutil.which(PROGRAM, path=self.environment["PATH"])
        if program is None:
            raise UserError(ABSENT)
        # No walls: what its containers run in hangs on whoever adopts orphans, and counts as left
        # behind by the job's steps unless that is one process, which this is the supervisor of.
        cell = self._cell = Cell(Rules(new_privileges=True))
        cell.open()
        argv = (program, "--host", f"unix://{self.socket}")
        with self.log.open("ab") as log:
            process = cell.start(argv, Path("/"), self.environment, log.fileno())
        self._await(process)

    @property
    def pids(self) -> frozenset[int]:
        """What is not the job's to end."""
        return frozenset({self._cell.supervisor} if self._cell else ())

    def end(self) -> None:
        """Kill it and all that runs in its containers: nobody uses this machine again."""
        if self._cell is not None:
            self._cell.close()
            self._cell = None

    def _await(self, process: Process) -> None:
        began = time.monotonic()
        while not self._answers():
            if has_ended(process):
                raise self._broken("ended at once")
            if self.stop.cause is not None:
                raise Stopped
            if time.monotonic() > began + self.seconds:
                raise self._broken(f"does not answer within {self.seconds:g} s")
            time.sleep(PAUSE)
        self.say(f"Docker's daemon is ready ({time.monotonic() - began:.1f} s)")

    def _answers(self) -> bool:
        with suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PATIENCE)
            connection.connect(str(self.socket))
            connection.sendall(PING)
            return b" 200 " in connection.recv(64)
        return False

    def _broken(self, what: str) -> InfraError:
        said = self.log.read_text("utf-8", "replace").strip().splitlines()[-SAID:]
        words = (f"Docker's daemon {what}. {NEEDS}", *(said or ("It said nothing.",)))
        return InfraError("\n".join(words))
