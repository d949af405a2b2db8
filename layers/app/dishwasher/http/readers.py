"""Who may see what: public repositories are for everyone, private ones for whom GitHub lets in."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from http.cookies import CookieError, SimpleCookie

from dishwasher.core.event import Repository
from dishwasher.core.session import Person, open_session
from dishwasher.errors import InfraError, Throttled
from dishwasher.http.message import Request
from dishwasher.ports import Clock, People

COOKIE = "dishwasher_session"
REMEMBERED = 60.0
"""Seconds for which GitHub's word on a person and a repository holds."""
ASKED = 40
"""Private repositories that one page asks GitHub of; for more, nobody would wait."""
AT_ONCE = 8
MOST = 4096
"""Such words that are kept."""


def _as_told(repository: Repository) -> Repository | None:
    return repository


@dataclass(slots=True)
class Readers:
    """`people` is None where no login is set up: pages then are for whoever knows their address."""

    clock: Clock
    secret: bytes = field(repr=False)
    people: People | None
    present: Callable[[Repository], Repository | None] = _as_told
    """What a repository is by now, which may not be what its builds know; None for deleted."""
    _known: dict[tuple[int, int], tuple[bool, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def person(self, request: Request) -> Person | None:
        """Who is logged in."""
        text = cookie(request, COOKIE)
        session = open_session(self.secret, text, self.clock.now()) if text else None
        return session.person if session else None

    def may_see(self, request: Request, repository: Repository) -> bool:
        """Whether this reader may see a page with an address that nobody guesses."""
        if self.people is None:
            return self.present(repository) is not None
        return self.may_list(request, repository)

    def of_those(self, request: Request, asked: Sequence[Repository]) -> set[Repository]:
        """Those that this reader may list; GitHub is asked of several at once."""
        known = self.person(request) is not None
        there = [(one, now) for one in asked if (now := self.present(one)) is not None]
        private = [one for one, now in there if now.private and known]
        shown = {one for one, now in there if not now.private}
        with ThreadPoolExecutor(AT_ONCE) as pool:
            may = pool.map(partial(self.may_list, request), private[:ASKED])
            return shown | {one for one, allowed in zip(private, may, strict=False) if allowed}

    def may_list(self, request: Request, repository: Repository) -> bool:
        """Whether this reader may see a page whose address anybody can guess."""
        now_there = self.present(repository)
        if now_there is None or not now_there.private:
            return now_there is not None
        repository = now_there
        person = self.person(request)
        if person is None or self.people is None:
            return False
        key, now = (repository.id, person.id), self.clock.now()
        with self._lock:
            allowed, until = self._known.get(key, (False, 0.0))
        if now < until:
            return allowed
        try:
            allowed = self.people.may_read(repository, person)
        except (InfraError, Throttled):
            # What GitHub does not say is not shown; the next look asks again.
            return False
        with self._lock:
            if len(self._known) >= MOST:
                self._known.clear()
            self._known[key] = (allowed, now + REMEMBERED)
        return allowed


def cookie(request: Request, name: str) -> str:
    """The cookie's value; empty where there is none."""
    try:
        found = SimpleCookie(request.headers.get("cookie", "")).get(name)
    except CookieError:
        return ""
    return found.value if found is not None else ""
