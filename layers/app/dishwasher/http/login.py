"""Log in by GitHub, come back, log out: OAuth of the App with PKCE, and two cookies."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dishwasher.core.session import (
    LOGIN_SECONDS,
    SESSION_SECONDS,
    PendingLogin,
    Session,
    open_pending,
    own_place,
    seal_pending,
    seal_session,
)
from dishwasher.errors import Refused
from dishwasher.http.browser import SAFE, page
from dishwasher.http.message import Request, Response
from dishwasher.http.readers import COOKIE, Readers, cookie
from dishwasher.http.router import Route
from dishwasher.ports import People

PENDING = "dishwasher_login"
CALLBACK = "/login/callback"


@dataclass(frozen=True, slots=True)
class Login:
    readers: Readers
    people: People
    public_url: Callable[[], str]
    message: Callable[[str, str], str]
    """Title and text → a page that says so."""

    def routes(self) -> Iterator[Route]:
        yield Route("GET", "/login", self.begin)
        yield Route("GET", CALLBACK, self.back)
        yield Route("POST", "/logout", self.leave)

    def begin(self, request: Request) -> Response:
        """`?next=` is the page to come back to."""
        clock = self.readers.clock
        place = own_place(request.query.get("next", "/"))
        pending = PendingLogin(
            clock.secret(), _verifier(clock.secret), place, clock.now() + LOGIN_SECONDS
        )
        url = self.people.login_url(pending.state, pending.challenge, self._callback)
        sealed = seal_pending(self.readers.secret, pending)
        return _go(url, self._cookie(PENDING, sealed, LOGIN_SECONDS, CALLBACK))

    def back(self, request: Request) -> Response:
        now = self.readers.clock.now()
        pending = open_pending(self.readers.secret, cookie(request, PENDING), now)
        state = request.query.get("state", "")
        if pending is None or not hmac.compare_digest(pending.state.encode(), state.encode()):
            return self._refused(request, "This login was not begun in this browser, or long ago.")
        code = request.query.get("code", "")
        if not code:
            return self._refused(request, "GitHub says that the login was not allowed.")
        try:
            person = self.people.person(code, pending.verifier, self._callback)
        except Refused as error:
            return self._refused(request, f"{error}.")
        session = seal_session(self.readers.secret, Session(person, now + SESSION_SECONDS))
        return _go(
            pending.place,
            self._cookie(COOKIE, session, SESSION_SECONDS),
            self._cookie(PENDING, "", 0, CALLBACK),
        )

    def leave(self, request: Request) -> Response:
        return _go("/", self._cookie(COOKIE, "", 0))

    @property
    def _callback(self) -> str:
        return self.public_url() + CALLBACK

    def _refused(self, request: Request, why: str) -> Response:
        return page(request, 403, self.message("Not logged in", why))

    def _cookie(self, name: str, value: str, seconds: float, path: str = "/") -> tuple[str, str]:
        # Lax: the way back from GitHub is a link from another site.
        secure = "; Secure" if self.public_url().startswith("https:") else ""
        rest = f"Path={path}; Max-Age={int(seconds)}; HttpOnly; SameSite=Lax{secure}"
        return ("set-cookie", f"{name}={value}; {rest}")


def _verifier(secret: Callable[[], str]) -> str:
    """43 to 128 characters: https://www.rfc-editor.org/rfc/rfc7636#section-4.1"""
    return (secret() + secret() + secret())[:128]


def _go(place: str, *cookies: tuple[str, str]) -> Response:
    headers = (("location", place), ("cache-control", "no-store"), *SAFE)
    return Response(303, (*headers, *cookies))
