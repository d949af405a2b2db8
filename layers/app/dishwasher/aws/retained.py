"""What a stack has stored, and what of it stays when the stack is deleted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from dishwasher.aws.clients import Clients
from dishwasher.aws.faults import code
from dishwasher.aws.parameters import Parameters
from dishwasher.aws.stack import Stack

PAGES = 20
"""Of a thousand files each, that are counted."""
GIGABYTE = 10**9
TABLE_DOLLARS, BACKUP_DOLLARS = 0.25, 0.20
"""A GB and month in us-east-1: https://aws.amazon.com/dynamodb/pricing/on-demand/"""
BUCKET_DOLLARS = 0.023
"""A GB and month in us-east-1: https://aws.amazon.com/s3/pricing/"""
GONE = frozenset({"NoSuchBucket", "404", "ResourceNotFoundException"})


@dataclass(frozen=True, slots=True)
class Retained:
    PRICED: ClassVar[str] = "November 2026 in us-east-1"

    settings: str
    table: str = ""
    items: int = 0
    """As DynamoDB counts them, every six hours."""
    table_bytes: int = 0
    bucket: str = ""
    objects: int = 0
    bucket_bytes: int = 0
    is_more: bool = False
    """There are more files than were counted."""
    parameters: tuple[str, ...] = ()

    @property
    def dollars(self) -> float:
        """Of a month; parameters of this size cost nothing."""
        table = self.table_bytes / GIGABYTE * (TABLE_DOLLARS + BACKUP_DOLLARS)
        return table + self.bucket_bytes / GIGABYTE * BUCKET_DOLLARS


def of(clients: Clients, stack: Stack) -> Retained:
    """Looks, and changes nothing; what botocore raises is the caller's."""
    table = stack.resources.get("Table")
    bucket = stack.resources.get("Bucket")
    return Retained(
        settings=stack.settings,
        **(_table(clients, table.id) if table else {}),
        **(_bucket(clients, bucket.id) if bucket else {}),
        parameters=tuple(_parameters(clients, stack.settings)),
    )


def delete(clients: Clients, found: Retained) -> None:
    """All of it; what is gone already does no harm."""
    if found.table:
        try:
            clients.dynamodb.delete_table(TableName=found.table)
        except ClientError as error:
            if code(error) not in GONE:
                raise
    if found.bucket:
        _empty(clients, found.bucket)
    Parameters(clients).delete(found.parameters)


def _table(clients: Clients, name: str) -> dict[str, Any]:
    try:
        told = clients.dynamodb.describe_table(TableName=name)["Table"]
    except ClientError as error:
        if code(error) in GONE:
            return {}
        raise
    return {"table": name, "items": told["ItemCount"], "table_bytes": told["TableSizeBytes"]}


def _bucket(clients: Clients, name: str) -> dict[str, Any]:
    pages = clients.s3.get_paginator("list_objects_v2").paginate(Bucket=name)
    count = size = 0
    is_more = False
    try:
        for page in islice(pages, PAGES):
            count += len(page.get("Contents", ()))
            size += sum(one["Size"] for one in page.get("Contents", ()))
            is_more = bool(page.get("IsTruncated"))
    except ClientError as error:
        if code(error) in GONE:
            return {}
        raise
    return {"bucket": name, "objects": count, "bucket_bytes": size, "is_more": is_more}


def _parameters(clients: Clients, path: str) -> Iterator[str]:
    pages = clients.client("ssm").get_paginator("get_parameters_by_path")
    # Their names alone are wanted, so that nothing is decrypted.
    for page in pages.paginate(Path=path, Recursive=True, WithDecryption=False):
        yield from (one["Name"] for one in page["Parameters"])


def _empty(clients: Clients, name: str) -> None:
    try:
        for page in clients.s3.get_paginator("list_objects_v2").paginate(Bucket=name):
            if keys := [{"Key": one["Key"]} for one in page.get("Contents", ())]:
                clients.s3.delete_objects(Bucket=name, Delete={"Objects": keys, "Quiet": True})  # type: ignore[typeddict-item]
        clients.s3.delete_bucket(Bucket=name)
    except ClientError as error:
        if code(error) not in GONE:
            raise
