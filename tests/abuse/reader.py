"""A browser's requests without a browser: every header as it came, cookies, and the login."""

from __future__ import annotations

import contextlib
import http.client
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import quote, urlsplit

from tests.e2e.world import World

SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        """Its one value; empty where it is not there."""
        (found,) = [value for key, value in self.headers if key == name] or [""]
        return found

    @property
    def cookies(self) -> dict[str, str]:
        pairs = (value.split(";")[0].split("=", 1) for key, value in self.headers if key == COOKIE)
        return {name: value for name, value in pairs}


COOKIE = "set-cookie"


@dataclass
class Reader:
    """Somebody at the pages; anonymous until `log_in`."""

    world: World
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, target: str, method: str = "GET", **headers: str) -> Answer:
        """One request of our own server; header names are answered in small letters."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {"Cookie": cookie} if cookie else {}
        return fetch(self.world.bot.url, target, method, {**sent, **headers})

    def log_in(self, login: str, next: str = "/") -> str:
        """By GitHub, and back; answers where that leads."""
        begun = self.ask(f"/login?next={quote(next, safe='')}")
        assert begun.status == 303, begun
        self.cookies |= begun.cookies
        self.world.github.sign_in(login)
        back = fetch(*_split(begun.header("location"))).header("location")
        came = self.ask(_split(back)[1])
        assert came.status == 303, came
        self.cookies |= came.cookies
        return came.header("location")


def fetch(
    base: str, target: str, method: str = "GET", headers: dict[str, str] | None = None
) -> Answer:
    place = urlsplit(base)
    connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=SECONDS)
    with contextlib.closing(connection):
        connection.request(method, target, headers=headers or {})
        got = connection.getresponse()
        found = tuple((name.lower(), value) for name, value in got.getheaders())
        return Answer(got.status, found, got.read())


def _split(url: str) -> tuple[str, str]:
    place = urlsplit(url)
    return f"{place.scheme}://{place.netloc}", f"{place.path}?{place.query}"


class Elements(HTMLParser):
    """What a browser would make of a page: each element with its attributes."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page.decode())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
