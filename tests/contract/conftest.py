"""The adapters that the suites run against; another one is another name here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dishwasher.local.blobs import FileBlobs
from dishwasher.local.database import Database
from dishwasher.local.key_file import KeyFile
from dishwasher.local.queue import SqliteQueue
from dishwasher.local.store import SqliteStore
from dishwasher.local.vault import SqliteVault
from dishwasher.ports import Blobs, Queue, Store, Vault

from tests.aws.emulator import LOCALSTACK, Emulator
from tests.fakes.blobs import MemoryBlobs
from tests.fakes.clock import FakeClock
from tests.fakes.queue import MemoryQueue
from tests.fakes.store import MemoryStore
from tests.fakes.vault import MemoryVault

BASE_URL = "https://ci.example.test"


def on_aws(name: str) -> Any:
    """Calls over HTTP to a server that is slower than Amazon's: a minute for all of them."""
    return pytest.param(name, marks=pytest.mark.slow)


STRICT = ["memory", "files", *(["localstack"] if os.environ.get(LOCALSTACK) else [])]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "data")
    yield database
    database.close()


@pytest.fixture(params=["memory", "sqlite", on_aws("dynamodb")])
def store(request: pytest.FixtureRequest) -> Store:
    return STORES[request.param](request)


@pytest.fixture(params=["sqlite", on_aws("dynamodb")])
def shared_store(request: pytest.FixtureRequest) -> Store:
    """Those that several threads may use at once."""
    return STORES[request.param](request)


@pytest.fixture(params=["memory", "sqlite", on_aws("sqs")])
def queue(request: pytest.FixtureRequest) -> Queue:
    return QUEUES[request.param](request)


@pytest.fixture(params=["sqlite", on_aws("sqs")])
def shared_queue(request: pytest.FixtureRequest) -> Queue:
    return QUEUES[request.param](request)


@pytest.fixture(params=["memory", "sqlite"])
def one_bell(request: pytest.FixtureRequest) -> Queue:
    """Those that hold one message for each key, however often it is rung, in the test's time."""
    return QUEUES[request.param](request)


@pytest.fixture(params=["memory", "files", on_aws("s3")])
def blobs(request: pytest.FixtureRequest) -> Blobs:
    return BLOBS[request.param](request)


@pytest.fixture(params=["files", on_aws("s3")])
def shared_blobs(request: pytest.FixtureRequest) -> Blobs:
    return BLOBS[request.param](request)


@pytest.fixture(params=["memory", "files"])
def receiving(request: pytest.FixtureRequest) -> Blobs:
    """Those whose URLs lead to this server, with a token; theirs is the time of the test."""
    return BLOBS[request.param](request)


@pytest.fixture(params=STRICT)
def strict_blobs(request: pytest.FixtureRequest) -> Blobs:
    """Those where a server looks at what is sent; moto takes whatever comes."""
    return BLOBS[request.param](request)


@pytest.fixture(params=["memory", "sqlite", on_aws("ssm")])
def vault(request: pytest.FixtureRequest) -> Vault:
    return VAULTS[request.param](request)


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


def _memory_queue(request: pytest.FixtureRequest) -> Queue:
    return MemoryQueue(request.getfixturevalue("clock"))


def _sqlite_queue(request: pytest.FixtureRequest) -> Queue:
    return SqliteQueue(request.getfixturevalue("database"), request.getfixturevalue("clock"))


def _sqs_queue(request: pytest.FixtureRequest) -> Queue:
    emulator: Emulator = request.getfixturevalue("emulator")
    from dishwasher.aws.queue import SqsQueue

    return SqsQueue(emulator.clients, emulator.queues())


QUEUES = {"memory": _memory_queue, "sqlite": _sqlite_queue, "sqs": _sqs_queue}


def _memory_blobs(request: pytest.FixtureRequest) -> Blobs:
    return MemoryBlobs(request.getfixturevalue("clock"), BASE_URL)


def _file_blobs(request: pytest.FixtureRequest) -> Blobs:
    folder: Path = request.getfixturevalue("tmp_path") / "blobs"
    clock = request.getfixturevalue("clock")
    return FileBlobs(folder, clock, b"key of the test", lambda: BASE_URL)


def _s3_blobs(request: pytest.FixtureRequest) -> Blobs:
    return _bucket(request.getfixturevalue("emulator"))


def _strict_s3_blobs(request: pytest.FixtureRequest) -> Blobs:
    return _bucket(request.getfixturevalue("localstack"))


def _bucket(emulator: Emulator) -> Blobs:
    from dishwasher.aws.blobs import S3Blobs

    return S3Blobs(emulator.clients, emulator.bucket())


BLOBS = {
    "memory": _memory_blobs,
    "files": _file_blobs,
    "s3": _s3_blobs,
    "localstack": _strict_s3_blobs,
}


def _memory_vault(_: pytest.FixtureRequest) -> Vault:
    return MemoryVault()


def _sqlite_vault(request: pytest.FixtureRequest) -> Vault:
    folder: Path = request.getfixturevalue("tmp_path") / "data"
    return SqliteVault(request.getfixturevalue("database"), KeyFile(folder))


def _ssm_vault(request: pytest.FixtureRequest) -> Vault:
    emulator: Emulator = request.getfixturevalue("emulator")
    from dishwasher.aws.vault import SsmVault

    clock = request.getfixturevalue("clock")
    return SsmVault(emulator.clients, emulator.table(), emulator.prefix(), clock)


VAULTS = {"memory": _memory_vault, "sqlite": _sqlite_vault, "ssm": _ssm_vault}
