"""The words between a runner and the supervisor of its job's sandbox.

Words to it are a length and a marshalled tuple; the first are its Settings, then START (with the
descriptor that the command writes to), GO and WAIT. Words from it are a letter, a process id of
its own and a number. A command waits for GO, so that the runner can learn its process id outside.

The supervisor imports this without `site`, so it imports nothing itself.
"""

from __future__ import annotations

START, GO, WAIT = "start", "go", "wait"
READY, LISTENS = b"R", b"L"
"""Ready; the socket that comes with it listens in there, on the port that is the number."""
BEGUN, GONE, ENDED, PEAK = b"B", b"G", b"E", b"P"
"""A command is there and waits; it has become its program, or failed to; it has ended, and so much
memory it had at most, in bytes."""
WORD = 13
"""Bytes of a word from the supervisor: a letter, a process id, a number."""


def word(letter: bytes, pid: int, number: int) -> bytes:
    return letter + pid.to_bytes(4, "big") + number.to_bytes(8, "big", signed=True)
