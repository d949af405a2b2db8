"""What a job has printed and made, byte by byte: its log and its artifacts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

from dishwasher.core.result import artifact_key
from dishwasher.http.browser import FILE_HEADERS, SAFE
from dishwasher.http.bundle import Bundle, Item
from dishwasher.http.message import Request, Response
from dishwasher.http.router import Route
from dishwasher.http.span import Span
from dishwasher.ports import Blobs
from dishwasher.web.found import Found

TEXT = "text/plain; charset=utf-8"
BYTES = "application/octet-stream"
LARGE = 4 * 1024 * 1024
"""Bytes above which a file is had directly, where it can be: of an answer's 6 MB in Lambda a third
goes to base64 (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html)."""

Direct = Callable[[str, str, str], str | None]
"""Key of a blob, Content-Disposition and -Type → where a browser gets it for some minutes."""


@dataclass(frozen=True, slots=True)
class Files:
    find: Callable[[Request, str], Found | None]
    """Job id → the job; None for what is unknown, and for what is not for this reader."""
    blobs: Blobs
    missing: Callable[[Request], Response]
    direct: Direct | None = None
    """None where every file goes through this server."""

    def routes(self) -> Iterator[Route]:
        yield Route("GET", "/jobs/{job_id}/log", self.log)
        yield Route("GET", "/jobs/{job_id}/artifacts.tar.gz", self.bundle)
        yield Route("GET", "/jobs/{job_id}/artifacts/{path:path}", self.artifact)

    def log(self, request: Request, job_id: str) -> Response:
        """`?start=&end=` in bytes; without them all that there is."""
        found = self.find(request, job_id)
        if found is None:
            return self.missing(request)
        size = self.blobs.size(found.log_key) or 0
        start = min(request.number("start", 0), size)
        end = max(start, min(request.number("end", size), size))
        headers = (
            ("content-type", TEXT),
            ("x-log-size", str(size)),
            ("x-job-attempt", str(found.job.attempt)),
            ("x-job-state", found.job.state.value),
        )
        if not {"start", "end"} & request.query.keys():
            name = disposition(f"{job_id}.{found.job.attempt}.log")
            if elsewhere := self._elsewhere(found.log_key, size, name, TEXT):
                return elsewhere
        return self._stream(found.log_key, start, end, headers)

    def artifact(self, request: Request, job_id: str, path: str) -> Response:
        found = self.find(request, job_id)
        if found is None or not _lists(found, path):
            return self.missing(request)
        key = artifact_key(found.job.attempt_id, path)
        size = self.blobs.size(key)
        if size is None:
            return self.missing(request)
        name = disposition(path.rpartition("/")[2])
        if elsewhere := self._elsewhere(key, size, name, BYTES):
            return elsewhere
        headers = (("content-type", BYTES), ("content-disposition", name))
        return self._stream(key, 0, size, headers)

    def bundle(self, request: Request, job_id: str) -> Response:
        """Every artifact, or those in `?folder=`, as one archive."""
        found, folder = self.find(request, job_id), request.query.get("folder", "")
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

    def _elsewhere(self, key: str, size: int, name: str, content_type: str) -> Response | None:
        """The way to a large file that need not go through this server."""
        url = self.direct(key, name, content_type) if self.direct and size > LARGE else None
        if url is None:
            return None
        # The URL is a permission for some minutes: nobody keeps it.
        return Response(303, (("location", url), ("cache-control", "no-store"), *SAFE))

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
