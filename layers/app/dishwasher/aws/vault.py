"""The Vault port: values are SecureStrings of the Parameter Store, all else is in the table.

A row (pk `secret#<repository>`) has what may be known of a secret and where its value is: the names
`<prefix>/<repository>/<slot>/<set>/<number>`, where `slot` is a hash, because names of secrets and
environments may have characters that a parameter's may not, and `set` is new with each value. So a
value is complete before the row leads to it, and a row never leads to half of another value. Each
value begins with the hash of its row's body: who may write the table and not the parameters can not
let more commits have the secret, nor give it to another repository.

Actions: those of `parameters`, and Query, GetItem, PutItem, UpdateItem, DeleteItem on the table.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

from botocore.exceptions import ClientError

from dishwasher.aws import rows
from dishwasher.aws.clients import Clients
from dishwasher.aws.faults import code, faults
from dishwasher.aws.parameters import STANDARD_BYTES, Parameters
from dishwasher.aws.rows import Item
from dishwasher.core.codec import decode, encode
from dishwasher.core.secret import SECRETS, Slot, StoredSecret
from dishwasher.errors import Conflict, InfraError, UserError
from dishwasher.ports import Clock

KIND = "secret"
DIGEST = 64
"""Characters of a SHA-256, in hexadecimal digits."""


class SsmVault:
    """Safe for several threads. No repr and no fault of it holds a value."""

    def __init__(self, clients: Clients, table: str, prefix: str, clock: Clock) -> None:
        """`prefix` begins with a slash and ends without one."""
        self._clients, self._table, self._prefix, self._clock = clients, table, prefix, clock
        self._parameters = Parameters(clients)

    def put(self, secret: StoredSecret, value: str) -> None:
        others = [one for one in self.list(secret.slot.repository) if one.slot != secret.slot]
        if len(others) >= SECRETS:
            raise UserError(f"the repository has {len(others)} secrets, and {SECRETS} are kept")
        body, made = _body(secret), self._clock.secret()
        pieces = tuple(_pieces(body, value))
        for number, piece in enumerate(pieces):
            self._parameters.put(self._name(secret.slot, made, number), piece)
        item = {
            **_key(secret.slot),
            "body": {"S": body},
            "set": {"S": made},
            "pieces": {"N": str(len(pieces))},
            "used": {"N": repr(secret.used_at)},
        }
        with faults(f"can not store the secret {secret.slot.name}", writes=True):
            answer = self._clients.dynamodb.put_item(
                TableName=self._table, Item=item, ReturnValues="ALL_OLD"
            )
        self._forget(secret.slot, answer.get("Attributes"))

    def list(self, repository: int) -> tuple[StoredSecret, ...]:
        found = [_stored(item) for item in self._rows(repository)]
        place = [(one.slot.environment, str(one.slot.store), one.slot.name) for one in found]
        return tuple(one for _, one in sorted(zip(place, found, strict=True), key=lambda it: it[0]))

    def read(self, secrets: Sequence[StoredSecret], now: float) -> tuple[str, ...]:
        wanted = {secret.slot: self._row(secret) for secret in secrets}
        names = {slot: self._names(slot, item) for slot, item in wanted.items()}
        values = self._parameters.read(name for some in names.values() for name in some)
        opened = {}
        for slot, item in wanted.items():
            if not all(name in values for name in names[slot]):
                raise _changed(slot)
            opened[slot] = _opened(slot, item, [values[name] for name in names[slot]])
        for slot, item in wanted.items():
            self._use(slot, item, now)
        return tuple(opened[secret.slot] for secret in secrets)

    def delete(self, slot: Slot) -> bool:
        with faults(f"can not remove the secret {slot.name}", writes=True):
            answer = self._clients.dynamodb.delete_item(
                TableName=self._table, Key=_key(slot), ReturnValues="ALL_OLD"
            )
        old = answer.get("Attributes")
        self._forget(slot, old)
        return old is not None

    def _rows(self, repository: int) -> Iterator[Item]:
        words: Any = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": rows.partition(KIND, str(repository))}},
            "ConsistentRead": True,
        }
        while True:
            with faults("can not list the secrets"):
                answer = self._clients.dynamodb.query(**words)
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            words["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _row(self, secret: StoredSecret) -> Item:
        with faults(f"can not read the secret {secret.slot.name}"):
            answer = self._clients.dynamodb.get_item(
                TableName=self._table, Key=_key(secret.slot), ConsistentRead=True
            )
        item = answer.get("Item")
        if item is None or item["body"]["S"] != _body(secret):
            raise _changed(secret.slot)
        return item

    def _use(self, slot: Slot, item: Item, now: float) -> None:
        """Only forward, and only of this very value."""
        with faults(f"can not note the use of the secret {slot.name}", writes=True):
            try:
                self._clients.dynamodb.update_item(
                    TableName=self._table,
                    Key=_key(slot),
                    UpdateExpression="SET #used = :now",
                    ConditionExpression="#used < :now AND #set = :set",
                    ExpressionAttributeNames={"#used": "used", "#set": "set"},
                    ExpressionAttributeValues={":now": {"N": repr(now)}, ":set": item["set"]},
                )
            except ClientError as error:
                if code(error) != "ConditionalCheckFailedException":
                    raise

    def _forget(self, slot: Slot, old: Any) -> None:
        if old is not None:
            self._parameters.delete(self._names(slot, old))

    def _names(self, slot: Slot, item: Item) -> tuple[str, ...]:
        made, pieces = item["set"]["S"], int(item["pieces"]["N"])
        return tuple(self._name(slot, made, number) for number in range(pieces))

    def _name(self, slot: Slot, made: str, number: int) -> str:
        place = hashlib.sha256(_place(slot).encode()).hexdigest()[:32]
        return f"{self._prefix}/{slot.repository}/{place}/{made}/{number}"


def _place(slot: Slot) -> str:
    return json.dumps([slot.environment, str(slot.store), slot.name])


def _key(slot: Slot) -> Item:
    key = rows.Key(rows.partition(KIND, str(slot.repository)), rows.name(_place(slot)))
    return key.item


def _body(secret: StoredSecret) -> str:
    """All of it but the use, which changes without anybody's doing."""
    fields = encode(secret)
    del fields["used_at"]
    return json.dumps(fields, separators=(",", ":"))


def _stored(item: Item) -> StoredSecret:
    try:
        fields = {**json.loads(item["body"]["S"]), "used_at": float(item["used"]["N"])}
        return decode(StoredSecret, fields)
    except (KeyError, ValueError) as error:
        raise InfraError(f"a stored secret can not be read: {error!r}") from error


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()


def _pieces(body: str, value: str) -> Iterator[str]:
    """In base64: the Parameter Store takes no `{{`, and cuts what is longer than its limit."""
    text = _digest(body) + base64.b64encode(value.encode()).decode()
    for start in range(0, len(text), STANDARD_BYTES):
        yield text[start : start + STANDARD_BYTES]


def _opened(slot: Slot, item: Item, pieces: Sequence[str]) -> str:
    text = "".join(pieces)
    if text[:DIGEST] != _digest(item["body"]["S"]):
        raise InfraError(
            f"the secret {slot.name} is not what was set: its row in the table was changed by "
            "hand; set the secret again"
        )
    return base64.b64decode(text[DIGEST:]).decode()


def _changed(slot: Slot) -> Conflict:
    return Conflict(f"the secret {slot.name} has just been changed")
