"""Values at rest: sealed, with a key that only its owner may read."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from dishwasher.core.secret import Rules, Slot, StoredSecret
from dishwasher.errors import Fault, InfraError, UserError
from dishwasher.local.database import FILE, Database
from dishwasher.local.key_file import KEY_FILE, KeyFile
from dishwasher.local.schema import MIGRATIONS
from dishwasher.local.vault import SqliteVault

CANARY = "canary-hunter2-hunter2"
TOKEN = StoredSecret(Slot(7, "TOKEN", "live"), Rules(pull_requests=False), 1.0)


@pytest.fixture
def vault(database: Database, data: Path) -> SqliteVault:
    return SqliteVault(database, KeyFile(data))


@pytest.fixture
def filled(vault: SqliteVault) -> SqliteVault:
    vault.put(TOKEN, CANARY)
    return vault


@pytest.fixture
def key(data: Path) -> Path:
    return data / KEY_FILE


def said(fault: BaseException | None) -> str:
    """All that a traceback of it could show."""
    words = ""
    while fault is not None:
        words += repr(fault) + repr(vars(fault))
        fault = fault.__cause__ or fault.__context__
    return words


@pytest.fixture(autouse=True)
def nothing_at_rest_shows_it(tmp_path: Path) -> Iterator[None]:
    yield
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert CANARY.encode() not in path.read_bytes(), path


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_only_its_owner_can_read_the_key(vault: SqliteVault, key: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        vault.put(TOKEN, CANARY)
    finally:
        os.umask(before)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert [path.name for path in key.parent.iterdir() if path.name.startswith(".")] == []


def test_without_a_secret_there_is_no_key_and_nothing_to_complain_of(
    vault: SqliteVault, key: Path
) -> None:
    vault.check()
    assert not key.exists()


def test_the_same_value_never_looks_the_same(filled: SqliteVault, data: Path) -> None:
    first = sealed(data)
    filled.put(TOKEN, CANARY)
    assert sealed(data) != first


def sealed(data: Path) -> bytes:
    with closing(sqlite3.connect(data / FILE)) as connection:
        (found,) = connection.execute("SELECT sealed FROM secrets").fetchone()
    assert isinstance(found, bytes)
    return found


def change(data: Path, statement: str) -> None:
    with closing(sqlite3.connect(data / FILE, isolation_level=None)) as connection:
        assert connection.execute(statement).rowcount == 1


@pytest.mark.parametrize(
    ("statement", "stored"),
    [
        (
            "UPDATE secrets SET repository = 8, body = replace(body, ':7', ':8')",
            replace(TOKEN, slot=Slot(8, "TOKEN", "live")),
        ),
        (
            "UPDATE secrets SET environment = '', body = replace(body, 'live', '')",
            replace(TOKEN, slot=Slot(7, "TOKEN")),
        ),
        (
            "UPDATE secrets SET body = replace(body, 'false', 'true')",
            replace(TOKEN, rules=Rules(pull_requests=True)),
        ),
        ("UPDATE secrets SET sealed = x'00'", TOKEN),
        ("UPDATE secrets SET sealed = CAST(x'00' || sealed AS BLOB)", TOKEN),
    ],
    ids=["another repository", "every job", "wider rules", "cut", "damaged"],
)
def test_a_row_that_was_tampered_with_can_not_be_opened(
    filled: SqliteVault, data: Path, statement: str, stored: StoredSecret
) -> None:
    change(data, statement)
    assert filled.list(stored.slot.repository) == (stored,)
    with pytest.raises(InfraError, match="can not be opened") as caught:
        filled.read((stored,), 1.0)
    assert CANARY not in said(caught.value)


def test_a_row_that_makes_no_sense_is_a_fault(filled: SqliteVault, data: Path) -> None:
    change(data, "UPDATE secrets SET body = '{}'")
    with pytest.raises(InfraError, match="can not be read"):
        filled.list(7)


def test_a_key_that_others_may_read_is_refused_with_what_to_do(
    filled: SqliteVault, key: Path
) -> None:
    key.chmod(0o640)
    # A job that asks can not mend it, and may ask again when somebody has.
    for act, fault in (
        (filled.check, UserError),
        (lambda: filled.put(TOKEN, CANARY), UserError),
        (lambda: filled.read((TOKEN,), 1), InfraError),
    ):
        with pytest.raises(fault, match=f"chmod 600 {key}") as caught:
            act()
        assert CANARY not in said(caught.value)
    key.chmod(0o600)
    assert filled.read((TOKEN,), 1.0) == (CANARY,)


def test_a_key_that_is_gone_is_never_replaced_by_another(filled: SqliteVault, key: Path) -> None:
    kept = key.read_bytes()
    key.unlink()
    for act in (filled.check, lambda: filled.put(TOKEN, CANARY), lambda: filled.read((TOKEN,), 1)):
        with pytest.raises(Fault, match="is gone") as caught:
            act()
        assert CANARY not in said(caught.value)
    assert not key.exists()
    # Listing and removing need no key; where nothing is left, a new one does no harm.
    assert filled.list(7) == (TOKEN,)
    assert filled.delete(TOKEN.slot)
    filled.check()
    filled.put(TOKEN, CANARY)
    assert key.read_bytes() != kept
    assert filled.read((TOKEN,), 1.0) == (CANARY,)


def test_the_key_of_another_folder_opens_nothing(filled: SqliteVault, key: Path) -> None:
    key.write_text("00" * 32)
    with pytest.raises(InfraError, match="put the key back"):
        filled.read((TOKEN,), 1.0)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_another_users_key_is_not_used(filled: SqliteVault, key: Path) -> None:
    os.chown(key, 12345, -1)
    with pytest.raises(UserError, match="belongs to another user"):
        filled.check()


@pytest.mark.parametrize("content", [b"", b"00", b"no key" * 20, b"\xff" * 64])
def test_a_file_that_holds_no_key_is_named(filled: SqliteVault, key: Path, content: bytes) -> None:
    key.write_bytes(content)
    with pytest.raises(InfraError, match="holds no key of ours"):
        filled.read((TOKEN,), 1.0)


def test_a_link_in_the_place_of_the_key_is_not_followed(
    filled: SqliteVault, key: Path, tmp_path: Path
) -> None:
    key.rename(tmp_path / "elsewhere")
    key.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="is no file"):
        filled.check()


def test_a_folder_that_can_not_be_looked_into_is_a_fault(data: Path) -> None:
    data.mkdir()
    (data / "file").write_text("")
    with pytest.raises(InfraError, match="can not be looked at"):
        KeyFile(data / "file").check()
    with pytest.raises(InfraError, match="can not be made"):
        KeyFile(data / "nowhere").make()


def test_those_who_make_the_key_at_once_get_the_same(data: Path) -> None:
    data.mkdir()
    with ThreadPoolExecutor(8) as threads:
        keys = set(threads.map(lambda _: KeyFile(data).make(), range(8)))
    assert keys == {KeyFile(data).make()} == {KeyFile(data).read()}


def test_a_file_of_before_gets_the_table(data: Path) -> None:
    data.mkdir()
    with closing(sqlite3.connect(data / FILE)) as connection:
        connection.executescript(f"{MIGRATIONS[0]} PRAGMA user_version=1;")
    database = Database(data)
    try:
        vault = SqliteVault(database, KeyFile(data))
        vault.put(TOKEN, CANARY)
        assert vault.read((TOKEN,), 1.0) == (CANARY,)
    finally:
        database.close()


def test_another_process_sees_what_was_put_and_takes_away_what_is_read(
    filled: SqliteVault, data: Path
) -> None:
    other = Database(data)
    try:
        second = SqliteVault(other, KeyFile(data))
        assert second.read((TOKEN,), 1.0) == (CANARY,)
        assert second.delete(TOKEN.slot)
    finally:
        other.close()
    assert filled.list(7) == ()
