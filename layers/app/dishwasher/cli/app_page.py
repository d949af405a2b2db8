"""The small local page that sends a browser to GitHub with the App manifest, and hears it return.

It is there for one person and some minutes: everything stands below a path that only the terminal
tells, and the `state` that GitHub carries back was made for that person and is good for one App.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from dishwasher.errors import Gone, InfraError, UserError

SECONDS = 20.0
"""For one request to this page."""
LONGEST_LINE = 8192
STATES = 100
"""Of looks at the page whose button still works; more are nobody's."""


@dataclass(frozen=True, slots=True)
class Said:
    """What became of a code: the App's page for its installation, or why there is no App."""

    problem: str = ""
    install_url: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """What the page posts to GitHub: `action` by state, and the manifest by where to come back."""

    action: Callable[[str], str]
    manifest: Callable[[str], str]
    facts: Mapping[str, object]
    """What the page tells: `name`, `owner`, `github`, `permissions`, `events`."""


class AppPage:
    """Serves until `close`; `redeem(code)` makes an App of a code, and is called one at a time."""

    def __init__(self, host: str, port: int, form: Form, redeem: Callable[[str], Said]) -> None:
        self._form = form
        self._redeem = redeem
        self._token = secrets.token_urlsafe(24)
        self._states: dict[str, None] = {}
        self._lock = threading.Lock()
        self._finished = threading.Event()
        self._made: Said | None = None
        try:
            self._server = _Server((host, port), _Handler)
        except (OSError, OverflowError) as error:
            why = getattr(error, "strerror", None) or error
            raise UserError(
                f"can not listen on {host}:{port}: {why}; choose another port"
            ) from error
        self._server.page = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="app page", daemon=True
        )

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def path(self) -> str:
        """Where the page is; whoever does not know it finds nothing."""
        return f"/{self._token}"

    def start(self) -> None:
        self._thread.start()

    def wait(self, seconds: float) -> Said | None:
        """The App that was made, None when none was in that time."""
        self._finished.wait(seconds)
        return self._made

    def close(self) -> None:
        self._server.shutdown()
        # Joins the threads of requests: the last page is sent before the program ends.
        self._server.server_close()
        self._thread.join()

    def answer(self, path: str, query: Mapping[str, list[str]], host: str) -> tuple[int, str]:
        """Status and page for a request."""
        base, _, rest = path.removeprefix("/").partition("/")
        if not hmac.compare_digest(base.encode(), self._token.encode()):
            return 404, _page("app_message.html", title="Nothing here", text=WRONG_ADDRESS)
        if rest == "":
            return 200, self._start(host)
        if rest == "created":
            return self._created(query.get("state", [""])[0], query.get("code", [""])[0])
        return 404, _page("app_message.html", title="Nothing here", text=WRONG_ADDRESS)

    def _start(self, host: str) -> str:
        if self._made is not None:
            return _end(self._made)
        state = secrets.token_urlsafe(24)
        with self._lock:
            self._states[state] = None
            while len(self._states) > STATES:
                del self._states[next(iter(self._states))]
        # By the address that this browser has used: it may have come through a tunnel.
        back = f"http://{host}{self.path}/created"
        return _page(
            "app_start.html",
            action=self._form.action(state),
            manifest=self._form.manifest(back),
            **self._form.facts,
        )

    def _created(self, state: str, code: str) -> tuple[int, str]:
        with self._lock:
            if self._made is not None:
                return 200, _end(self._made)
            if state not in self._states:
                return 403, self._again("This is not the answer to a question of ours.")
            if not code:
                return 400, self._again("GitHub came back without a code: no App was made.")
            try:
                said = self._redeem(code)
            except Gone as fault:
                # The code is used up, and with it this state.
                del self._states[state]
                return 410, self._again(str(fault))
            except InfraError as fault:
                return 502, _page("app_retry.html", text=str(fault))
            self._finish(said)
            return 200, _end(said)

    def _finish(self, said: Said) -> None:
        self._states.clear()
        self._made = said
        self._finished.set()

    def _again(self, text: str) -> str:
        return _page("app_message.html", title="That did not work", text=text, again=self.path)


WRONG_ADDRESS = "Take the whole address that the terminal shows."


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    page: AppPage


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = SECONDS
    server_version = "dishwasher"
    sys_version = ""

    def do_GET(self) -> None:
        parts = urlsplit(self.path[:LONGEST_LINE])
        host = self.headers.get("Host", "")
        try:
            query = parse_qs(parts.query)
        except ValueError:
            query = {}
        status, page = self.server.page.answer(parts.path, query, host)
        body = page.encode()
        self.send_response(status)
        for name, value in HEADERS:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: paths here hold the token and the code."""


HEADERS = (
    ("Content-Type", "text/html; charset=utf-8"),
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("Connection", "close"),
    # No form-action: GitHub answers the form with a redirect, which that would hold against us.
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    ),
)
_templates = Environment(
    loader=PackageLoader("dishwasher.cli", "pages"),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def _end(said: Said) -> str:
    if said.problem:
        return _page("app_message.html", title="The keys are lost", text=said.problem)
    return _page("app_done.html", said=said)


def _page(template: str, **values: object) -> str:
    return _templates.get_template(template).render(**values)
