"""The Blobs port over one bucket of S3; `keys` says what its objects are called.

Actions, on objects: GetObject, PutObject, DeleteObject, AbortMultipartUpload; on the bucket:
ListBucket (without it an object that is not there is a 403). The bucket must not keep versions of
`attempts/`: a log's last object is stored anew with each chunk.
"""

from __future__ import annotations

import base64
import re
from typing import Any

from dishwasher.aws.clients import Clients
from dishwasher.aws.faults import faults
from dishwasher.aws.keys import object_of
from dishwasher.aws.logs import Logs
from dishwasher.aws.objects import Objects
from dishwasher.errors import Refused

URL_SECONDS = 3600
"""How long a runner may use a URL: a big artifact over a slow line. One that was signed by a role
ends with the role's session, in Lambda some hours later."""
LINK_SECONDS = 300
"""For a browser that was sent there just now."""
MAX_UPLOAD = 5 * 1024**3
"""Bytes of one PUT: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html"""
_SHA256 = re.compile(r"[0-9a-f]{64}")


class S3Blobs:
    """Safe for several threads."""

    def __init__(self, clients: Clients, bucket: str) -> None:
        self._clients, self._bucket = clients, bucket
        self._objects = Objects(clients, bucket)
        self._logs = Logs(self._objects)

    def put(self, key: str, data: bytes) -> None:
        self._objects.put(object_of(key), data)

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes | None:
        object = object_of(key)
        found = self._objects.read(object, start, end)
        if found is None or not found.is_log:
            return None if found is None else found.data
        return self._logs.read(object, found, start, end)

    def size(self, key: str) -> int | None:
        return self._logs.size(object_of(key))

    def append(self, key: str, offset: int, data: bytes) -> int:
        return self._logs.append(object_of(key), offset, data)

    def upload_url(self, key: str, size: int, sha256: str) -> str:
        """The size and the SHA-256 are signed, so that S3 takes no other file.

        The PUT must have them as Content-Length and, in base64, x-amz-checksum-sha256.
        """
        object = object_of(key)
        if not 0 <= size <= MAX_UPLOAD:
            raise Refused(f"a file has at most {MAX_UPLOAD} bytes, this one would have {size}")
        if not _SHA256.fullmatch(sha256.lower()):
            raise Refused("a file is agreed by its SHA-256, in 64 hexadecimal digits")
        digest = base64.b64encode(bytes.fromhex(sha256)).decode()
        words = {"ContentLength": size, "ChecksumSHA256": digest}
        return self._signed("put_object", object, URL_SECONDS, **words)

    def download_url(self, key: str) -> str:
        return self._signed("get_object", object_of(key), URL_SECONDS)

    def link(self, key: str, disposition: str, content_type: str) -> str | None:
        """Where a browser gets all that the blob has now, saved as `disposition` says; None where
        there is none.

        For what is too large for an answer of Lambda's, which has at most 6 MB. Of a log with more
        than one object a copy is made once.
        """
        whole = self._logs.whole(object_of(key))
        if whole is None:
            return None
        words = {"ResponseContentDisposition": disposition, "ResponseContentType": content_type}
        return self._signed("get_object", whole, LINK_SECONDS, **words)

    def delete(self, key: str) -> None:
        self._logs.delete(object_of(key))

    def _signed(self, method: str, object: str, seconds: int, **words: Any) -> str:
        with faults(f"can not sign for {object}"):
            return self._clients.s3.generate_presigned_url(
                method,
                Params={"Bucket": self._bucket, "Key": object, **words},
                ExpiresIn=seconds,
            )
