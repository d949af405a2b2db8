"""The loop of a job's proxy: one thread for all its bytes, a few that ask for names."""

from __future__ import annotations

import os
import queue
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from select import EPOLLIN, epoll

from dishwasher.errors import Fault
from dishwasher.runner.egress.connection import Connection
from dishwasher.runner.egress.request import Asked
from dishwasher.runner.egress.rules import Resolve, Route, Rules
from dishwasher.runner.egress.wire import CHUNK, Times

CONNECTIONS = 256
"""At once; npm opens some fifty. With both ends stuck each keeps two CHUNKs: 128 MiB in all."""
ASKERS = 16
"""Threads that ask for names: one whose server does not answer takes half a minute."""
TOLD = 50
"""Hosts that a job is told it does not get; more are a scan, and one line says so."""
TICK = 0.5

Tell = Callable[[str], None]


class Proxy:
    """Runs until `life` (a descriptor) ends; `doors` are listeners that lead to one place each."""

    def __init__(
        self,
        rules: Rules,
        resolve: Resolve,
        tell: Tell,
        *,
        times: Times | None = None,
        most: int = CONNECTIONS,
    ) -> None:
        self._rules, self._resolve, self._tell = rules, resolve, tell
        self.times, self._most = times or Times(), most
        self.buffer = memoryview(bytearray(CHUNK))
        self._epoll = epoll()
        self._calls: dict[int, Callable[[int], None]] = {}
        self._doors: list[tuple[socket.socket, Route | None]] = []
        self._listens = False
        self._open: set[Connection] = set()
        self._told: set[tuple[str, int]] = set()
        self._questions: queue.SimpleQueue[tuple[Connection, Asked]] = queue.SimpleQueue()
        self._answers: deque[tuple[Connection, Route | Fault]] = deque()
        self._askers = self._asking = 0
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def listen(self, listener: socket.socket, door: Route | None = None) -> None:
        listener.setblocking(False)
        self._doors.append((listener, door))

    def run(self, life: int) -> None:
        alive = [True]
        self._register(life, lambda _: alive.clear())
        self._register(self._wake, lambda _: self._take_answers())
        self._accept_more()
        tick = self.now()
        while alive:
            for number, events in self._epoll.poll(TICK if self._open else None):
                # Of a connection that an event before this one has closed, nothing is left.
                if call := self._calls.get(number):
                    call(events)
            if self.now() - tick >= TICK:
                tick = self.now()
                for connection in [one for one in self._open if one.deadline <= tick]:
                    connection.expire()
        self._end()

    def now(self) -> float:
        return time.monotonic()

    def watch(self, socket: socket.socket, events: int, call: Callable[[int], None]) -> None:
        number = socket.fileno()
        if number in self._calls:
            self._epoll.modify(number, events)
            self._calls[number] = call
        else:
            self._register(number, call, events)

    def forget(self, socket: socket.socket) -> None:
        del self._calls[socket.fileno()]
        self._epoll.unregister(socket.fileno())

    def find(self, connection: Connection, asked: Asked) -> None:
        self._questions.put((connection, asked))
        self._asking += 1
        if self._askers < min(self._asking, ASKERS):
            self._askers += 1
            threading.Thread(target=self._ask, daemon=True).start()

    def refused(self, asked: Asked, why: str) -> None:
        where = asked.name, asked.port
        if where in self._told or len(self._told) > TOLD:
            return
        self._told.add(where)
        more = f"More than {TOLD} hosts are refused to this job; the others are not listed here."
        self._tell(why if len(self._told) <= TOLD else more)

    def closed(self, connection: Connection) -> None:
        self._open.discard(connection)
        if not self._listens and len(self._open) < self._most:
            self._accept_more()

    def _ask(self) -> None:
        while True:
            connection, asked = self._questions.get()
            answer: Route | Fault
            try:
                answer = self._rules.route(asked, self._resolve)
            except Fault as fault:
                answer = fault
            self._answers.append((connection, answer))
            os.eventfd_write(self._wake, 1)

    def _take_answers(self) -> None:
        os.eventfd_read(self._wake)
        while self._answers:
            connection, answer = self._answers.popleft()
            self._asking -= 1
            connection.found(answer)

    def _accept_more(self) -> None:
        self._listens = True
        for listener, door in self._doors:
            self.watch(listener, EPOLLIN, partial(self._accept, listener, door))

    def _accept(self, listener: socket.socket, door: Route | None, _: int) -> None:
        try:
            client, _ = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        connection = Connection(self, client, door)
        if not connection.is_closed:
            self._open.add(connection)
        if len(self._open) >= self._most:
            # Whoever comes now waits in the kernel's queue.
            self._listens = False
            for other, _route in self._doors:
                self.forget(other)

    def _register(self, number: int, call: Callable[[int], None], events: int = EPOLLIN) -> None:
        self._calls[number] = call
        self._epoll.register(number, events)

    def _end(self) -> None:
        for connection in list(self._open):
            connection.close()
        for listener, _ in self._doors:
            listener.close()
        self._epoll.close()
