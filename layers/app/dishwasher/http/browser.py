"""Answers to a browser: a page, what follows one, and a file that only shows itself."""

from __future__ import annotations

import gzip
import json

from dishwasher.http.message import Request, Response

SAFE = (
    ("x-content-type-options", "nosniff"),
    # The address of a page is all that a reader needs to see it.
    ("referrer-policy", "no-referrer"),
    ("x-robots-tag", "noindex"),
)
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
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


def page(request: Request, status: int, html: str) -> Response:
    headers = (
        ("content-type", "text/html; charset=utf-8"),
        ("content-security-policy", PAGE_POLICY),
        ("cache-control", "private, no-cache"),
    )
    return packed(request, status, html.encode(), *headers, *SAFE)


def answer(request: Request, value: object) -> Response:
    headers = (("content-type", "application/json"), ("cache-control", "private, no-store"))
    return packed(request, 200, json.dumps(value).encode(), *headers, *SAFE)


def packed(request: Request, status: int, body: bytes, *headers: tuple[str, str]) -> Response:
    """The body compressed where that is worth it: a log's page shrinks to a tenth."""
    vary = ("vary", "accept-encoding")
    if len(body) < SMALL or "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(status, (*headers, vary), body)
    packed = gzip.compress(body, compresslevel=1, mtime=0)
    return Response(status, (*headers, vary, ("content-encoding", "gzip")), packed)
