"""One end of a connection, and what it asks of the loop that runs it."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from select import EPOLLIN, EPOLLOUT
from typing import Protocol

CHUNK = 256 * 1024
"""Bytes that are moved at once, and that one who does not read keeps waiting at most."""


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds; smaller in tests, never different in kind."""

    head: float = 30.0
    """For a whole head, however slowly it comes."""
    connect: float = 10.0
    """For each address."""
    idle: float = 900.0
    """Without a byte in either direction: servers work for minutes before they answer."""
    half: float = 60.0
    """The same, once the server has hung up."""
    leave: float = 5.0
    """For a client to hear that it is refused."""


class Loop(Protocol):
    """What a connection asks of who runs it."""

    times: Times
    buffer: memoryview
    """CHUNK bytes that hold nothing between two calls."""

    def now(self) -> float: ...

    def watch(self, socket: socket.socket, events: int, call: Callable[[int], None]) -> None: ...

    def forget(self, socket: socket.socket) -> None: ...


class Wire:
    """One end: what is to be sent to it, and whether it has hung up."""

    __slots__ = ("ended", "events", "shut", "socket", "waiting")

    def __init__(self, connected: socket.socket) -> None:
        self.socket = connected
        self.waiting = b""
        self.ended = self.shut = False
        self.events = 0

    def flush(self) -> None:
        """Raises OSError when it is gone."""
        if self.waiting:
            try:
                sent = self.socket.send(self.waiting)
            except BlockingIOError:
                return
            self.waiting = self.waiting[sent:]

    def take(self, source: Wire, buffer: memoryview, most: int) -> int:
        """Pass on what is there of another one; how many bytes, 0 at its end or for none."""
        try:
            count = source.socket.recv_into(buffer, min(CHUNK, most))
        except BlockingIOError:
            return 0
        source.ended = not count
        try:
            sent = self.socket.send(buffer[:count]) if count else 0
        except BlockingIOError:
            sent = 0
        self.waiting = bytes(buffer[sent:count])
        return count

    def want(self, loop: Loop, reads: bool, writes: bool, call: Callable[[int], None]) -> None:
        """Ask for the events that there is something to do at."""
        events = (EPOLLIN if reads else 0) | (EPOLLOUT if writes else 0)
        if events != self.events:
            self.events = events
            if events:
                loop.watch(self.socket, events, call)
            else:
                loop.forget(self.socket)

    def drop(self, loop: Loop) -> None:
        if self.events:
            self.events = 0
            loop.forget(self.socket)
        self.socket.close()


def hurry(connected: socket.socket) -> None:
    """Small writes are not kept back: each has been kept back by who wrote it."""
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
