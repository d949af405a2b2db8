"""The Store port over one table of DynamoDB; `rows` says how it is laid out.

    pk (S), sk (S)           on demand, TTL on `expires`, point-in-time recovery
    by-due: shard (S), due (N)   KEYS_ONLY, only rows that the reaper is to look at

Actions: GetItem, BatchGetItem, Query (table and index), PutItem, DeleteItem. A transaction needs
the rights of what is in it: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
"""

from __future__ import annotations

import heapq
import itertools
import logging
import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from dishwasher.aws import rows
from dishwasher.aws.clients import Clients
from dishwasher.aws.faults import code, detail, faults
from dishwasher.aws.lasting import Lasting
from dishwasher.aws.rows import Item, Key
from dishwasher.errors import Conflict, InfraError, Rejected
from dishwasher.ports import Clock, Record

R = TypeVar("R", bound=Record)

_log = logging.getLogger(__name__)

TRANSACTION_ITEMS = 100
BATCH_KEYS = 100
"""Of one BatchGetItem, and 16 MB; what is left out is asked for again."""
TRIES = 6
"""Of a write that met another transaction, and of a group that was seen in the middle of one."""
FIRST_PAUSE = 0.01
"""Seconds, doubled each time: a transaction takes some ten milliseconds."""


@dataclass(frozen=True, slots=True)
class _Write:
    """One record on its way to the table."""

    record: Record
    item: Item
    pointer: Item | None

    @property
    def key(self) -> Key:
        return rows.key_of(self.item)

    def put(self, table: str) -> Item:
        """PutItem's words; the condition holds the group too where a pointer depends on it."""
        words: Item = {
            "TableName": table,
            "Item": self.item,
            "ConditionExpression": "attribute_not_exists(pk)",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        if self.record.version == 0:
            return words
        names, values = {"#version": "version"}, {":version": {"N": str(self.record.version)}}
        condition = "#version = :version"
        if self.pointer is not None:
            condition += " AND #group = :group"
            names["#group"], values[":group"] = "group", self.item["group"]
        return {
            **words,
            "ConditionExpression": condition,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
        }


class DynamoStore:
    """Safe for several threads."""

    def __init__(
        self,
        clients: Clients,
        table: str,
        clock: Clock,
        lasting: Lasting,
        *,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._clients, self._table, self._clock = clients, table, clock
        self._lasting, self._sleep, self._chance = lasting, sleep, chance

    def get(self, kind: type[R], id: str) -> R | None:
        with faults(f"can not read {kind.KIND} {id}"):
            answer = self._clients.dynamodb.get_item(
                TableName=self._table, Key=rows.place(kind.KIND, id).item, ConsistentRead=True
            )
        item = answer.get("Item")
        return None if item is None else rows.record_of(kind, item)

    def save(self, *records: Record) -> None:
        writes = self._writes(records)
        if len({write.key for write in writes}) < len(writes):
            raise Conflict(f"{records[0].KIND} {records[0].id} is there twice")
        if len(writes) == 1 and (writes[0].pointer is None or records[0].version):
            done = self._save_one(writes[0])
            writes = [] if done else writes
        if writes:
            self._save_all(writes)

    def group(self, kind: type[R], group: str) -> tuple[R, ...]:
        if not group:
            return ()
        for number in range(TRIES):
            found = tuple(self._members(kind.KIND, group, True, None))
            if not rows.is_torn(found):
                break
            self._pause(number)
        return tuple(sorted((rows.record_of(kind, item) for item in found), key=lambda one: one.id))

    def latest(
        self, kind: type[R], group: str, limit: int, before: str | None = None
    ) -> tuple[R, ...]:
        if not group:
            return ()
        found = self._members(kind.KIND, group, False, before, limit)
        return tuple(rows.record_of(kind, item) for item in itertools.islice(found, limit))

    def due(self, kind: type[R], now: float, limit: int) -> tuple[R, ...]:
        """The index lags behind, so each row is read anew: one that is not due any more is none."""
        found: list[R] = []
        listed = heapq.merge(
            *(
                self._shard(rows.shard(kind.KIND, number), now, limit)
                for number in range(rows.SHARDS)
            ),
            key=lambda item: (rows.due_of(item), item["sk"]["S"]),
        )
        while len(found) < limit:
            keys = [rows.key_of(item) for item in itertools.islice(listed, limit - len(found))]
            if not keys:
                break
            for item in self._fresh(keys).values():
                if 0 < rows.due_of(item) <= now:
                    found += self._readable(kind, item)
        return tuple(sorted(found, key=lambda one: (one.due, one.id)))

    def _readable(self, kind: type[R], item: Item) -> tuple[R, ...]:
        try:
            return (rows.record_of(kind, item),)
        except InfraError as error:
            # A row of a later version, say: it must not hide the others from the reaper.
            _log.error("%s", error)
            return ()

    def _writes(self, records: Sequence[Record]) -> list[_Write]:
        now, name = self._clock.now(), self._clock.secret()
        together: dict[tuple[str, str], list[tuple[str, int]]] = defaultdict(list)
        for record in records:
            if record.group:
                peer = (rows.name(record.id), record.version + 1)
                together[record.KIND, record.group].append(peer)
        writes = []
        for record in records:
            peers = together.get((record.KIND, record.group), [])
            others = tuple(peers) if len(peers) > 1 else ()
            until = self._lasting.row(record, now)
            item = rows.row(record, name, until, others)
            pointer = rows.pointer(record, self._lasting.pointer(record, now))
            writes.append(_Write(record, item, pointer))
        return writes

    def _save_one(self, write: _Write) -> bool:
        """False where the record has come into another group: that takes two rows."""
        for number in range(TRIES):
            with faults(_storing(write), writes=True):
                try:
                    self._clients.dynamodb.put_item(**write.put(self._table))
                    return True
                except ClientError as error:
                    if code(error) == "ConditionalCheckFailedException":
                        return not _moved(write, detail(error, "Item"))
                    if code(error) != "TransactionConflictException":
                        raise
            self._pause(number)
        raise Conflict(f"{write.record.KIND} {write.record.id} is being written by others")

    def _save_all(self, writes: Sequence[_Write]) -> None:
        moved: set[Key] = set()
        for number in range(TRIES):
            reasons = self._transact(writes, moved)
            if reasons is None:
                return
            failed = [
                (write, reason.get("Item"))
                for write, reason in zip(writes, reasons, strict=False)
                if reason["Code"] == "ConditionalCheckFailed"
            ]
            others = {reason["Code"] for reason in reasons} - {"None", "ConditionalCheckFailed"}
            if others - {"TransactionConflict"}:
                raise _refused(reasons)
            if len(failed) == len(writes) and all(_is_ours(*pair) for pair in failed):
                # The answer to an earlier attempt was lost, and more time went by than tokens hold.
                return
            new = {write.key for write, there in failed if _moved(write, there)}
            if new:
                moved |= new
            else:
                self._pause(number)
        first = writes[0].record
        raise Conflict(f"{first.KIND} {first.id} is being written by others")

    def _transact(self, writes: Sequence[_Write], moved: set[Key]) -> list[Item] | None:
        """The reasons why not, in the order of the writes; None when all is stored."""
        items: list[Any] = []
        for write in writes:
            put = write.put(self._table)
            if write.key in moved:
                put = _without_group(put)
            items.append({"Put": put})
        for write in writes:
            if write.pointer is not None and (write.record.version == 0 or write.key in moved):
                items.append({"Put": {"TableName": self._table, "Item": write.pointer}})
        if len(items) > TRANSACTION_ITEMS:
            raise Rejected(f"{len(items)} rows are more than the {TRANSACTION_ITEMS} of one save")
        with faults(_storing(writes[0]), writes=True):
            try:
                # botocore makes a ClientRequestToken and keeps it for all attempts at this call.
                self._clients.dynamodb.transact_write_items(TransactItems=items)
            except ClientError as error:
                if code(error) != "TransactionCanceledException":
                    raise
                reasons: list[Item] = detail(error, "CancellationReasons")
                return reasons
        return None

    def _members(
        self, kind: str, group: str, forward: bool, before: str | None, limit: int = BATCH_KEYS
    ) -> Iterator[Item]:
        """Rows of the group in the order of their ids, or from the last one down."""
        wanted = rows.name(group)
        condition, values = "pk = :pk", {":pk": {"S": rows.partition(kind, group)}}
        if before is not None:
            condition += " AND sk < :sk"
            values[":sk"] = {"S": rows.name(before)}
        pages = self._pages(
            KeyConditionExpression=condition,
            ExpressionAttributeValues=values,
            ConsistentRead=True,
            ScanIndexForward=forward,
            Limit=min(limit, BATCH_KEYS) if not forward else 1000,
        )
        for page in pages:
            away = [Key(item["at"]["S"], item["sk"]["S"]) for item in page if "at" in item]
            fetched = self._fresh(away)
            for item in page:
                at = Key(item["at"]["S"], item["sk"]["S"]) if "at" in item else None
                found = fetched.get(at) if at else item
                # It may have left the group, or be one of another that has this id's beginning.
                if found is not None and rows.group_of(found) == wanted:
                    yield found

    def _shard(self, shard: str, now: float, limit: int) -> Iterator[Item]:
        pages = self._pages(
            IndexName=rows.DUE_INDEX,
            KeyConditionExpression="#shard = :shard AND #due <= :now",
            ExpressionAttributeNames={"#shard": "shard", "#due": "due"},
            ExpressionAttributeValues={":shard": {"S": shard}, ":now": {"N": repr(now)}},
            Limit=limit,
        )
        return itertools.chain.from_iterable(pages)

    def _pages(self, **words: Any) -> Iterator[list[Item]]:
        while True:
            with faults("can not read a list"):
                answer = self._clients.dynamodb.query(TableName=self._table, **words)
            yield answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            words["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _fresh(self, keys: Iterable[Key]) -> dict[Key, Item]:
        """The rows that are there, each as it is now."""
        left = list(dict.fromkeys(keys))
        found: dict[Key, Item] = {}
        number = 0
        while left:
            batch, left = left[:BATCH_KEYS], left[BATCH_KEYS:]
            wanted: Any = {"Keys": [key.item for key in batch], "ConsistentRead": True}
            with faults("can not read rows"):
                answer = self._clients.dynamodb.batch_get_item(RequestItems={self._table: wanted})
            for item in answer["Responses"].get(self._table, []):
                found[rows.key_of(item)] = item
            again = answer.get("UnprocessedKeys", {}).get(self._table)
            if again:
                left += [rows.key_of(key) for key in again["Keys"]]
                self._pause(min(number, TRIES))
                number += 1
        return found

    def _pause(self, number: int) -> None:
        self._sleep(FIRST_PAUSE * 2**number * (0.5 + self._chance()))


def _storing(write: _Write) -> str:
    return f"can not store {write.record.KIND} {write.record.id}"


def _is_ours(write: _Write, there: Item | None) -> bool:
    """Whether this very save is what the row holds: an attempt whose answer was lost."""
    return there is not None and there.get("write") == write.item["write"]


def _moved(write: _Write, there: Item | None) -> bool:
    """Whether only the group is another one; False where the write is done; or raise Conflict."""
    if _is_ours(write, there):
        return False
    if there is not None and rows.version_of(there) == write.record.version:
        return True
    record = write.record
    raise Conflict(f"{record.KIND} {record.id} is not at version {record.version} any more")


def _without_group(put: Item) -> Item:
    names = {"#version": "version"}
    values = {":version": put["ExpressionAttributeValues"][":version"]}
    return {
        **put,
        "ConditionExpression": "#version = :version",
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
    }


def _refused(reasons: Sequence[Item]) -> InfraError:
    said = {f"{one['Code']} {one.get('Message', '')}".strip() for one in reasons}
    text = f"can not store several rows: {', '.join(sorted(said - {'None'}))}"
    return Rejected(text) if "ValidationError" in str(said) else InfraError(text)
