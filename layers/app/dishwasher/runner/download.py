"""One GET into a file, in a process of its own: URL FILE BYTES, and DISHWASHER_TOKEN.

So that a stop ends it at any moment, as it ends git. Exit codes tell what another try would do.
Proxies and certificates are those of the environment.
"""

from __future__ import annotations

import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException, HTTPMessage
from typing import IO, Any
from urllib.parse import urljoin, urlsplit

DONE, NETWORK, MISSING, DENIED, LARGE = 0, 1, 3, 4, 5
SILENCE = 60.0
"""Seconds without a byte after which a connection is dead; a tarball is made while it is sent."""
REDIRECTS = 5
BLOCK = 256 * 1024
CODES = {404: MISSING, 410: MISSING, 422: MISSING, 401: DENIED, 403: DENIED, 451: DENIED}


class Failed(Exception):
    def __init__(self, code: int, said: str) -> None:
        super().__init__(said)
        self.code = code


class _Stay(urllib.request.HTTPRedirectHandler):
    """Redirects come back to us: urllib would take the token along."""

    def redirect_request(
        self, req: Any, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        return None


def main(arguments: list[str], environment: Mapping[str, str]) -> int:
    url, place, limit = arguments
    try:
        with open(place, "wb") as file:
            download(url, environment.get("DISHWASHER_TOKEN", ""), file, int(limit))
    except Failed as error:
        print(error, file=sys.stderr)
        return error.code
    except (OSError, HTTPException, ValueError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return NETWORK
    return DONE


def download(url: str, token: str, file: IO[bytes], limit: int) -> None:
    """Write what is there to the file, by at most some redirects; raises Failed or OSError.

    The token goes to the host that was asked, and to none that it leads to.
    """
    opener = urllib.request.build_opener(_Stay)
    first = urlsplit(url)
    for _ in range(REDIRECTS + 1):
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or (first.scheme, parts.scheme) == (
            "https",
            "http",
        ):
            raise Failed(DENIED, f"it leads to {parts.scheme}, which is not followed")
        headers = {"User-Agent": "dishwasher-runner", "Accept-Encoding": "identity"}
        if token and (parts.scheme, parts.netloc) == (first.scheme, first.netloc):
            headers["Authorization"] = f"Bearer {token}"
        try:
            with opener.open(urllib.request.Request(url, headers=headers), timeout=SILENCE) as got:
                _keep(got, file, limit)
            return
        except urllib.error.HTTPError as error:
            with error:
                where = error.headers.get("Location", "")
                if error.code not in (301, 302, 303, 307, 308) or not where:
                    # Not its body: that of a host in between may say anything.
                    said = f"{parts.netloc} answers {error.code} {error.reason}"
                    raise Failed(CODES.get(error.code, NETWORK), said) from error
            url = urljoin(url, where)
    raise Failed(DENIED, f"more than {REDIRECTS} redirects")


def _keep(got: Any, file: IO[bytes], limit: int) -> None:
    left = limit
    while data := got.read(BLOCK):
        left -= len(data)
        if left < 0:
            raise Failed(LARGE, f"it is longer than {limit} bytes")
        file.write(data)
    if got.length:
        # http.client takes a connection that ends for the end of the body.
        raise Failed(NETWORK, f"it ended {got.length} bytes too early")
