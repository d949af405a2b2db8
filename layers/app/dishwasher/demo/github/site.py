"""What a browser sees: the index, a repository, a pull request, a commit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from jinja2 import (
    Environment,
    PackageLoader,
    StrictUndefined,
    pass_context,
    select_autoescape,
)
from jinja2.runtime import Context
from markupsafe import Markup, escape

from dishwasher.demo.github.accounts import User
from dishwasher.demo.github.app_pages import AppPages
from dishwasher.demo.github.clock import iso
from dishwasher.demo.github.diff import Change
from dishwasher.demo.github.logins import LoginPages
from dishwasher.demo.github.model import Comment, Repository
from dishwasher.demo.github.page import markdown, view
from dishwasher.demo.github.wire import Request, Response

if TYPE_CHECKING:
    from dishwasher.demo.github.standin import StandIn

__all__ = ["Site"]

PULL = re.compile(r"/([^/]+)/([^/]+)/pull/(\d+)")
COMMIT = re.compile(r"/([^/]+)/([^/]+)/commit/([0-9a-f]{4,40})")
RUN = re.compile(r"/([^/]+)/([^/]+)/runs/(\d+)")
REPOSITORY = re.compile(r"/([^/]+)/([^/]+)")
AVATAR = re.compile(r"/_avatars/(\d+)\.svg")
HTML = (("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-store"))
POLICY = "default-src 'self' 'unsafe-inline' data:; frame-ancestors 'none'"
BLOCKS = 5


class Site:
    """Pages are rendered under the world's lock: they show one moment."""

    def __init__(self, standin: StandIn) -> None:
        self._world = standin.world
        self._apps = AppPages(standin, self._render)
        self._logins = LoginPages(standin.world)
        self._routes: tuple[tuple[re.Pattern[str], Callable[..., str | Response | None]], ...] = (
            (AVATAR, self._avatar),
            (PULL, self._pull),
            (COMMIT, self._commit),
            (RUN, self._run),
            (REPOSITORY, self._repository),
            (re.compile("/"), self._index),
        )

    def serve(self, request: Request) -> Response:
        with self._world.lock:
            page = self._apps.serve(request) or self._logins.serve(request)
        if isinstance(page, Response):
            return page
        if page is not None:
            return Response(200, page.encode("utf-8", "replace"), HTML)
        if request.method in ("GET", "HEAD"):
            for pattern, handler in self._routes:
                if found := pattern.fullmatch(request.path):
                    with self._world.lock:
                        answer = handler(*found.groups())
                    if isinstance(answer, Response):
                        return answer
                    if answer is not None:
                        headers = (*HTML, ("Content-Security-Policy", POLICY))
                        return Response(200, answer.encode("utf-8", "replace"), headers)
        return Response(404, b"Not Found\n", (("Content-Type", "text/plain"),))

    def _render(self, template: str, refresh: bool, **values: Any) -> str:
        return (
            environment()
            .get_template(template)
            .render(world=self._world, now=self._world.clock.now(), refresh=refresh, **values)
        )

    def _found(self, owner: str, name: str) -> Repository | None:
        return self._world.repository(owner, name)

    def _index(self) -> str:
        rows = []
        for repository in self._world.repositories.values():
            pulls = self._world.pulls.of(repository.id)
            still = sum(pull.state == "open" for pull in pulls)
            rows.append((self._world.full_name(repository), repository, still))
        return self._render("index.html", False, repositories=sorted(rows, key=lambda row: row[0]))

    def _repository(self, owner: str, name: str) -> str | None:
        repository = self._found(owner, name)
        if repository is None:
            return None
        git = self._world.git[repository.id]
        branches = []
        for ref, sha in sorted(git.refs.items()):
            if ref.startswith("refs/heads/") and (commit := git.commit(sha)) is not None:
                checks = view.checks_of(self._world, repository, sha)
                branches.append((ref.removeprefix("refs/heads/"), commit, checks))
        pulls = [
            (pull, view.checks_of(self._world, repository, pull.head_sha))
            for pull in self._world.pulls.of(repository.id)[::-1]
        ]
        shas = {commit.sha for _, commit, _ in branches}
        every = [*(checks for _, _, checks in branches), *(checks for _, checks in pulls)]
        pending = any(checks.pending for checks in every)
        return self._render(
            "repository.html",
            pending,
            repository=repository,
            full_name=self._world.full_name(repository),
            branches=branches,
            pulls=pulls,
            deployments=view.deployments_of(self._world, repository, shas),
        )

    def _pull(self, owner: str, name: str, number: str) -> str | None:
        repository = self._found(owner, name)
        pull = self._world.pull(repository.id, int(number)) if repository is not None else None
        if repository is None or pull is None:
            return None
        page = view.pull_page(self._world, repository, pull)
        refresh = page.checks.pending or not page.checks.rows
        return self._render("pull.html", refresh, page=page)

    def _commit(self, owner: str, name: str, sha: str) -> str | None:
        repository = self._found(owner, name)
        if repository is None:
            return None
        git = self._world.git[repository.id]
        whole = git.resolve(sha)
        commit = git.commit(whole) if whole is not None else None
        if commit is None:
            return None
        page = view.commit_page(self._world, repository, commit)
        return self._render("commit.html", page.checks.pending, page=page)

    def _run(self, owner: str, name: str, id_: str) -> Response | None:
        run = self._world.runs.get(int(id_))
        if run is None:
            return None
        place = f"/{owner}/{name}/commit/{run.head_sha}#check-{run.id}"
        return Response(302, b"", (("Location", place),))

    def _avatar(self, id_: str) -> Response | None:
        user = self._world.users.get(int(id_))
        if user is None:
            return None
        headers = (("Content-Type", "image/svg+xml"), ("Cache-Control", "max-age=3600"))
        return Response(200, picture(user).encode(), headers)


def picture(user: User) -> str:
    """The first letter on a colour of its own."""
    hue = user.id * 47 % 360
    letter = escape(user.login[:1].upper())
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40">'
        f'<rect width="40" height="40" fill="hsl({hue} 45% 45%)"/>'
        '<text x="20" y="27" font-family="sans-serif" font-size="20" font-weight="600" '
        f'fill="#fff" text-anchor="middle">{letter}</text></svg>'
    )


def blocks(change: Change) -> list[str]:
    """Five squares, green and red in proportion."""
    total = change.additions + change.deletions
    green = round(BLOCKS * change.additions / total) if total else 0
    red = BLOCKS - green if total else 0
    return ["plus"] * green + ["minus"] * red + [""] * (BLOCKS - green - red)


def ago(now: float, moment: float) -> str:
    seconds = max(0, int(now - moment))
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {name}{'s' if count > 1 else ''} ago"
    return "just now"


@pass_context
def since(context: Context, moment: float) -> str:
    """How long ago, by the moment at which the page is rendered."""
    return ago(context["now"], moment)


def comments(timeline: Iterable[object]) -> list[Comment]:
    return [item for item in timeline if isinstance(item, Comment)]


@cache
def environment() -> Environment:
    made = Environment(
        loader=PackageLoader("dishwasher.demo.github", "page"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"iso": iso, "markdown": markdown.render, "blocks": blocks, "ago": since}
    made.filters["comments"] = comments
    page = files("dishwasher.demo.github.page")
    made.globals["css"] = Markup(page.joinpath("style.css").read_text("utf-8"))
    made.globals["script"] = Markup(page.joinpath("refresh.js").read_text("utf-8"))
    return made
