"""Rows on their way to the table: all or none, each on the condition of its version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from dishwasher.aws import rows
from dishwasher.aws.clients import Clients
from dishwasher.aws.faults import code, detail, faults
from dishwasher.aws.pauses import TRIES, Pauses
from dishwasher.aws.rows import Item, Key
from dishwasher.errors import Conflict, InfraError, Rejected
from dishwasher.ports import Record

TRANSACTION_ITEMS = 100
"""https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html"""


@dataclass(frozen=True, slots=True)
class Write:
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


class Writes:
    """Safe for several threads."""

    def __init__(self, clients: Clients, table: str, pauses: Pauses) -> None:
        self._clients, self._table, self._pauses = clients, table, pauses

    def __call__(self, writes: Sequence[Write]) -> None:
        """Raises Conflict where a stored version is another one than is given."""
        if len({write.key for write in writes}) < len(writes):
            first = writes[0].record
            raise Conflict(f"{first.KIND} {first.id} is there twice")
        alone = len(writes) == 1 and (writes[0].pointer is None or writes[0].record.version)
        if writes and not (alone and self._one(writes[0])):
            self._all(writes)

    def _one(self, write: Write) -> bool:
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
            self._pauses(number)
        raise Conflict(f"{write.record.KIND} {write.record.id} is being written by others")

    def _all(self, writes: Sequence[Write]) -> None:
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
                self._pauses(number)
        first = writes[0].record
        raise Conflict(f"{first.KIND} {first.id} is being written by others")

    def _transact(self, writes: Sequence[Write], moved: set[Key]) -> list[Item] | None:
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


def _storing(write: Write) -> str:
    return f"can not store {write.record.KIND} {write.record.id}"


def _is_ours(write: Write, there: Item | None) -> bool:
    """Whether this very save is what the row holds: an attempt whose answer was lost."""
    return there is not None and there.get("write") == write.item["write"]


def _moved(write: Write, there: Item | None) -> bool:
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
