"""The pages for people, and what they are made of."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from threading import Semaphore
from urllib.parse import quote

from dishwasher.core.build import Build
from dishwasher.core.session import own_place
from dishwasher.errors import InfraError
from dishwasher.http.browser import SAFE, answer, packed, page
from dishwasher.http.files import Direct, Files
from dishwasher.http.login import Login
from dishwasher.http.message import Request, Response
from dishwasher.http.readers import Readers
from dishwasher.http.router import Route
from dishwasher.ports import Blobs
from dishwasher.web.ansi import PLAIN
from dishwasher.web.found import Found
from dishwasher.web.log import Place
from dishwasher.web.pages import Pages
from dishwasher.web.viewer import Viewer

SEARCHES = 2
"""At once. Each reads a whole log, for a second or two, and GitHub's deliveries come first."""
DIGITS = 18
"""Of an id of GitHub's: more do not fit into the 64 bits that it has."""


@dataclass(frozen=True, slots=True)
class Site:
    pages: Pages
    blobs: Blobs
    public_url: Callable[[], str]
    readers: Readers
    searches: Semaphore = field(default_factory=lambda: Semaphore(SEARCHES))
    direct: Direct | None = None

    def routes(self) -> Iterator[Route]:
        yield Route("GET", "/", self.front)
        yield Route("GET", "/repositories/{id}", self.repository)
        yield Route("GET", "/repositories/{id}/follow", self.follow_repository)
        yield Route("GET", "/repositories/{id}/badge.svg", self.badge)
        yield Route("GET", "/builds/{build_id}", self.build)
        yield Route("GET", "/builds/{build_id}/follow", self.follow_build)
        yield Route("GET", "/jobs/{job_id}", self.job)
        yield Route("GET", "/jobs/{job_id}/follow", self.follow_job)
        yield Route("GET", "/jobs/{job_id}/search", self.search)
        yield Route("GET", "/static/{name}", self.static)
        yield from Files(self._job, self.blobs, self.missing, self.direct).routes()
        if self.readers.people is not None:
            message = replace(self.pages, viewer=Viewer(login="/login")).message
            yield from Login(self.readers, self.readers.people, self.public_url, message).routes()

    def front(self, request: Request) -> Response:
        """The repositories that this reader may see, and how to begin where there is none."""
        found = self.pages.find_repositories()
        shown = self.readers.of_those(request, [build.event.repository for build in found])
        builds = [build for build in found if build.event.repository in shown]
        return page(request, 200, self._pages(request).front(builds, self.public_url()))

    def repository(self, request: Request, id: str) -> Response:
        """`?branch=` shows one branch, `?before=` what is older than that line."""
        newest = self._newest(request, id)
        if newest is None:
            return self.missing(request)
        query = request.query
        html = self._pages(request).repository(
            newest, query.get("branch", ""), query.get("before", "")
        )
        return page(request, 200, html)

    def follow_repository(self, request: Request, id: str) -> Response:
        newest = self._newest(request, id)
        if newest is None:
            return self.missing(request)
        branch = request.query.get("branch", "")
        return answer(request, self.pages.follow_repository(newest, branch))

    def badge(self, request: Request, id: str) -> Response:
        """`?branch=` names another than the default branch."""
        newest = self._newest(request, id)
        if newest is None:
            return self.missing(request)
        picture = self.pages.badge(newest, request.query.get("branch", "")).encode()
        # GitHub's proxy of pictures keeps what may be kept:
        # https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-anonymized-urls
        headers = (("content-type", "image/svg+xml"), ("cache-control", "no-cache, max-age=0"))
        return packed(request, 200, picture, *headers, *SAFE)

    def build(self, request: Request, build_id: str) -> Response:
        build = self._build(request, build_id)
        if build is None:
            return self.missing(request)
        return page(request, 200, self._pages(request).build(build))

    def follow_build(self, request: Request, build_id: str) -> Response:
        build = self._build(request, build_id)
        if build is None:
            return self.missing(request)
        return answer(request, self.pages.follow_build(build))

    def job(self, request: Request, job_id: str) -> Response:
        """`?from=` is the byte from which a long log is shown."""
        found = self._job(request, job_id)
        if found is None:
            return self.missing(request)
        start = request.number("from") if "from" in request.query else None
        return page(request, 200, self._pages(request).job(found, start))

    def search(self, request: Request, job_id: str) -> Response:
        found = self._job(request, job_id)
        if found is None:
            return self.missing(request)
        if not self.searches.acquire(blocking=False):
            raise InfraError("others search long logs at this moment")
        try:
            html = self._pages(request).search(found, request.query.get("q", ""))
        finally:
            self.searches.release()
        return page(request, 200, html)

    def follow_job(self, request: Request, job_id: str) -> Response:
        found = self._job(request, job_id)
        if found is None:
            return self.missing(request)
        style = PLAIN.after(_codes(request.query.get("style", "")))
        place = Place(request.number("start", 0), request.number("line", 1), style)
        return answer(request, self.pages.follow_job(found, place))

    def _newest(self, request: Request, id: str) -> Build | None:
        """The newest build of the repository, if this reader may see its list."""
        known = int(id) if id.isascii() and id.isdigit() and len(id) <= DIGITS else 0
        newest = self.pages.find_repository(known)
        if newest is None or not self.readers.may_list(request, newest.event.repository):
            return None
        return newest

    def _job(self, request: Request, job_id: str) -> Found | None:
        """The job, if this reader may see it."""
        see = partial(self.readers.may_see, request)
        return self.pages.find(job_id, lambda build: see(build.event.repository))

    def _build(self, request: Request, build_id: str) -> Build | None:
        build = self.pages.find_build(build_id)
        if build is None or not self.readers.may_see(request, build.event.repository):
            return None
        return build

    def static(self, request: Request, name: str) -> Response:
        asset = self.pages.assets.get(name)
        if asset is None:
            return self.missing(request)
        # The name holds the content's hash.
        forever = ("cache-control", "public, max-age=31536000, immutable")
        return packed(request, 200, asset.data, ("content-type", asset.type), forever, *SAFE)

    def missing(self, request: Request) -> Response:
        """The same for what is unknown and for what is not for this reader."""
        text = "There is no such page, or it is not for you. The checks on GitHub link to theirs."
        return page(request, 404, self._pages(request).message("Nothing here", text))

    def _pages(self, request: Request) -> Pages:
        """The pages as this reader sees them."""
        if self.readers.people is None:
            return self.pages
        person = self.readers.person(request)
        place = quote(own_place(request.path), safe="/")
        viewer = Viewer(name=person.login) if person else Viewer(login=f"/login?next={place}")
        return replace(self.pages, viewer=viewer)


def _codes(text: str) -> str:
    return text if re.fullmatch(r"[0-9;]{0,100}", text) else ""
