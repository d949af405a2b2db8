"""Objects of one bucket: read in ranges, written under conditions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from dishwasher.aws.clients import Clients
from dishwasher.aws.faults import code, faults

ABSENT = frozenset({"404", "NoSuchKey", "NotFound"})
OTHER = frozenset({"412", "PreconditionFailed", "409", "ConditionalRequestConflict"})
"""Somebody else wrote first, or is writing:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html"""
BEYOND = frozenset({"416", "InvalidRange"})
MARK = "log"
"""Metadata of objects that may have more parts."""


@dataclass(frozen=True, slots=True)
class Found:
    """An object, or a range of it."""

    data: bytes
    total: int
    """Bytes of the whole object."""
    etag: str
    is_log: bool


class Objects:
    """Safe for several threads. Keys are those of S3."""

    def __init__(self, clients: Clients, bucket: str) -> None:
        self.clients, self.bucket = clients, bucket

    def read(self, key: str, start: int = 0, end: int | None = None) -> Found | None:
        """Bytes [start, end), as many of them as there are; None where there is no object."""
        if end is not None and end <= start:
            return self.head(key)
        span: Any = {"Range": f"bytes={start}-{'' if end is None else end - 1}"}
        if not start and end is None:
            # Of an empty object there is no range at all.
            span = {}
        with faults(f"can not read {key}"):
            try:
                answer = self.clients.s3.get_object(Bucket=self.bucket, Key=key, **span)
                data = answer["Body"].read()
            except ClientError as error:
                if code(error) in BEYOND:
                    return self.head(key)
                if code(error) in ABSENT:
                    return None
                raise
        total = int(answer.get("ContentRange", "").rpartition("/")[2] or len(data))
        return Found(data, total, answer["ETag"], MARK in answer.get("Metadata", {}))

    def head(self, key: str) -> Found | None:
        """What is known of it without its bytes."""
        with faults(f"can not look at {key}"):
            try:
                answer = self.clients.s3.head_object(Bucket=self.bucket, Key=key)
            except ClientError as error:
                if code(error) in ABSENT:
                    return None
                raise
        total, marks = answer["ContentLength"], answer.get("Metadata", {})
        return Found(b"", total, answer["ETag"], MARK in marks)

    def put(self, key: str, data: bytes) -> None:
        with faults(f"can not store {key}", writes=True):
            self.clients.s3.put_object(Bucket=self.bucket, Key=key, Body=data)

    def replace(self, key: str, data: bytes, etag: str) -> bool:
        """Store a part of a log; False where the object is another than the one with this tag.

        An empty tag: where there is none yet.
        """
        condition: Any = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
        with faults(f"can not store {key}", writes=True):
            try:
                self.clients.s3.put_object(
                    Bucket=self.bucket, Key=key, Body=data, Metadata={MARK: "1"}, **condition
                )
            except ClientError as error:
                if code(error) in OTHER | ABSENT:
                    return False
                raise
        return True

    def below(self, start: str) -> Iterator[tuple[str, int]]:
        """Keys that begin so, in order, with the sizes of their objects."""
        words: Any = {"Bucket": self.bucket, "Prefix": start}
        while True:
            with faults(f"can not list {start}"):
                answer = self.clients.s3.list_objects_v2(**words)
            for item in answer.get("Contents", []):
                yield item["Key"], item["Size"]
            if not answer.get("NextContinuationToken"):
                return
            words["ContinuationToken"] = answer["NextContinuationToken"]

    def delete(self, key: str) -> None:
        with faults(f"can not remove {key}", writes=True):
            self.clients.s3.delete_object(Bucket=self.bucket, Key=key)
