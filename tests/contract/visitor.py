"""Who was given a URL, and uses it: over HTTP, or as the route of the embedded server would."""

from __future__ import annotations

import base64
import hashlib
import io
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import BinaryIO, Protocol
from urllib.parse import urlsplit

from dishwasher.errors import Refused
from dishwasher.ports import Blobs


class Receiving(Blobs, Protocol):
    """Blobs whose URLs carry a token that they know again."""

    def receive(self, token: str, stream: BinaryIO) -> None: ...
    def shown(self, token: str) -> str: ...


class Visitor(Protocol):
    def put(self, url: str, data: bytes) -> None:
        """Raises Refused where it is not taken."""
        ...

    def get(self, url: str) -> bytes | None: ...


@dataclass(frozen=True)
class TokenVisitor:
    blobs: Receiving

    def put(self, url: str, data: bytes) -> None:
        self.blobs.receive(url.rpartition("/")[2], io.BytesIO(data))

    def get(self, url: str) -> bytes | None:
        return self.blobs.get(self.blobs.shown(url.rpartition("/")[2]))


@dataclass(frozen=True)
class HttpVisitor:
    """Sends what our runner sends."""

    def put(self, url: str, data: bytes) -> None:
        digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
        headers = {"x-amz-checksum-sha256": digest, "Content-Type": "application/octet-stream"}
        status, text = ask("PUT", url, data, headers)
        if status != 200:
            raise Refused(f"the upload was answered by {status} {text!r}")

    def get(self, url: str) -> bytes | None:
        status, data = ask("GET", url, None, {})
        return data if status == 200 else None


def ask(method: str, url: str, data: bytes | None, headers: dict[str, str]) -> tuple[int, bytes]:
    parts = urlsplit(url)
    with closing(HTTPConnection(parts.netloc, timeout=60)) as connection:
        connection.request(method, f"{parts.path}?{parts.query}", data, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()


def visitor(blobs: Blobs) -> Visitor:
    return TokenVisitor(blobs) if hasattr(blobs, "receive") else HttpVisitor()  # type: ignore[arg-type]
