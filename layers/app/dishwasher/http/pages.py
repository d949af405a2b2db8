"""The pages for people, the raw log, artifacts and static files."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

from dishwasher.core.result import artifact_key
from dishwasher.http.bundle import Bundle, Item
from dishwasher.http.message import Request, Response
from dishwasher.http.router import Route
from dishwasher.http.span import Span
from dishwasher.ports import Blobs
from dishwasher.web.ansi import PLAIN
from dishwasher.web.log import Place
from dishwasher.web.pages import Found, Pages

SAFE = (
    ("x-content-type-options", "nosniff"),
    # The address of a page is all that a reader needs to see it.
    ("referrer-policy", "no-referrer"),
    ("x-robots-tag", "noindex"),
)
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
FILE_POLICY = "default-src 'none'; sandbox"
"""For what a job made: even opened as a page, it can do nothing in our name."""
FILE_HEADERS = (
    ("content-security-policy", FILE_POLICY),
    ("cache-control", "private, no-cache"),
    *SAFE,
)
SMALL = 1024
"""Bytes below which compressing costs more than it saves."""


@dataclass(frozen=True, slots=True)
class Site:
    pages: Pages
    blobs: Blobs
    public_url: Callable[[], str]

    def routes(self) -> Iterator[Route]:
        yield Route("GET", "/", self.welcome)
        yield Route("GET", "/builds/{build_id}", self.build)
        yield Route("GET", "/builds/{build_id}/follow", self.follow_build)
        yield Route("GET", "/jobs/{job_id}", self.job)
        yield Route("GET", "/jobs/{job_id}/follow", self.follow_job)
        yield Route("GET", "/jobs/{job_id}/log", self.log)
        yield Route("GET", "/jobs/{job_id}/artifacts.tar.gz", self.bundle)
        yield Route("GET", "/jobs/{job_id}/artifacts/{path:path}", self.artifact)
        yield Route("GET", "/static/{name}", self.static)

    def welcome(self, request: Request) -> Response:
        return _page(request, 200, self.pages.welcome(self.public_url()))

    def build(self, request: Request, build_id: str) -> Response:
        html = self.pages.build(build_id)
        return self.missing(request) if html is None else _page(request, 200, html)

    def follow_build(self, request: Request, build_id: str) -> Response:
        news = self.pages.follow_build(build_id)
        return self.missing(request) if news is None else _json(request, news)

    def job(self, request: Request, job_id: str) -> Response:
        found = self.pages.find(job_id)
        return (
            self.missing(request) if found is None else _page(request, 200, self.pages.job(found))
        )

    def follow_job(self, request: Request, job_id: str) -> Response:
        found = self.pages.find(job_id)
        if found is None:
            return self.missing(request)
        style = PLAIN.after(_codes(request.query.get("style", "")))
        place = Place(request.number("start", 0), request.number("line", 1), style)
        return _json(request, self.pages.follow_job(found, place))

    def log(self, request: Request, job_id: str) -> Response:
        """`?start=&end=` in bytes; without them all that there is."""
        found = self.pages.find(job_id)
        if found is None:
            return self.missing(request)
        size = self.blobs.size(found.log_key) or 0
        start = min(request.number("start", 0), size)
        end = max(start, min(request.number("end", size), size))
        headers = (
            ("content-type", "text/plain; charset=utf-8"),
            ("x-log-size", str(size)),
            ("x-job-attempt", str(found.job.attempt)),
            ("x-job-state", found.job.state.value),
        )
        return self._stream(found.log_key, start, end, headers)

    def artifact(self, request: Request, job_id: str, path: str) -> Response:
        found = self.pages.find(job_id)
        if found is None or not _lists(found, path):
            return self.missing(request)
        key = artifact_key(found.job.attempt_id, path)
        size = self.blobs.size(key)
        if size is None:
            return self.missing(request)
        headers = (
            ("content-type", "application/octet-stream"),
            ("content-disposition", disposition(path.rpartition("/")[2])),
        )
        return self._stream(key, 0, size, headers)

    def bundle(self, request: Request, job_id: str) -> Response:
        """Every artifact, or those in `?folder=`, as one archive."""
        found, folder = self.pages.find(job_id), request.query.get("folder", "")
        kept = found.result.artifacts if found is not None and found.result is not None else ()
        paths = [one.path for one in kept if one.path.startswith(f"{folder}/") or not folder]
        if found is None or not paths:
            return self.missing(request)
        items = tuple(self._items(found, paths))
        made = Bundle(items, int(found.job.ended), self.blobs.get)
        name = folder.rpartition("/")[2] or "artifacts"
        headers = (
            ("content-type", "application/gzip"),
            ("content-disposition", disposition(f"{name}.tar.gz")),
            ("content-length", str(made.size)),
            *FILE_HEADERS,
        )
        return Response(200, headers, Span(made.get, 0, made.size))

    def _items(self, found: Found, paths: list[str]) -> Iterator[Item]:
        """Those that were stored, and that can be unpacked without leaving a folder."""
        for path in paths:
            key = artifact_key(found.job.attempt_id, path)
            if {"", ".", ".."}.isdisjoint(path.split("/")):
                size = self.blobs.size(key)
                if size is not None:
                    yield Item(path, key, size)

    def static(self, request: Request, name: str) -> Response:
        asset = self.pages.assets.get(name)
        if asset is None:
            return self.missing(request)
        # The name holds the content's hash.
        forever = ("cache-control", "public, max-age=31536000, immutable")
        return _packed(request, 200, asset.data, ("content-type", asset.type), forever, *SAFE)

    def missing(self, request: Request) -> Response:
        """The same for what is unknown and for what is not for this reader."""
        text = "There is no such page, or it is not for you. The checks on GitHub link to theirs."
        return _page(request, 404, self.pages.message("Nothing here", text))

    def _stream(
        self, key: str, start: int, end: int, headers: tuple[tuple[str, str], ...]
    ) -> Response:
        body = Span(lambda first, last: self.blobs.get(key, first, last), start, end)
        common = (("content-length", str(end - start)), *FILE_HEADERS)
        return Response(200, (*headers, *common), body)


def disposition(name: str) -> str:
    """A Content-Disposition that saves under this name (RFC 6266), whatever is in it."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _lists(found: Found, path: str) -> bool:
    """Only what the result names is an artifact, however the blobs are kept."""
    return found.result is not None and any(kept.path == path for kept in found.result.artifacts)


def _codes(text: str) -> str:
    return text if re.fullmatch(r"[0-9;]{0,100}", text) else ""


def _page(request: Request, status: int, html: str) -> Response:
    headers = (
        ("content-type", "text/html; charset=utf-8"),
        ("content-security-policy", PAGE_POLICY),
        ("cache-control", "private, no-cache"),
    )
    return _packed(request, status, html.encode(), *headers, *SAFE)


def _json(request: Request, value: object) -> Response:
    headers = (("content-type", "application/json"), ("cache-control", "private, no-store"))
    return _packed(request, 200, json.dumps(value).encode(), *headers, *SAFE)


def _packed(request: Request, status: int, body: bytes, *headers: tuple[str, str]) -> Response:
    """The body compressed where that is worth it: a log's page shrinks to a tenth."""
    vary = ("vary", "accept-encoding")
    if len(body) < SMALL or "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(status, (*headers, vary), body)
    packed = gzip.compress(body, compresslevel=1, mtime=0)
    return Response(status, (*headers, vary, ("content-encoding", "gzip")), packed)
