"""The pages on which an app is made from a manifest, and installed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode

from dishwasher.demo.github.accounts import AccountKind, App, User
from dishwasher.demo.github.registering import Unusable, Wanted, code_for, parse, register
from dishwasher.demo.github.stage import Stage
from dishwasher.demo.github.wire import Request, Response

__all__ = ["AppPages"]

NEW = re.compile(r"(?:/organizations/([^/]+))?/settings/apps/new")
MANIFEST = re.compile(r"(?:/organizations/([^/]+))?/settings/apps/manifest")
APP = re.compile(r"/apps/([^/]+)")
INSTALL = re.compile(r"/apps/([^/]+)/installations/new")
TAKEN = "Name is already taken"
Render = Callable[..., str]


class AppPages:
    """Called under the world's lock; nobody else may be signed in at the same time."""

    def __init__(self, stage: Stage, render: Render) -> None:
        self._stage = stage
        self._world = stage.world
        self._render = render

    def serve(self, request: Request) -> Response | str | None:
        """None where the path is none of these pages."""
        fields = dict(parse_qsl(request.body.decode("utf-8", "replace")))
        posted = request.method == "POST"
        if found := NEW.fullmatch(request.path):
            return self._new(found[1], fields.get("manifest"), request.query.get("state", ""))
        if (found := MANIFEST.fullmatch(request.path)) and posted:
            return self._made(found[1], fields)
        if found := INSTALL.fullmatch(request.path):
            app = self._app(found[1])
            if app is None:
                return None
            return self._installed(app, fields) if posted else self._install(app)
        if found := APP.fullmatch(request.path):
            return None if (app := self._app(found[1])) is None else self._install(app)
        return None

    def _new(self, organisation: str | None, manifest: str | None, state: str) -> Response | str:
        if manifest is None:
            return self._refused("A manifest is posted to this page.")
        try:
            wanted = parse(manifest)
            owner = self._owner(organisation)
        except Unusable as problem:
            return self._refused(str(problem))
        return self._page(owner, wanted, manifest, state)

    def _page(
        self, owner: User, wanted: Wanted, manifest: str, state: str, problem: str = ""
    ) -> str:
        return self._render(
            "new_app.html",
            False,
            owner=owner,
            wanted=wanted,
            manifest=manifest,
            state=state,
            problem=problem,
            action=self._path(owner) + "/settings/apps/manifest",
        )

    def _made(self, organisation: str | None, fields: dict[str, str]) -> Response | str:
        """The person has agreed, perhaps under another name."""
        manifest, state = fields.get("manifest", ""), fields.get("state", "")
        try:
            wanted = parse(manifest)
            owner = self._owner(organisation)
        except Unusable as problem:
            return self._refused(str(problem))
        name = fields.get("name", wanted.name)
        if any(app.name.lower() == name.lower() for app in self._world.apps.values()):
            return self._page(owner, wanted, manifest, state, TAKEN)
        named = Wanted(name, wanted.webhook_url, wanted.permissions, wanted.events, wanted.url)
        app = register(self._world, owner, named)
        back = {"code": code_for(self._world, app)}
        if state:
            back["state"] = state
        return _redirect(f"{wanted.redirect_url}?{urlencode(back)}")

    def _install(self, app: App) -> str:
        people = [u for u in self._world.users.values() if u.kind is not AccountKind.bot]
        return self._render("install_app.html", False, app=app, accounts=people)

    def _installed(self, app: App, fields: dict[str, str]) -> Response | str:
        account = self._world.user(fields.get("account", ""))
        if account is None:
            return self._refused("Choose where to install it.")
        self._stage.install(app, account.login)
        return _redirect(f"{self._world.url}/apps/{app.slug}?installed={account.login}")

    def _app(self, slug: str) -> App | None:
        return next((app for app in self._world.apps.values() if app.slug == slug), None)

    def _owner(self, organisation: str | None) -> User:
        viewer = self._world.viewer or self._stage.sign_in("octocat")
        if organisation is None:
            return viewer
        found = self._world.user(organisation)
        if found is None or found.kind is not AccountKind.organization:
            raise Unusable(f"There is no organization {organisation}, or you do not own it.")
        return found

    def _path(self, owner: User) -> str:
        whose = owner.kind is AccountKind.organization
        return f"/organizations/{owner.login}" if whose else ""

    def _refused(self, problem: str) -> Response:
        page = self._render("refused.html", False, problem=problem)
        return Response(422, page.encode("utf-8", "replace"), HTML)


HTML = (("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-store"))


def _redirect(place: str) -> Response:
    headers: tuple[tuple[str, Any], ...] = (("Location", place),)
    return Response(302, b"", headers)
