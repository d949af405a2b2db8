"""Ports on a machine that several jobs share: a fixed one is a slot that they wait for."""

from __future__ import annotations

import fcntl
import os
import socket
import tempfile
from contextlib import suppress
from pathlib import Path

SLOTS = f"dishwasher-ports-{os.getuid()}"
"""Folder of lock files, one for each fixed port, in the machine's temporary folder."""


LISTEN = "0A"
"""include/net/tcp_states.h"""


class Slot:
    """A fixed port that is ours until `free`, or that somebody else has."""

    def __init__(self, port: int) -> None:
        self.port = port
        folder = Path(tempfile.gettempdir()) / SLOTS
        folder.mkdir(mode=0o700, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        self._fd = os.open(folder / str(port), flags, 0o600)

    def take(self) -> bool:
        """True when it is ours now; another job has it otherwise."""
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def free(self) -> None:
        os.close(self._fd)


def is_free(port: int) -> bool:
    """Whether nobody on this machine listens there."""
    with socket.socket() as probe:
        # As servers do: connections of the job before may still linger.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def listens(port: int, pid: int) -> bool:
    """Whether somebody listens there in the network of that process."""
    # https://docs.kernel.org/networking/proc_net_tcp.html
    for file in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in Path(f"/proc/{pid}/net/{file}").read_text().splitlines()[1:]:
                _, local, _, state, *_ = line.split()
                if state == LISTEN and int(local.rpartition(":")[2], 16) == port:
                    return True
    return False


def any_free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
