"""The adapters that the suites run against; another one is another name here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from dishwasher.local.blobs import FileBlobs
from dishwasher.local.database import Database
from dishwasher.local.key_file import KeyFile
from dishwasher.local.queue import SqliteQueue
from dishwasher.local.store import SqliteStore
from dishwasher.local.vault import SqliteVault
from dishwasher.ports import Blobs, Queue, Store, Vault

from tests.aws.emulator import Emulator
from tests.fakes.blobs import MemoryBlobs
from tests.fakes.clock import FakeClock
from tests.fakes.queue import MemoryQueue
from tests.fakes.store import MemoryStore
from tests.fakes.vault import MemoryVault

BASE_URL = "https://ci.example.test"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "data")
    yield database
    database.close()


@pytest.fixture(params=["memory", "sqlite", "dynamodb"])
def store(request: pytest.FixtureRequest) -> Store:
    return STORES[request.param](request)


@pytest.fixture(params=["sqlite", "dynamodb"])
def shared_store(request: pytest.FixtureRequest) -> Store:
    """Those that several threads may use at once."""
    return STORES[request.param](request)


@pytest.fixture(params=["memory", "sqlite"])
def queue(request: pytest.FixtureRequest, clock: FakeClock) -> Queue:
    return MemoryQueue(clock) if request.param == "memory" else _sqlite_queue(request, clock)


@pytest.fixture(params=["sqlite"])
def shared_queue(request: pytest.FixtureRequest, clock: FakeClock) -> Queue:
    return _sqlite_queue(request, clock)


@pytest.fixture(params=["memory", "files"])
def blobs(request: pytest.FixtureRequest, clock: FakeClock, tmp_path: Path) -> Blobs:
    if request.param == "memory":
        return MemoryBlobs(clock, BASE_URL)
    return FileBlobs(tmp_path / "blobs", clock, b"key of the test", lambda: BASE_URL)


@pytest.fixture(params=["files"])
def shared_blobs(request: pytest.FixtureRequest, clock: FakeClock, tmp_path: Path) -> Blobs:
    return FileBlobs(tmp_path / "blobs", clock, b"key of the test", lambda: BASE_URL)


@pytest.fixture(params=["memory", "sqlite"])
def vault(request: pytest.FixtureRequest, tmp_path: Path) -> Vault:
    if request.param == "memory":
        return MemoryVault()
    return SqliteVault(request.getfixturevalue("database"), KeyFile(tmp_path / "data"))


def _memory_store(_: pytest.FixtureRequest) -> Store:
    return MemoryStore()


def _sqlite_store(request: pytest.FixtureRequest) -> Store:
    return SqliteStore(request.getfixturevalue("database"))


def _dynamo_store(request: pytest.FixtureRequest) -> Store:
    emulator: Emulator = request.getfixturevalue("emulator")
    # Here, because a machine without AWS's packages runs the other ones.
    from dishwasher.aws.lasting import Lasting
    from dishwasher.aws.store import DynamoStore

    clock = request.getfixturevalue("clock")
    return DynamoStore(emulator.clients, emulator.table(), clock, Lasting())


STORES = {"memory": _memory_store, "sqlite": _sqlite_store, "dynamodb": _dynamo_store}


def _sqlite_queue(request: pytest.FixtureRequest, clock: FakeClock) -> Queue:
    return SqliteQueue(request.getfixturevalue("database"), clock)
