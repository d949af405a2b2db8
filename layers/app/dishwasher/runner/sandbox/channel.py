"""The runner's end of the socket to the supervisor of its job's sandbox."""

from __future__ import annotations

import marshal
import socket
from typing import Any

from dishwasher.runner.sandbox.protocol import WORD


class Channel:
    """Words to and from a supervisor; `lost` as soon as nobody is there."""

    def __init__(self, timeout: float) -> None:
        """`timeout`: seconds that one word may take. `theirs` is the supervisor's end."""
        self._ours, self.theirs = socket.socketpair()
        self._ours.settimeout(timeout)
        self.lost = False

    def tell(self, words: Any, descriptor: int = -1) -> None:
        data = marshal.dumps(words)
        head = len(data).to_bytes(4, "big")
        try:
            if descriptor >= 0:
                socket.send_fds(self._ours, [head], [descriptor])
                self._ours.sendall(data)
            else:
                self._ours.sendall(head + data)
        except OSError:
            self.lost = True

    def hear(self) -> tuple[bytes, int, int, int]:
        """A letter, a process id, a number, a descriptor or -1; no letter when nobody is there."""
        try:
            data, descriptors, _, _ = socket.recv_fds(self._ours, WORD, 1, socket.MSG_WAITALL)
        except OSError:
            data, descriptors = b"", []
        if len(data) < WORD:
            self.lost = True
            return b"", 0, 0, -1
        number = int.from_bytes(data[5:], "big", signed=True)
        descriptor = descriptors[0] if descriptors else -1
        return data[:1], int.from_bytes(data[1:5], "big"), number, descriptor

    def close(self) -> None:
        self._ours.close()
