"""Who has signed a call: Signature Version 4, in a header or in a presigned URL.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import calendar
import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote

ALGORITHM = "AWS4-HMAC-SHA256"
SKEW = 900.0
"""Seconds that a signature in a header is good for."""
UNSIGNED = "UNSIGNED-PAYLOAD"


@dataclass(frozen=True, slots=True)
class Key:
    """Temporary credentials of a role, as a function finds them in its environment."""

    id: str
    secret: str
    token: str
    role: str


@dataclass(frozen=True, slots=True)
class Call:
    """A request; names of headers are small, path and query as they were sent."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def parameters(self) -> dict[str, str]:
        return dict(parse_qsl(self.query, keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class Signed:
    """By whom, and for which service."""

    key: Key
    service: str


class Denied(Exception):
    """Nobody's signature, or no right; the text is AWS's word for it."""


def verify(call: Call, find: Callable[[str], Key | None], now: float) -> Signed:
    """Raises Denied for what no key that `find` knows has signed."""
    words = call.parameters
    presigned = "X-Amz-Signature" in words
    fields = words if presigned else _header(call.headers)
    scope = fields.get("X-Amz-Credential", "").split("/")
    if len(scope) != 5:
        raise Denied("MissingAuthenticationToken")
    id, day, region, service, _ = scope
    key = find(id)
    if key is None:
        raise Denied("InvalidClientTokenId")
    if fields.get("X-Amz-Security-Token", "") != key.token:
        raise Denied("InvalidToken")
    at = fields.get("X-Amz-Date", "")
    _in_time(at, now, float(words.get("X-Amz-Expires", 0)) if presigned else SKEW, presigned)
    payload = UNSIGNED if presigned else _payload(call)
    text = _canonical(call, fields["X-Amz-SignedHeaders"].split(";"), payload, service)
    digest = hashlib.sha256(text.encode()).hexdigest()
    signed = "\n".join((ALGORITHM, at, "/".join(scope[1:]), digest))
    secret = f"AWS4{key.secret}".encode()
    for part in (day, region, service, "aws4_request", signed):
        secret = hmac.digest(secret, part.encode(), "sha256")
    if not hmac.compare_digest(secret.hex(), fields["X-Amz-Signature"]):
        raise Denied("SignatureDoesNotMatch")
    return Signed(key, service)


def _header(headers: Mapping[str, str]) -> dict[str, str]:
    """The same fields as in a presigned URL."""
    algorithm, _, rest = headers.get("authorization", "").partition(" ")
    if algorithm != ALGORITHM:
        raise Denied("MissingAuthenticationToken")
    pairs = (part.strip().partition("=") for part in rest.split(","))
    return {
        **{f"X-Amz-{name}": value for name, _, value in pairs},
        "X-Amz-Date": headers.get("x-amz-date", ""),
        "X-Amz-Security-Token": headers.get("x-amz-security-token", ""),
    }


def _in_time(at: str, now: float, seconds: float, presigned: bool) -> None:
    try:
        begun = calendar.timegm(time.strptime(at, "%Y%m%dT%H%M%SZ"))
    except ValueError:
        raise Denied("IncompleteSignature") from None
    if now > begun + seconds or begun > now + SKEW:
        raise Denied("AccessDenied" if presigned else "SignatureDoesNotMatch")


def _payload(call: Call) -> str:
    told = call.headers.get("x-amz-content-sha256")
    own = hashlib.sha256(call.body).hexdigest()
    if told is None or len(told) != len(own):
        # Not told, not signed, or signed piece by piece.
        return told or own
    if told != own:
        raise Denied("XAmzContentSHA256Mismatch")
    return told


def _canonical(call: Call, names: list[str], payload: str, service: str) -> str:
    # S3 alone signs the path as it is sent; all others encode it once more.
    path = call.path if service == "s3" else quote(call.path, safe="/-_.~")
    pairs = (part.partition("=") for part in call.query.split("&") if part)
    query = sorted((name, value) for name, _, value in pairs if name != "X-Amz-Signature")
    headers = "".join(f"{name}:{' '.join(call.headers.get(name, '').split())}\n" for name in names)
    return "\n".join(
        (
            *(call.method, path, "&".join(f"{name}={value}" for name, value in query)),
            *(headers, ";".join(names), payload),
        )
    )
