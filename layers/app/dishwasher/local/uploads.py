"""Signed leave to upload exactly one file, or to download one, as a token in a URL."""

from __future__ import annotations

import base64
import hmac
import json
from dataclasses import dataclass
from typing import TypeVar

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


@dataclass(frozen=True, slots=True)
class Sight:
    """To read the file under `key` until `expires` (epoch, s)."""

    key: str
    expires: float


T = TypeVar("T", Leave, Sight)
_PURPOSE: dict[type[Leave] | type[Sight], bytes] = {Leave: b"upload ", Sight: b"download "}
"""Signed with the text, so that one can not pass for the other."""


def sign(leave: Leave | Sight, secret: bytes) -> str:
    """The token: the leave as JSON and the HMAC of that, both in base64url."""
    text = _base64(json.dumps(encode(leave)).encode())
    return f"{text}.{_signature(text, secret, type(leave))}"


def verify(token: str, secret: bytes, now: float) -> Leave:
    """What was signed; raises Refused for any token but ours, Gone for one that is too old."""
    return _verify(Leave, token, secret, now)


def verify_sight(token: str, secret: bytes, now: float) -> Sight:
    """As `verify`, for a download."""
    return _verify(Sight, token, secret, now)


def _verify(kind: type[T], token: str, secret: bytes, now: float) -> T:
    text, _, signature = token.partition(".")
    what = "upload" if kind is Leave else "download"
    # On bytes: compare_digest raises TypeError for a str that is not ASCII.
    if not hmac.compare_digest(_bytes(signature), _bytes(_signature(text, secret, kind))):
        raise Refused(f"that is not this server's token for the {what}")
    padding = "=" * (-len(text) % 4)
    leave = decode(kind, json.loads(base64.urlsafe_b64decode(text + padding)))
    if leave.expires < now:
        raise Gone(f"the time for this {what} is over; ask for a new URL")
    return leave


def _signature(text: str, secret: bytes, kind: type[Leave] | type[Sight]) -> str:
    return _base64(hmac.digest(secret, _PURPOSE[kind] + _bytes(text), "sha256"))


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
