"""A blob's key as the path of a file: any key that is allowed has one, no two have the same."""

from __future__ import annotations

import hashlib
import re

from dishwasher.errors import Refused

MAX_KEY_BYTES = 1024
"""Amazon S3's limit: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html"""
MAX_NAME_BYTES = 200
"""Below NAME_MAX of the common file systems (255): `man 7 path_resolution`, `man 3 pathconf`."""

_UNSAFE = re.compile(rb"[^A-Za-z0-9._-]")


def path_of(key: str) -> tuple[str, ...]:
    """Folder names and, last, the file's name; raises Refused for what is no key.

    A file's name begins with `=`, so that a key may also be the beginning of another one.
    """
    raw = key.encode("utf-8", "surrogatepass")
    segments = raw.split(b"/")
    if len(raw) > MAX_KEY_BYTES:
        raise Refused(f"a file's key may have at most {MAX_KEY_BYTES} bytes, this has {len(raw)}")
    if b"\0" in raw or any(segment in (b"", b".", b"..") for segment in segments):
        raise Refused(f"{key!r} is not a file's key: it needs names separated by single slashes")
    *folders, name = (_quoted(segment) for segment in segments)
    return (*folders, f"={name}")


def _quoted(segment: bytes) -> str:
    text = _UNSAFE.sub(lambda match: b"%%%02X" % match[0][0], segment).decode("ascii")
    if len(text) <= MAX_NAME_BYTES:
        return text
    # No quoted text holds two percent signs in a row.
    return f"%%{hashlib.sha256(segment).hexdigest()}"
