"""How a record stands in the table of DynamoDB.

    table         partition key `pk` (S), sort key `sk` (S); on demand; TTL attribute `expires` (N)
    index by-due  partition key `shard` (S), sort key `due` (N); projection KEYS_ONLY

A record of kind K with the id I is the row (`K#I`, I); where the id ends in a number, as those of
jobs do (`<build>-<position>`), that is no part of the partition. So the jobs of a build stand
together in the partition `job#<build>`, and reading them is one strongly consistent query. An index
could not do that, for it lags behind, and who decides what a build's verdicts mean must see all of
them. Records that stand elsewhere than their group (builds of a commit, lines of a repository's
list) have a second row in the partition `K#group` that says where they are, written once, when the
record is made.

The secrets of a repository, without their values, are rows of the partition `secret#<repository>`
(`vault`).
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from dishwasher.core.codec import decode, encode
from dishwasher.errors import InfraError, Rejected
from dishwasher.ports import Record

R = TypeVar("R", bound=Record)

Item = dict[str, Any]
"""A row as DynamoDB's API writes it: {name: {type: value}}."""

DUE_INDEX = "by-due"
SHARDS = 8
"""Partitions of each kind in the index. One takes 1,000 writes a second, and a job that runs writes
its deadline every 20 s: this is room for 100,000 of them. It may be raised, never lowered: rows
say in which shard they are, and all below this number are looked at."""
KEY_BYTES = 900
"""Of a key that is its text; a sort key may have 1,024 and a partition key 2,048:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html"""
ROW_BYTES = 400 * 1024
"""The same page; names and numbers count too."""
BODY_BYTES = ROW_BYTES - 16 * 1024
_NUMBERED = re.compile(r"(.+)-[0-9]{1,4}", re.DOTALL)
PLAIN_BYTES = 1024
"""A write is paid for each 1 KB: what fits is left for people to read, the rest is compressed."""


@dataclass(frozen=True, slots=True)
class Key:
    pk: str
    sk: str

    @property
    def item(self) -> Item:
        return {"pk": {"S": self.pk}, "sk": {"S": self.sk}}


Peers = tuple[tuple[Key, int], ...]


def key_of(item: Item) -> Key:
    return Key(item["pk"]["S"], item["sk"]["S"])


def place(kind: str, id: str) -> Key:
    """Where the record with this id is."""
    return Key(partition(kind, _home(id)), name(id))


def _home(id: str) -> str:
    numbered = _NUMBERED.fullmatch(id)
    return numbered[1] if numbered else id


def partition(kind: str, text: str) -> str:
    return f"{kind}#{name(text)}"


def name(text: str) -> str:
    """The text as a key can hold it, sorted as Python sorts; different for each text.

    What is empty, too long or no UTF-8 becomes its beginning with a hash, longer than any other.
    """
    raw = text.encode("utf-8", "surrogatepass")
    start = raw[:KEY_BYTES].decode("utf-8", "ignore")
    if 0 < len(raw) <= KEY_BYTES and start == text:
        return text
    padding = "~" * (KEY_BYTES - len(start.encode()))
    return f"{start}{padding}~{hashlib.sha256(raw).hexdigest()}"


def shard(kind: str, number: int) -> str:
    return f"{kind}#{number}"


def row(record: Record, write: str, expires: int, peers: Peers) -> Item:
    """The record one version on; `write` names the save, `expires` is 0 for never.

    `peers` are all that the same save stores.
    """
    key = place(record.KIND, record.id)
    item = {
        **key.item,
        "version": {"N": str(record.version + 1)},
        "write": {"S": write},
        **_body(record),
    }
    if record.group:
        item["group"] = {"S": name(record.group)}
    if record.due > 0:
        number = zlib.crc32(key.sk.encode()) % SHARDS
        item["shard"] = {"S": shard(record.KIND, number)}
        item["due"] = {"N": repr(record.due)}
    if expires:
        item["expires"] = {"N": str(expires)}
    if len(peers) > 1:
        told = [[peer.pk, peer.sk, version] for peer, version in peers]
        item["peers"] = {"B": zlib.compress(json.dumps(told, separators=(",", ":")).encode())}
    return item


def pointer(record: Record, expires: int) -> Item | None:
    """The row that lists the record in its group; None where its own row does."""
    if not record.group or record.group == _home(record.id):
        return None
    key = place(record.KIND, record.id)
    item = {**pointer_key(record.KIND, name(record.group), key.sk).item, "at": {"S": key.pk}}
    if expires:
        item["expires"] = {"N": str(expires)}
    return item


def pointer_key(kind: str, group: str, sk: str) -> Key:
    """`group` and `sk` are names already."""
    return Key(f"{kind}#{group}", sk)


def version_of(item: Item | None) -> int:
    return int(item["version"]["N"]) if item else 0


def group_of(item: Item) -> str:
    return str(item.get("group", {}).get("S", ""))


def due_of(item: Item) -> float:
    return float(item.get("due", {}).get("N", 0))


def peers_of(item: Item) -> Iterator[tuple[Key, int]]:
    """What else was stored with this row, and which version of it."""
    if "peers" in item:
        for pk, sk, version in json.loads(zlib.decompress(item["peers"]["B"])):
            yield Key(pk, sk), version


def record_of(kind: type[R], item: Item) -> R:
    """Raises InfraError where it can not be read."""
    try:
        packed = item.get("packed")
        text = zlib.decompress(packed["B"]).decode() if packed else item["body"]["S"]
        return decode(kind, json.loads(text))
    except (KeyError, ValueError, zlib.error) as error:
        raise InfraError(
            f"the stored {kind.KIND} {item['sk']['S']!r} can not be read: {error!r}"
        ) from error


def _body(record: Record) -> Item:
    # ASCII, so that any text of Python's can be stored, half a surrogate pair too.
    text = json.dumps({**encode(record), "version": record.version + 1}, separators=(",", ":"))
    if len(text) <= PLAIN_BYTES:
        return {"body": {"S": text}}
    packed = zlib.compress(text.encode())
    if len(packed) > BODY_BYTES:
        raise Rejected(
            f"{record.KIND} {record.id} has {len(packed):,} bytes compressed, and a row of "
            f"DynamoDB at most {ROW_BYTES:,}"
        )
    return {"packed": {"B": packed}}
