"""Requests to the server over a network that loses and delays them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dishwasher.errors import Fault, InfraError

from tests.sim.baton import Actor, Crash
from tests.sim.instance import Instance
from tests.sim.world import World

ANSWER_SECONDS = 15.0
"""After which a client takes the connection for dead."""
HOP = 0.01
LATEST = 120.0
"""Seconds after which a request that was given up may still reach the server."""


class NoAnswer(Exception):
    """The client does not know whether it was done."""


class Request:
    """One HTTP request; `answer` is a value, a Fault, or None while there is none."""

    __slots__ = ("answer", "client", "done", "work")

    def __init__(self, work: Callable[[], Any], client: Actor | None) -> None:
        self.work, self.client = work, client
        self.done = False
        self.answer: Any = None


class Web:
    """As many web workers as are needed; an idle one is used again."""

    def __init__(self, world: World, instances: Sequence[Instance]) -> None:
        self._world = world
        self._instances = instances
        self._idle: list[tuple[Actor, list[Request]]] = []
        self._workers = 0

    def ask(self, what: str, work: Callable[[], Any]) -> Any:
        """As a client: the answer, the Refused or UserError it is, or NoAnswer."""
        world, faults = self._world, self._world.faults
        baton = world.baton
        world.tell("asks", what)
        request = Request(work, baton.current)
        if world.chance(faults.http_lost):
            baton.sleep(ANSWER_SECONDS)
            raise NoAnswer
        if world.chance(faults.http_late):
            delay = world.random.uniform(0.0, LATEST)
            world.expect(delay)
            self.send(Request(work, None), delay)
            world.sometimes("a request arrived after its sender gave it up")
            baton.sleep(ANSWER_SECONDS)
            raise NoAnswer
        self.send(request)
        end = baton.now + ANSWER_SECONDS
        while not request.done and baton.now < end:
            baton.rest(end)
        request.client = None
        if not request.done or world.chance(faults.http_answer_lost):
            raise NoAnswer
        if isinstance(request.answer, InfraError):
            raise NoAnswer
        if isinstance(request.answer, Fault):
            raise request.answer
        return request.answer

    def send(self, request: Request, delay: float = 0.0) -> None:
        if self._idle:
            worker, inbox = self._idle.pop()
            inbox.append(request)
            self._world.baton.wake(worker, self._world.now + HOP + delay)
            return
        self._workers += 1
        inbox = [request]
        instance = self._instances[self._workers % len(self._instances)]
        name = f"web-{self._workers}@{instance.name}"
        worker = self._world.baton.spawn(name, lambda: self._serve(inbox, instance), HOP + delay)
        instance.adopt(worker)

    def _serve(self, inbox: list[Request], instance: Instance) -> None:
        baton = self._world.baton
        actor = baton.current
        while True:
            while inbox:
                # With the request in hand: when the worker dies, it is not handled again.
                request = inbox.pop()
                self._handle(request, instance)
            self._idle.append((actor, inbox))
            try:
                baton.rest(None)
            except Crash:
                # What was under way to this worker meets a closed connection.
                inbox.clear()
                if (actor, inbox) in self._idle:
                    self._idle.remove((actor, inbox))

    def _handle(self, request: Request, instance: Instance) -> None:
        try:
            request.answer = request.work() if instance.is_up else InfraError("refused")
        except Crash:
            return
        except Fault as fault:
            request.answer = fault
        request.done = True
        if request.client is not None:
            self._world.baton.wake(request.client, self._world.now + HOP)
