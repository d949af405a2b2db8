"""Signed leave to upload exactly one file, as a token in a URL."""

from __future__ import annotations

import base64
import hmac
import json
from dataclasses import dataclass

from dishwasher.core.codec import decode, encode
from dishwasher.errors import Gone, Refused

UPLOAD_SECONDS = 3600.0
"""How long a token may be used: a big artifact over a slow line, and no longer."""


@dataclass(frozen=True, slots=True)
class Leave:
    """To store `size` bytes with this SHA-256 (hex) under `key`, until `expires` (epoch, s)."""

    key: str
    size: int
    sha256: str
    expires: float


def sign(leave: Leave, secret: bytes) -> str:
    """The token: the leave as JSON and the HMAC of that, both in base64url."""
    text = _base64(json.dumps(encode(leave)).encode())
    return f"{text}.{_signature(text, secret)}"


def verify(token: str, secret: bytes, now: float) -> Leave:
    """What was signed; raises Refused for any token but ours, Gone for one that is too old."""
    text, _, signature = token.partition(".")
    # On bytes: compare_digest raises TypeError for a str that is not ASCII.
    if not hmac.compare_digest(_bytes(signature), _bytes(_signature(text, secret))):
        raise Refused("that is not an upload token of this server")
    padding = "=" * (-len(text) % 4)
    leave = decode(Leave, json.loads(base64.urlsafe_b64decode(text + padding)))
    if leave.expires < now:
        raise Gone("the time for this upload is over; ask for a new upload URL")
    return leave


def _signature(text: str, secret: bytes) -> str:
    # The prefix keeps other things that may be signed with the same secret apart.
    return _base64(hmac.digest(secret, b"upload " + _bytes(text), "sha256"))


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
