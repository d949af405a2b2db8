"""The Vault port over SQLite: values are sealed, with a key that stands beside the database."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from dishwasher.core.codec import decode, encode
from dishwasher.core.secret import SECRETS, Slot, StoredSecret
from dishwasher.errors import Conflict, InfraError, UserError
from dishwasher.local.database import Database
from dishwasher.local.key_file import KeyFile

NONCE_BYTES = 12
"""https://cryptography.io/en/latest/hazmat/primitives/aead/#cryptography.hazmat.primitives.ciphers.aead.AESGCM"""
PLACE = "repository = ? AND environment = ? AND store = ? AND name = ?"
LIST = "SELECT body, used_at FROM secrets WHERE repository = ? ORDER BY environment, store, name"
PUT = (
    "INSERT INTO secrets (repository, environment, store, name, body, sealed, used_at) "
    "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body, "
    "sealed = excluded.sealed, used_at = excluded.used_at"
)
READ = f"SELECT body, sealed FROM secrets WHERE {PLACE}"
USED = f"UPDATE secrets SET used_at = max(used_at, ?) WHERE {PLACE}"
DELETE = f"DELETE FROM secrets WHERE {PLACE}"
COUNT = f"SELECT count(*) FROM secrets WHERE repository = ? AND NOT ({PLACE})"


class SqliteVault:
    """AES-GCM vouches for the slot and the rules too: a row can not be moved or widened."""

    def __init__(self, database: Database, key: KeyFile) -> None:
        self._database, self._key = database, key

    def check(self) -> None:
        """Raise UserError where the key is gone, or may be read by others."""
        if not self._key.check() and self._holds_some():
            raise UserError(self._missing())

    def put(self, secret: StoredSecret, value: str) -> None:
        body = _body(secret)
        key = self._key.read()
        if key is None:
            if self._holds_some():
                raise UserError(self._missing())
            key = self._key.make()
        nonce = os.urandom(NONCE_BYTES)
        sealed = nonce + AESGCM(key).encrypt(nonce, value.encode(), body.encode())
        place = _place(secret.slot)
        with self._database.writing(durable=True) as connection:
            others = connection.execute(COUNT, (secret.slot.repository, *place)).fetchone()[0]
            if others >= SECRETS:
                raise UserError(f"the repository has {others} secrets, and {SECRETS} are kept")
            connection.execute(PUT, (*place, body, sealed, secret.used_at))

    def list(self, repository: int) -> tuple[StoredSecret, ...]:
        with self._database.reading() as connection:
            rows = connection.execute(LIST, (repository,)).fetchall()
        return tuple(_stored(body, used_at) for body, used_at in rows)

    def read(self, secrets: Sequence[StoredSecret], now: float) -> tuple[str, ...]:
        if not secrets:
            return ()
        with self._database.reading() as connection:
            rows = [_row(connection, secret) for secret in secrets]
        key = self._present_key()
        values = tuple(self._opened(key, body, sealed) for body, sealed in rows)
        with self._database.writing(durable=False) as connection:
            connection.executemany(USED, [(now, *_place(secret.slot)) for secret in secrets])
        return values

    def delete(self, slot: Slot) -> bool:
        with self._database.writing(durable=True) as connection:
            return connection.execute(DELETE, _place(slot)).rowcount > 0

    def _present_key(self) -> bytes:
        """For reading, which nobody asks for who could mend what is wrong with it."""
        try:
            key = self._key.read()
        except UserError as error:
            raise InfraError(str(error)) from error
        if key is None:
            raise InfraError(self._missing())
        return key

    def _opened(self, key: bytes, body: str, sealed: bytes) -> str:
        nonce, rest = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            return AESGCM(key).decrypt(nonce, rest, body.encode()).decode()
        except (InvalidTag, ValueError):
            raise InfraError(
                f"a secret can not be opened with {self._key.path}: put the key back that it was "
                "sealed with, or set the secret again"
            ) from None

    def _holds_some(self) -> bool:
        with self._database.reading() as connection:
            return connection.execute("SELECT 1 FROM secrets LIMIT 1").fetchone() is not None

    def _missing(self) -> str:
        return (
            f"{self._key.path} is gone, and the stored secrets can not be opened without it: put "
            "it back, or remove them with `dishwasher secrets remove` and set them again"
        )


def _row(connection: sqlite3.Connection, secret: StoredSecret) -> tuple[str, bytes]:
    found = connection.execute(READ, _place(secret.slot)).fetchone()
    if found is None or found[0] != _body(secret):
        raise Conflict(f"the secret {secret.slot.name} has just been changed")
    return found[0], found[1]


def _place(slot: Slot) -> tuple[int, str, str, str]:
    return slot.repository, slot.environment, str(slot.store), slot.name


def _body(secret: StoredSecret) -> str:
    """All of it but the use, which changes without anybody's doing."""
    fields = encode(secret)
    del fields["used_at"]
    return json.dumps(fields, separators=(",", ":"))


def _stored(body: str, used_at: float) -> StoredSecret:
    try:
        return decode(StoredSecret, {**json.loads(body), "used_at": used_at})
    except ValueError as error:
        raise InfraError(f"a stored secret can not be read: {error}") from error
