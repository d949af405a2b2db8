"""One client of a job's proxy, from its first byte to its last; never waits."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable
from enum import Enum, auto
from typing import Protocol

from dishwasher.errors import Fault, Refused, UserError
from dishwasher.runner.egress import request
from dishwasher.runner.egress.request import Asked
from dishwasher.runner.egress.rules import Route
from dishwasher.runner.egress.wire import CHUNK, Loop, Wire, hurry


class Runner(Loop, Protocol):
    """What runs it."""

    def find(self, connection: Connection, asked: Asked) -> None:
        """Ask for its route; `Connection.found` is called with it."""

    def refused(self, asked: Asked, why: str) -> None: ...

    def closed(self, connection: Connection) -> None: ...


class Stage(Enum):
    HEAD = auto()
    ROUTE = auto()
    CONNECT = auto()
    ANSWER = auto()
    """The machine's own proxy is about to answer."""
    PASS = auto()
    LEAVE = auto()


class Connection:
    """`door` is the place on this machine that it leads to whatever is said; None for a proxy."""

    def __init__(self, loop: Runner, client: socket.socket, door: Route | None = None) -> None:
        client.setblocking(False)
        hurry(client)
        self._loop, self._client = loop, Wire(client)
        self._server: Wire | None = None
        self._stage, self._heard = Stage.HEAD, b""
        self._asked = Asked("", 0)
        self._is_door = door is not None
        self._route = door or Route((), 0)
        self._early = b""
        self._left: list[str] = []
        self._body: int | None = None
        """Bytes that the client may still send; None for any."""
        self.is_closed = False
        self.deadline = loop.now() + loop.times.head
        if door is not None:
            self.found(door)
        else:
            self._watch()

    def expire(self) -> None:
        """Its deadline has passed."""
        if self._stage is Stage.CONNECT:
            self._try_next(OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT)))
        elif self._stage is Stage.HEAD and self._heard:
            self._answer(408, "The head of this request took too long.")
        elif self._stage in (Stage.ROUTE, Stage.ANSWER):
            self._answer(504, f"{self._asked.authority} took too long.")
        else:
            self.close()

    def close(self) -> None:
        if not self.is_closed:
            self.is_closed = True
            self._client.drop(self._loop)
            self._hang_up()
            self._loop.closed(self)

    def found(self, route: Route | Fault) -> None:
        """Where it goes, or why it goes nowhere."""
        if self.is_closed or self._stage not in (Stage.HEAD, Stage.ROUTE):
            return
        if isinstance(route, Refused):
            self._loop.refused(self._asked, str(route))
            self._answer(403, str(route))
        elif isinstance(route, Fault):
            self._answer(502, str(route))
        else:
            self._route, self._left = route, list(route.addresses)
            self._try_next(OSError(0, "it has no address"))

    def _try_next(self, failed: OSError) -> None:
        self._hang_up()
        while self._left:
            address = self._left.pop(0)
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            try:
                wire = Wire(socket.socket(family, socket.SOCK_STREAM))
            except OSError as error:
                failed = error
                continue
            wire.socket.setblocking(False)
            code = wire.socket.connect_ex((address, self._route.port))
            if code in (0, errno.EINPROGRESS):
                self._server, self._stage = wire, Stage.CONNECT
                self.deadline = self._loop.now() + self._loop.times.connect
                self._watch()
                return
            wire.socket.close()
            failed = OSError(code, os.strerror(code))
        self._answer(502, f"{self._asked.authority} can not be reached: {failed.strerror}.")

    def _on_client(self, events: int) -> None:
        if not self.is_closed:
            self._guard(self._hear if self._stage is Stage.HEAD else self._move)

    def _on_server(self, events: int) -> None:
        if self.is_closed:
            return
        if self._stage is Stage.CONNECT:
            self._guard(self._connected)
        elif self._stage is Stage.ANSWER:
            self._guard(self._hear_upstream)
        else:
            self._guard(self._move)

    def _guard(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BlockingIOError:
            # An event of one that had the same number before.
            self._watch()
        except OSError:
            # One end is gone in the middle of a word, which the other sees by its own end.
            self.close()

    def _hear(self) -> None:
        data = self._client.socket.recv(request.MOST)
        self._heard += data
        end = self._heard.find(request.END)
        if not data:
            self.close()
        elif (end < 0 and len(self._heard) > request.MOST) or end > request.MOST:
            self._answer(431, f"The head of this request has more than {request.MOST} bytes.")
        elif end >= 0:
            self._ask(end + len(request.END))

    def _ask(self, end: int) -> None:
        head, self._heard = self._heard[:end], self._heard[end:]
        try:
            self._asked = request.read(head)
        except UserError as error:
            self._answer(400, str(error))
            return
        self._body = self._asked.body if self._asked.method else None
        self._stage = Stage.ROUTE
        self.deadline = self._loop.now() + self._loop.times.head
        self._watch()
        self._loop.find(self, self._asked)

    def _connected(self) -> None:
        assert self._server is not None
        code = self._server.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            self._try_next(OSError(code, os.strerror(code)))
            return
        hurry(self._server.socket)
        upstream, asked = self._route.upstream, self._asked
        early, self._heard = self._heard, b""
        if upstream is not None and not asked.method:
            words = f"CONNECT {self._route.target} HTTP/1.1\r\nHost: {self._route.target}\r\n"
            self._server.waiting = words.encode() + upstream.field + b"\r\n"
            self._stage, self._early = Stage.ANSWER, early
            self.deadline = self._loop.now() + self._loop.times.head
        else:
            if asked.method:
                target = self._route.target if upstream else ""
                self._server.waiting = asked.head(target, upstream.field if upstream else b"")
            elif asked.name:
                self._client.waiting = request.ESTABLISHED
            self._begin(early)
        self._move() if self._stage is Stage.PASS else self._hear_upstream()

    def _begin(self, early: bytes) -> None:
        """What the client has sent with its head goes before all else."""
        assert self._server is not None
        if self._body is not None:
            early = early[: self._body]
            self._body -= len(early)
        self._server.waiting += early
        self._stage = Stage.PASS

    def _hear_upstream(self) -> None:
        assert self._server is not None
        self._server.flush()
        try:
            data = self._server.socket.recv(request.MOST)
        except BlockingIOError:
            self._watch()
            return
        self._heard += data
        end = self._heard.find(request.END)
        if end < 0:
            if not data or len(self._heard) > request.MOST:
                self._answer(502, "The machine's own proxy does not answer as one.")
            else:
                self._watch()
            return
        status = self._heard.split(b" ", 2)[1:2]
        if not status or not status[0].startswith(b"2"):
            code = status[0][:3].decode("ascii", "replace") if status else "nothing"
            self._answer(502, f"The machine's own proxy answered {code}.")
            return
        self._client.waiting = request.ESTABLISHED + self._heard[end + len(request.END) :]
        self._heard = b""
        self._begin(self._early)
        self._move()

    def _move(self) -> None:
        """As much as can be at once, in both directions."""
        client, server = self._client, self._server
        client.flush()
        if self._stage is Stage.LEAVE:
            self._leave()
            return
        assert server is not None
        server.flush()
        self._pass(client, server, self._body)
        self._pass(server, client, None)
        if not self._is_over():
            half = self._loop.times.half if server.ended else self._loop.times.idle
            self.deadline = self._loop.now() + half
            self._watch()

    def _pass(self, source: Wire, target: Wire, most: int | None) -> None:
        if not source.ended and not target.waiting and most != 0:
            count = target.take(source, self._loop.buffer, most or CHUNK)
            if most is not None:
                self._body = most - count
        if source.ended and not target.waiting and not target.shut:
            target.shut = True
            # Servers take the end of a client that has asked all for its wish to go.
            if target is self._client or not self._asked.method:
                target.socket.shutdown(socket.SHUT_WR)

    def _is_over(self) -> bool:
        assert self._server is not None
        client, server = self._client, self._server
        if server.ended and client.shut and (self._asked.method or (client.ended and server.shut)):
            self.close()
        return self.is_closed

    def _answer(self, status: int, words: str) -> None:
        """Of our own; then it is over."""
        self._hang_up()
        if self._is_door:
            # Whoever is there speaks no HTTP that we know of.
            self.close()
            return
        self._client.waiting = request.answer(status, words)
        self._stage = Stage.LEAVE
        self.deadline = self._loop.now() + self._loop.times.leave
        self._guard(self._move)

    def _leave(self) -> None:
        """Its last bytes are taken in, for a reset would take our answer from it."""
        if not self._client.waiting and not self._client.shut:
            self._client.shut = True
            self._client.socket.shutdown(socket.SHUT_WR)
        try:
            if not self._client.socket.recv_into(self._loop.buffer):
                self.close()
                return
        except BlockingIOError:
            pass
        self._watch()

    def _watch(self) -> None:
        """Ask for the events that there is something to do at."""
        client, server, stage = self._client, self._server, self._stage
        reads = stage in (Stage.HEAD, Stage.LEAVE)
        if server is not None:
            passing = stage is Stage.PASS
            reads = passing and not client.ended and not server.waiting and self._body != 0
            hears = stage is Stage.ANSWER or (passing and not server.ended and not client.waiting)
            writes = stage is Stage.CONNECT or bool(server.waiting)
            server.want(self._loop, hears, writes, self._on_server)
        client.want(self._loop, reads, bool(client.waiting), self._on_client)

    def _hang_up(self) -> None:
        if self._server is not None:
            self._server.drop(self._loop)
            self._server = None
