"""One keep-alive HTTP connection to one origin; no retries here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import BinaryIO
from urllib.parse import urlsplit

from dishwasher.errors import InfraError

BLOCK = 256 * 1024
ANSWER_BYTES = 8 * 1024 * 1024
"""No answer of the protocol comes near this; a larger one is not from our server."""


class WireError(InfraError):
    """The exchange failed somewhere between us and the server; it may have had its effect."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    retry_after: float | None
    """Seconds, where the server said so."""

    @property
    def text(self) -> str:
        """The start of the body, for a message."""
        return self.body[:300].decode("utf-8", "replace").strip()


def origin(url: str) -> str:
    """`scheme://host:port` of an http or https URL."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InfraError(f"not an http URL: {url}")
    return f"{parts.scheme}://{parts.netloc}"


class Wire:
    """Not for two threads at once."""

    def __init__(self, base: str, timeout: float) -> None:
        parts = urlsplit(base)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._connection = kind(parts.hostname or "", parts.port, timeout=timeout)

    def exchange(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | BinaryIO
    ) -> Answer:
        """Send one request and read its whole answer; a stale connection is closed by failing."""
        try:
            self._connection.request(method, target, body, dict(headers))
            response = self._connection.getresponse()
            data = response.read(ANSWER_BYTES)
        # ValueError: http.client's for a malformed status line or header.
        except (OSError, HTTPException, ValueError) as error:
            self._connection.close()
            raise WireError(f"{type(error).__name__}: {error}") from error
        except BaseException:
            # What reads the body may have its own reasons to end in the middle of it.
            self._connection.close()
            raise
        if not response.isclosed():
            self._connection.close()
            raise WireError(f"the answer is longer than {ANSWER_BYTES} bytes")
        return Answer(response.status, data, _seconds(response.headers.get("Retry-After")))

    def download(self, target: str, file: BinaryIO, limit: int) -> Answer:
        """GET, with the body of a 200 written to the file; a body above `limit` is a failure."""
        try:
            self._connection.request("GET", target)
            response = self._connection.getresponse()
            if response.status == 200:
                left = limit
                while data := response.read(BLOCK):
                    left -= len(data)
                    if left < 0:
                        raise WireError(f"the file is longer than {limit} bytes")
                    file.write(data)
                if response.length:
                    # http.client takes a connection that ends for the end of the body.
                    raise WireError(f"the file ended {response.length} bytes too early")
            said = b"" if response.status == 200 else response.read(ANSWER_BYTES)
        except (OSError, HTTPException, ValueError) as error:
            self._connection.close()
            raise WireError(f"{type(error).__name__}: {error}") from error
        except BaseException:
            self._connection.close()
            raise
        if not response.isclosed():
            self._connection.close()
        return Answer(response.status, said, _seconds(response.headers.get("Retry-After")))

    def close(self) -> None:
        self._connection.close()


def _seconds(value: str | None) -> float | None:
    return float(value) if value and value.isascii() and value.isdigit() else None
