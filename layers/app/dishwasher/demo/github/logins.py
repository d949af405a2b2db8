"""Log in with an app: the page that asks, the code, and the token of the person."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from dishwasher.demo.github.accounts import App
from dishwasher.demo.github.wire import Request, Response
from dishwasher.demo.github.world import World

__all__ = ["LoginPages"]

ASK = "/login/oauth/authorize"
EXCHANGE = "/login/oauth/access_token"
# https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-user-access-token-for-a-github-app
CODE_SECONDS = 600
JSON = (("Content-Type", "application/json; charset=utf-8"), ("Cache-Control", "no-store"))


@dataclass(frozen=True, slots=True)
class Grant:
    """What a code stands for, once."""

    app: int
    user: int
    redirect: str
    challenge: str
    until: float


class LoginPages:
    """Called under the world's lock. Whoever has signed in with the browser agrees at once."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._grants: dict[str, Grant] = {}

    def serve(self, request: Request) -> Response | None:
        """None where the path is none of these."""
        if request.path == ASK and request.method == "GET":
            return self._ask(request)
        if request.path == EXCHANGE and request.method == "POST":
            return self._exchange(dict(parse_qsl(request.body.decode("utf-8", "replace"))))
        return None

    def _ask(self, request: Request) -> Response:
        query = request.query
        app = self._app(query.get("client_id", ""))
        redirect, viewer = query.get("redirect_uri", ""), self._world.viewer
        if app is None or viewer is None:
            return Response(404, b"Not Found\n", (("Content-Type", "text/plain"),))
        state = {"state": query["state"]} if "state" in query else {}
        if query.get("code_challenge_method", "S256") != "S256" or not _is_url(redirect):
            back = {"error": "redirect_uri_mismatch", **state}
        else:
            code = secrets.token_hex(10)
            until = self._world.clock.now() + CODE_SECONDS
            challenge = query.get("code_challenge", "")
            self._grants[code] = Grant(app.id, viewer.id, redirect, challenge, until)
            back = {"code": code, **state}
        return Response(302, b"", (("Location", f"{redirect}?{urlencode(back)}"),))

    def _exchange(self, form: dict[str, str]) -> Response:
        """GitHub says 200 also to what it refuses."""
        app = self._app(form.get("client_id", ""))
        if app is None or app.client_secret != form.get("client_secret"):
            return _told(error="incorrect_client_credentials")
        grant = self._grants.pop(form.get("code", ""), None)
        if grant is None or grant.app != app.id or self._world.clock.now() >= grant.until:
            return _told(error="bad_verification_code")
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        proof = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if grant.challenge and grant.challenge != proof:
            return _told(error="bad_verification_code")
        if form.get("redirect_uri", grant.redirect) != grant.redirect:
            return _told(error="redirect_uri_mismatch")
        token = self._world.lend(self._world.users[grant.user], app)
        return _told(access_token=token, token_type="bearer", scope="")

    def _app(self, client_id: str) -> App | None:
        apps = self._world.apps.values()
        return next((app for app in apps if app.client_id == client_id), None)


def _is_url(text: str) -> bool:
    return urlsplit(text).scheme in ("http", "https")


def _told(**fields: str) -> Response:
    return Response(200, json.dumps(fields).encode(), JSON)
