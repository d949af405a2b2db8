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
    """The token: the leave as JSON and its HMAC, both in base64url."""
    payload = json.dumps(encode(leave)).encode()
    return f"{_write(payload)}.{_write(_mac(payload, secret))}"


def verify(token: str, secret: bytes, now: float) -> Leave:
    """What was signed; raises Refused for any token but ours, Gone for one that is too old."""
    text, _, signature = token.partition(".")
    try:
        payload, mac = _read(text), _read(signature)
    except ValueError:
        raise Refused("that is not an upload token") from None
    if not hmac.compare_digest(mac, _mac(payload, secret)):
        raise Refused("that is not an upload token of this server")
    leave = decode(Leave, json.loads(payload))
    if leave.expires < now:
        raise Gone("the time for this upload is over; ask for a new upload URL")
    return leave


def _mac(payload: bytes, secret: bytes) -> bytes:
    # The prefix keeps other things that may be signed with the same secret apart.
    return hmac.digest(secret, b"upload\0" + payload, "sha256")


def _write(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _read(text: str) -> bytes:
    # validate: otherwise characters outside the alphabet are skipped, and a token has many forms.
    padding = "=" * (-len(text) % 4)
    return base64.b64decode(text.encode() + padding.encode(), altchars=b"-_", validate=True)
