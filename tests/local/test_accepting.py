"""What a webhook costs until it is answered: counted, because two hundred may come at once."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection

import pytest
from dishwasher.core.delivery import Delivery
from dishwasher.flow.accept import Accept
from dishwasher.local.clock import SystemClock
from dishwasher.local.database import Database
from dishwasher.local.queue import SqliteQueue
from dishwasher.local.shared_sync import sync
from dishwasher.local.store import SqliteStore
from dishwasher.ports import Topic

SECRET = b"It's a Secret to Everybody"
PUSH = {
    "ref": "refs/heads/topic",
    "before": "0" * 40,
    "after": "a" * 40,
    "repository": {
        "id": 7,
        "name": "site",
        "full_name": "acme/site",
        "owner": {"login": "acme"},
        "private": False,
        "default_branch": "master",
    },
    "sender": {"login": "ann"},
    "installation": {"id": 5},
    "head_commit": {"id": "a" * 40, "message": "work"},
}
CROWD, THREADS = 64, 8


class Counted(Database):
    """Knows how often it was written and read, and for how often the disk was waited for."""

    def __init__(self, data: Path) -> None:
        self.writes, self.reads, self.syncs = 0, 0, 0
        super().__init__(data, sync=self._count)

    def _count(self, path: Path) -> None:
        self.syncs += 1
        sync(path)

    @contextmanager
    def writing(self, *, durable: bool) -> Iterator[Connection]:
        with super().writing(durable=durable) as connection:
            self.writes += 1
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        self.reads += 1
        with super().reading() as connection:
            yield connection


@pytest.fixture
def counted(data: Path) -> Iterator[Counted]:
    database = Counted(data)
    yield database
    database.close()


@pytest.fixture
def accept(counted: Counted) -> Accept:
    clock = SystemClock()
    return Accept(SqliteStore(counted), SqliteQueue(counted, clock), clock, SECRET)


def deliver(accept: Accept, guid: str) -> int:
    body = json.dumps(PUSH).encode()
    headers = {
        "content-type": "application/json",
        "x-github-event": "push",
        "x-github-delivery": guid,
        "x-hub-signature-256": "sha256=" + hmac.new(SECRET, body, hashlib.sha256).hexdigest(),
    }
    return accept(headers, body).status


def test_a_delivery_is_two_writes_and_one_wait_for_the_disk(
    accept: Accept, counted: Counted
) -> None:
    assert deliver(accept, "delivery-0001") == 202
    assert (counted.writes, counted.syncs, counted.reads) == (2, 1, 0)
    # It is known: what it conflicts with must be on the disk, and nobody need hear of it.
    assert deliver(accept, "delivery-0001") == 202
    assert (counted.writes, counted.syncs, counted.reads) == (3, 2, 0)


def test_many_at_once_are_all_stored_and_rung_with_no_more(
    accept: Accept, counted: Counted
) -> None:
    guids = [f"delivery-{number:04}" for number in range(CROWD)]
    with ThreadPoolExecutor(THREADS) as pool:
        assert set(pool.map(lambda guid: deliver(accept, guid), guids)) == {202}
    assert (counted.writes, counted.reads) == (2 * CROWD, 0)
    # How many share one is up to the disk: tests/local/test_shared_sync.py holds it still.
    assert 1 <= counted.syncs <= CROWD
    store, queue = SqliteStore(counted), SqliteQueue(counted, SystemClock())
    assert all(store.get(Delivery, guid) is not None for guid in guids)
    heard = {message.key for message in iter(lambda: queue.take(Topic.DELIVERIES, 0), None)}
    assert heard == set(guids)
