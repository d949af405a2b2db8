"""The Blobs port over a dict."""

from __future__ import annotations

import hashlib
from typing import BinaryIO

from dishwasher.errors import Gone, Refused
from dishwasher.ports import Clock

UPLOAD_SECONDS = 3600.0
MAX_KEY_BYTES = 1024


class MemoryBlobs:
    """Bytes by key; an upload's token is looked up, not signed."""

    def __init__(self, clock: Clock, base_url: str = "http://memory.invalid") -> None:
        self._clock = clock
        self._base_url = base_url
        self._blobs: dict[str, bytes] = {}
        self._uploads: dict[str, tuple[str, int, str, float]] = {}
        self._downloads: dict[str, tuple[str, float]] = {}

    def put(self, key: str, data: bytes) -> None:
        self._blobs[_checked(key)] = bytes(data)

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes | None:
        data = self._blobs.get(_checked(key))
        return None if data is None else data[start:end]

    def size(self, key: str) -> int | None:
        data = self._blobs.get(_checked(key))
        return None if data is None else len(data)

    def append(self, key: str, offset: int, data: bytes) -> int:
        stored = self._blobs.get(_checked(key), b"")
        if offset > len(stored):
            return len(stored)
        self._blobs[key] = stored + data[len(stored) - offset :]
        return len(self._blobs[key])

    def upload_url(self, key: str, size: int, sha256: str) -> str:
        token = self._clock.secret()
        expires = self._clock.now() + UPLOAD_SECONDS
        self._uploads[token] = (_checked(key), size, sha256.lower(), expires)
        return f"{self._base_url}/uploads/{token}"

    def download_url(self, key: str) -> str:
        token = self._clock.secret()
        self._downloads[token] = (_checked(key), self._clock.now() + UPLOAD_SECONDS)
        return f"{self._base_url}/downloads/{token}"

    def delete(self, key: str) -> None:
        self._blobs.pop(_checked(key), None)

    def shown(self, token: str) -> str:
        if token not in self._downloads:
            raise Refused("that is not a download token")
        key, expires = self._downloads[token]
        if expires < self._clock.now():
            raise Gone("the time for this download is over; ask for a new URL")
        return key

    def receive(self, token: str, stream: BinaryIO) -> None:
        if token not in self._uploads:
            raise Refused("that is not an upload token")
        key, size, sha256, expires = self._uploads[token]
        if expires < self._clock.now():
            raise Gone("the time for this upload is over; ask for a new upload URL")
        data = stream.read()
        if len(data) != size or hashlib.sha256(data).hexdigest() != sha256:
            raise Refused("the upload is not what was agreed")
        self._blobs[key] = data


def _checked(key: str) -> str:
    raw = key.encode("utf-8", "surrogatepass")
    segments = raw.split(b"/")
    if len(raw) > MAX_KEY_BYTES or b"\0" in raw:
        raise Refused(f"{key!r} is not a file's key")
    if any(segment in (b"", b".", b"..") for segment in segments):
        raise Refused(f"{key!r} is not a file's key")
    return key
