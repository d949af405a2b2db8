"""The Store port over one table of DynamoDB; `rows` says how it is laid out.

    pk (S), sk (S)           on demand, TTL on `expires`, point-in-time recovery
    by-due: shard (S), due (N)   KEYS_ONLY, only rows that the reaper is to look at

Actions: GetItem, BatchGetItem, Query (table and index), PutItem. A transaction needs the rights of
what is in it: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
"""

from __future__ import annotations

import heapq
import itertools
import logging
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from dishwasher.aws import rows
from dishwasher.aws.clients import Clients
from dishwasher.aws.faults import faults
from dishwasher.aws.lasting import Lasting
from dishwasher.aws.pauses import TRIES, Pauses
from dishwasher.aws.rows import Item, Key
from dishwasher.aws.sight import Sight
from dishwasher.aws.writes import Write, Writes
from dishwasher.errors import InfraError
from dishwasher.ports import Clock, Record

R = TypeVar("R", bound=Record)

_log = logging.getLogger(__name__)

BATCH_KEYS = 100
"""Of one BatchGetItem, and 16 MB; what is left out is asked for again."""
NO_VALUES: Item = {}
PAUSES = Pauses()


class DynamoStore:
    """Safe for several threads."""

    def __init__(
        self,
        clients: Clients,
        table: str,
        clock: Clock,
        lasting: Lasting,
        pauses: Pauses = PAUSES,
    ) -> None:
        self._clients, self._table, self._clock = clients, table, clock
        self._lasting, self._pauses = lasting, pauses
        self._writes = Writes(clients, table, pauses)
        self._sight = Sight()

    def get(self, kind: type[R], id: str) -> R | None:
        key = rows.place(kind.KIND, id)
        for number in range(TRIES):
            with faults(f"can not read {kind.KIND} {id}"):
                answer = self._clients.dynamodb.get_item(
                    TableName=self._table, Key=key.item, ConsistentRead=True
                )
            item = answer.get("Item")
            if not self._sight.is_old(key, item):
                break
            self._pauses(number)
        else:
            self._sight.forget((key.pk,))
        if item is None:
            return None
        self._sight.note((item,))
        return rows.record_of(kind, item)

    def save(self, *records: Record) -> None:
        now, name = self._clock.now(), self._clock.secret()
        peers = tuple((rows.place(one.KIND, one.id), one.version + 1) for one in records)
        self._writes(
            [
                Write(
                    record,
                    rows.row(record, name, self._lasting.row(record, now), peers),
                    rows.pointer(record, self._lasting.pointer(record, now)),
                )
                for record in records
            ]
        )

    def group(self, kind: type[R], group: str) -> tuple[R, ...]:
        if not group:
            return ()
        pk = rows.partition(kind.KIND, group)
        for number in range(TRIES):
            found = dict(self._listed(pk))
            self._sight.note(item for item in found.values() if item is not None)
            if not self._sight.lacks(pk, found):
                break
            self._pauses(number)
        else:
            self._sight.forget({pk, *(key.pk for key in found)})
        records = [rows.record_of(kind, item) for item in _of(group, found.values())]
        return tuple(sorted(records, key=lambda record: record.id))

    def latest(
        self, kind: type[R], group: str, limit: int, before: str | None = None
    ) -> tuple[R, ...]:
        if not group:
            return ()
        condition, values = "", {}
        if before is not None:
            condition, values = " AND sk < :sk", {":sk": {"S": rows.name(before)}}
        pk = rows.partition(kind.KIND, group)
        listed = self._listed(pk, condition, values, ScanIndexForward=False, Limit=limit)
        found = itertools.islice(_of(group, (item for _, item in listed)), limit)
        return tuple(rows.record_of(kind, item) for item in found)

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

    def _listed(
        self, pk: str, condition: str = "", values: Item = NO_VALUES, **words: Any
    ) -> Iterator[tuple[Key, Item | None]]:
        """Where the rows are that this partition has or names, in order; None for no row there."""
        pages = self._pages(
            KeyConditionExpression=f"pk = :pk{condition}",
            ExpressionAttributeValues={":pk": {"S": pk}, **values},
            ConsistentRead=True,
            **words,
        )
        for page in pages:
            away = {
                item["sk"]["S"]: Key(item["at"]["S"], item["sk"]["S"])
                for item in page
                if "at" in item
            }
            fetched = self._fresh(away.values())
            for item in page:
                key = away.get(item["sk"]["S"])
                yield (rows.key_of(item), item) if key is None else (key, fetched.get(key))

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
                self._pauses(min(number, TRIES))
                number += 1
        return found


def _of(group: str, items: Iterable[Item | None]) -> Iterator[Item]:
    """Those of this group: a row may have left it, or be of another with this id's beginning."""
    wanted = rows.name(group)
    return (item for item in items if item is not None and rows.group_of(item) == wanted)
