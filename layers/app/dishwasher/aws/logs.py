"""Logs on S3, where nothing can be appended: a log is objects of 1 MiB, the last of them shorter.

Bytes are added by storing that last object anew, under the condition that it is still the one that
was read (If-Match), so that of two writers one reads again. A full one never changes. Where a byte
stands follows from its offset, so that reading a range needs no list and no index; most logs are
one object. An object for each chunk, as it comes, would make a page read hundreds of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from dishwasher.aws import keys
from dishwasher.aws.faults import code, faults
from dishwasher.aws.objects import OTHER, Found, Objects
from dishwasher.errors import Conflict, InfraError, Rejected

PART = 1024 * 1024
"""Bytes of a full object: what is stored anew for each chunk is half of it, within Amazon's net."""
COPIED_PARTS = 8
"""That go up as one part of a multipart upload: 5 MiB is the least.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html"""
TRIES = 50
"""Lost conditions before giving up; each means that somebody else has added something."""
NOTHING = Found(b"", 0, "", True)


@dataclass(frozen=True, slots=True)
class Logs:
    """By the key of the first object."""

    objects: Objects

    def append(self, first: str, offset: int, data: bytes) -> int:
        """As the port says; a chunk may go over several objects, written in order."""
        number, inside = divmod(offset, PART)
        for _ in range(TRIES):
            part = self._part(first, number)
            if part is None:
                if inside or not self._is_full(first, number - 1):
                    return self.size(first) or 0
                part = NOTHING
            if inside > part.total:
                return number * PART + part.total
            new = data[max(part.total - inside, 0) :][: PART - part.total]
            begins = part is NOTHING and number == 0
            if (new or begins) and not self._grow(first, number, part, new):
                continue
            size = part.total + len(new)
            if size < PART:
                return number * PART + size
            data = data[PART - inside :]
            number, inside = number + 1, 0
            if not data:
                # Who has just filled it up knows the end; who repeats old bytes has to look.
                return number * PART if new else self.size(first) or 0
        raise Conflict(f"{first} is written too often")

    def read(self, first: str, head: Found, start: int, end: int | None) -> bytes:
        """Bytes [start, end) of a log whose first object, from `start` on, is `head`."""
        pieces, size = [head.data], head.total
        number = 0
        while size == PART and (end is None or (number + 1) * PART < end):
            number = max(number + 1, start // PART)
            at = number * PART
            part = self.objects.read(
                keys.part_of(first, number),
                max(start - at, 0),
                None if end is None else min(end - at, PART),
            )
            if part is None:
                break
            pieces.append(part.data)
            size = part.total
        return b"".join(pieces)

    def size(self, first: str) -> int | None:
        found = self.objects.head(first)
        if found is None or not found.is_log or found.total < PART:
            return None if found is None else found.total
        return found.total + sum(size for _, size in self.objects.below(f"{keys.beside(first)}/"))

    def delete(self, first: str) -> None:
        """The first object last: as long as it is there, the others are found."""
        found = self.objects.head(first)
        if found is not None:
            if found.is_log:
                self._clear(first)
            self.objects.delete(first)

    def whole(self, first: str) -> str | None:
        """The key of one object with all that the log, or file, has now; made at its first call."""
        head = self.objects.head(first)
        if head is None or not head.is_log or head.total < PART:
            return first if head is not None else None
        size = self.size(first) or 0
        key = keys.whole_of(first, size)
        if self.objects.head(key) is None:
            self._copy(first, key, size)
        return key

    def _part(self, first: str, number: int) -> Found | None:
        found = self.objects.read(keys.part_of(first, number))
        if found is not None and not found.is_log:
            # A file that was put becomes a log: what an older log has left is none of it.
            self._clear(first)
        if found is not None and found.total > PART:
            raise Rejected(f"{first} is no log, and too large to become one")
        return found

    def _is_full(self, first: str, number: int) -> bool:
        if number < 0:
            return True
        found = self.objects.head(keys.part_of(first, number))
        return found is not None and found.is_log and found.total == PART

    def _grow(self, first: str, number: int, part: Found, new: bytes) -> bool:
        return self.objects.replace(keys.part_of(first, number), part.data + new, part.etag)

    def _clear(self, first: str) -> None:
        for key, _ in self.objects.below(keys.beside(first)):
            self.objects.delete(key)

    def _copy(self, first: str, key: str, size: int) -> None:
        s3 = self.objects.clients.s3
        place: Any = {"Bucket": self.objects.bucket, "Key": key}
        with faults(f"can not store {key}", writes=True):
            upload = s3.create_multipart_upload(**place)["UploadId"]
        parts: list[Any] = []
        try:
            for start in range(0, size, COPIED_PARTS * PART):
                data = self._bytes(first, start, min(start + COPIED_PARTS * PART, size))
                number = len(parts) + 1
                with faults(f"can not store {key}", writes=True):
                    answer = s3.upload_part(**place, UploadId=upload, PartNumber=number, Body=data)
                parts.append({"PartNumber": number, "ETag": answer["ETag"]})
            self._complete(place, upload, parts)
        except BaseException:
            self._give_up(place, upload)
            raise

    def _complete(self, place: Any, upload: str, parts: list[Any]) -> None:
        s3 = self.objects.clients.s3
        with faults(f"can not store {place['Key']}", writes=True):
            try:
                s3.complete_multipart_upload(
                    **place, UploadId=upload, MultipartUpload={"Parts": parts}, IfNoneMatch="*"
                )
            except ClientError as error:
                if code(error) not in OTHER:
                    raise
                # Another reader has stored the same bytes; the parts of this one are not needed.
                self._give_up(place, upload)

    def _give_up(self, place: Any, upload: str) -> None:
        with faults(f"can not give up {place['Key']}"):
            try:
                self.objects.clients.s3.abort_multipart_upload(**place, UploadId=upload)
            except ClientError as error:
                if code(error) != "NoSuchUpload":
                    raise

    def _bytes(self, first: str, start: int, end: int) -> bytes:
        head = self.objects.read(first, start, end)
        data = self.read(first, head, start, end) if head is not None else b""
        if len(data) != end - start:
            raise InfraError(f"{first} is not what it was")
        return data
