"""Threads that take turns: one holds the baton, and one `Random` decides who holds it next.

Every actor is a thread with ordinary synchronous code. Only `sleep` and `rest` give the baton
away; the next actor is the one whose time comes first, so the same seed is always the same run.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable
from random import Random

START = 1_750_000_000.0
"""Virtual seconds since the epoch at which every world begins."""
STACK = 256 * 1024
"""Bytes of stack for an actor's thread: a world may have a hundred of them."""


class Crash(BaseException):
    """The actor dies here; no `except Exception` survives it."""


class Stop(BaseException):
    """The world ends; every thread unwinds."""


class Actor:
    """A thread that runs while it has the baton."""

    __slots__ = ("alive", "doomed", "entry", "lock", "name", "skew", "until")

    def __init__(self, name: str) -> None:
        self.name = name
        self.lock = threading.Lock()
        self.lock.acquire()
        self.entry = 0
        """Number of the one entry in the heap that counts; 0 while nothing will wake it."""
        self.until = 0.0
        self.doomed = False
        """It dies when it next wakes."""
        self.alive = True
        self.skew = 0.0
        """Seconds by which its own clock is ahead of the world's."""


class Baton:
    """The scheduler of one world; `main` is the caller's own thread."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.now = START
        self.main = Actor("main")
        self.current = self.main
        self.broken: BaseException | None = None
        """What an actor raised that none should: the run ends."""
        self._heap: list[tuple[float, int, Actor]] = []
        self._entries = 0
        self._threads: list[tuple[Actor, threading.Thread]] = []
        self._over = False

    def spawn(self, name: str, body: Callable[[], None], delay: float = 0.0) -> Actor:
        actor = Actor(name)
        thread = threading.Thread(target=self._live, args=(actor, body), name=name, daemon=True)
        self._threads.append((actor, thread))
        self._enter(actor, self.now + delay)
        # The size is the whole process's: other tests want theirs back.
        before = threading.stack_size(STACK)
        thread.start()
        threading.stack_size(before)
        return actor

    def sleep(self, seconds: float) -> None:
        """Give the baton away for so long; raises Crash when killed meanwhile."""
        actor = self.current
        self._enter(actor, self.now + seconds)
        self._pass_on(actor)

    def rest(self, until: float | None) -> None:
        """Sleep until then (None: for ever) or until somebody calls `wake`."""
        actor = self.current
        if until is None:
            actor.entry = 0
        else:
            self._enter(actor, max(until, self.now))
        self._pass_on(actor)

    def wake(self, actor: Actor, at: float) -> None:
        """End its sleep at that time if it would last longer."""
        if actor.alive and actor is not self.current and (not actor.entry or at < actor.until):
            self._enter(actor, max(at, self.now))

    def kill(self, actor: Actor) -> None:
        if actor is self.current:
            raise Crash
        actor.doomed = True
        self.wake(actor, self.now)

    @property
    def is_over(self) -> bool:
        return self._over

    def fail(self, error: BaseException) -> None:
        """End the run: what was found is more important than what comes."""
        self.broken = self.broken or error
        self.wake(self.main, self.now)

    def close(self) -> None:
        """Unwind every thread, one after the other."""
        self._over = True
        for actor, thread in self._threads:
            if actor.alive:
                self.current = actor
                actor.lock.release()
            thread.join()

    def _enter(self, actor: Actor, at: float) -> None:
        self._entries += 1
        actor.entry, actor.until = self._entries, at
        heapq.heappush(self._heap, (at, self._entries, actor))

    def _next(self) -> Actor:
        while True:
            at, entry, actor = heapq.heappop(self._heap)
            if actor.entry == entry and actor.alive:
                actor.entry = 0
                self.now = max(self.now, at)
                self.current = actor
                return actor

    def _pass_on(self, actor: Actor) -> None:
        following = self._next()
        if following is not actor:
            following.lock.release()
            actor.lock.acquire()
        if self._over and actor is not self.main:
            raise Stop
        if actor.doomed:
            actor.doomed = False
            raise Crash

    def _live(self, actor: Actor, body: Callable[[], None]) -> None:
        actor.lock.acquire()
        try:
            if not self._over and not actor.doomed:
                body()
        except (Stop, Crash):
            pass
        except BaseException as error:
            self.fail(error)
        actor.alive = False
        if not self._over:
            self._next().lock.release()
