"""Who is logged in on the pages, and a login under way: short texts that only we can make."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass

SESSION_SECONDS = 8 * 3600.0
"""A working day; afterwards GitHub is asked again, mostly without a word to the reader."""
LOGIN_SECONDS = 600.0
"""For a login at GitHub; its own code lives as long: https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-user-access-token-for-a-github-app"""
PLACE_LIMIT = 500
"""Characters of the page to come back to."""


@dataclass(frozen=True, slots=True)
class Person:
    """A user of GitHub: the id stays when the login is given to somebody else."""

    id: int
    login: str


@dataclass(frozen=True, slots=True)
class Session:
    person: Person
    until: float


@dataclass(frozen=True, slots=True)
class PendingLogin:
    """A login under way, kept by the browser that began it."""

    state: str
    """Comes back from GitHub, which shows that this browser asked."""
    verifier: str
    """Of PKCE (RFC 7636): without it GitHub's code is worth nothing."""
    place: str
    until: float

    @property
    def challenge(self) -> str:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def seal_session(secret: bytes, session: Session) -> str:
    return _seal(secret, "session", [session.person.id, session.person.login, session.until])


def open_session(secret: bytes, text: str, now: float) -> Session | None:
    """None for a text that is not ours, or whose time is over."""
    match _open(secret, "session", text):
        case [int(id), str(login), float(until)] if now < until:
            return Session(Person(id, login), until)
    return None


def seal_pending(secret: bytes, pending: PendingLogin) -> str:
    parts: list[int | str | float] = [pending.state, pending.verifier, pending.place, pending.until]
    return _seal(secret, "pending", parts)


def open_pending(secret: bytes, text: str, now: float) -> PendingLogin | None:
    """None for a text that is not ours, or whose time is over."""
    match _open(secret, "pending", text):
        case [str(state), str(verifier), str(place), float(until)] if now < until:
            return PendingLogin(state, verifier, place, until)
    return None


def own_place(text: str) -> str:
    """A path of ours to go to; `/` for everything else, so that no link leads elsewhere.

    A browser takes `//host` and `/\\host` for another host, and drops line ends and tabs.
    """
    plain = len(text) <= PLACE_LIMIT and text.isascii() and text.isprintable()
    local = text.startswith("/") and not text.startswith("//") and "\\" not in text
    return text if plain and local else "/"


def _seal(secret: bytes, purpose: str, parts: list[int | str | float]) -> str:
    body = base64.urlsafe_b64encode(json.dumps(parts).encode()).rstrip(b"=").decode()
    return f"{body}.{_mark(secret, purpose, body)}"


def _open(secret: bytes, purpose: str, text: str) -> object:
    body, _, mark = text.partition(".")
    wanted = _mark(secret, purpose, body)
    # Bytes, because texts outside of ASCII can not be compared in constant time.
    if not hmac.compare_digest(mark.encode("utf-8", "replace"), wanted.encode()):
        return None
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def _mark(secret: bytes, purpose: str, body: str) -> str:
    text = f"{purpose}\n{body}".encode("utf-8", "replace")
    return hmac.new(secret, text, hashlib.sha256).hexdigest()
