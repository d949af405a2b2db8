"""A blob's key as the key of an object of S3: any key that is allowed has one, no two the same.

    attempts/b1.tests.1/log              the blob itself; for a log its first 1 MiB
    attempts/b1.tests.1/log%%/000001     the log's second MiB, and so on
    attempts/b1.tests.1/log%%@7340032    the whole log when it had so many bytes, for a download

The first name of a key stays as it is, for the rules of the bucket and of its policies.
"""

from __future__ import annotations

import hashlib
import re

from dishwasher.errors import Refused

MAX_KEY_BYTES = 1024
"""Amazon S3's limit: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html"""
SUFFIX_BYTES = 40
"""Room for what follows `%%`."""
_UNSAFE = re.compile(rb"[^A-Za-z0-9!_.*'()/-]")
"""Other characters than S3 calls safe need care in URLs and in lists: the same page."""
_FIRST = re.compile(r"[a-z]{1,32}/")


def object_of(key: str) -> str:
    """Raises Refused for what is no key. No answer of it holds `%%` but one that is too long."""
    raw = key.encode("utf-8", "surrogatepass")
    if len(raw) > MAX_KEY_BYTES:
        raise Refused(f"a file's key may have at most {MAX_KEY_BYTES} bytes, this has {len(raw)}")
    if b"\0" in raw or any(segment in (b"", b".", b"..") for segment in raw.split(b"/")):
        raise Refused(f"{key!r} is not a file's key: it needs names separated by single slashes")
    quoted = _UNSAFE.sub(lambda match: b"%%%02X" % match[0][0], raw).decode("ascii")
    if len(quoted) <= MAX_KEY_BYTES - SUFFIX_BYTES:
        return quoted
    first = _FIRST.match(quoted)
    return f"{first[0] if first else ''}%%%{hashlib.sha256(raw).hexdigest()}"


def part_of(object: str, number: int) -> str:
    """Where the bytes of a log from `number` MiB on are."""
    return object if number == 0 else f"{object}%%/{number:06d}"


def whole_of(object: str, size: int) -> str:
    return f"{object}%%@{size}"


def beside(object: str) -> str:
    """What begins the keys of all but the first part of a log."""
    return f"{object}%%"
